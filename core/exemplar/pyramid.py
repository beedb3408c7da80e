"""Smaller copies of a photograph with a hole: known colours are averaged with known ones alone."""

from typing import NamedTuple

import cv2
import numpy as np


class Picture(NamedTuple):
    """A picture with a hole at one scale."""

    image: np.ndarray
    """H x W x 3 float32, filled."""
    hole: np.ndarray
    """H x W bool: what is to get texture."""
    unknown: np.ndarray
    """H x W bool: what is no source of texture, the hole and more."""


def halve(picture: Picture) -> Picture:
    """Return a picture at half the size, odd sides rounded up.

    What is inside the hole is averaged apart from the rest. A small pixel is hole where more than half of it was, so
    that thin holes vanish on the way down.
    """
    image, hole, unknown = picture
    height, width = hole.shape
    if height % 2 or width % 2:
        image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        hole, unknown = (np.pad(mask, ((0, height % 2), (0, width % 2)), mode="edge") for mask in (hole, unknown))
    weight = hole.astype(np.float32)
    share = _quarters(weight)
    inside = _quarters(image * weight[..., None])
    everything = _quarters(image)
    small_hole = share > 0.5
    divisor = np.where(small_hole, share, 1 - share)[..., None]
    image = np.where(small_hole[..., None], inside, everything - inside) / divisor
    return Picture(image, small_hole, small_hole | (_quarters(unknown.astype(np.float32)) > 0.5))


def hole_size(hole: np.ndarray) -> int:
    """Return the side of the largest square in the hole (H x W bool)."""
    return 2 * int(cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_C, 3).max())


def _quarters(array: np.ndarray) -> np.ndarray:
    """Return the means of 2 x 2 pixels."""
    return cv2.resize(array, (array.shape[1] // 2, array.shape[0] // 2), interpolation=cv2.INTER_AREA)
