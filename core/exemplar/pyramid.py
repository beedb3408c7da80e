"""Smaller copies of a photograph with a hole: known colours are averaged with known ones alone."""

import cv2
import numpy as np


def halve(image: np.ndarray, hole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return image and hole at half the size, odd sides rounded up.

    - `image`: H x W x 3 float32; what it shows inside the hole is averaged apart from the rest;
    - `hole`: H x W bool.

    A small pixel is hole where more than half of it was, so that thin holes vanish on the way down.
    """
    height, width = hole.shape
    if height % 2 or width % 2:
        image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        hole = np.pad(hole, ((0, height % 2), (0, width % 2)), mode="edge")
    weight = hole.astype(np.float32)
    share = _quarters(weight)
    inside = _quarters(image * weight[..., None])
    everything = _quarters(image)
    small_hole = share > 0.5
    divisor = np.where(small_hole, share, 1 - share)[..., None]
    return np.where(small_hole[..., None], inside, everything - inside) / divisor, small_hole


def hole_size(hole: np.ndarray) -> int:
    """Return the side of the largest square in the hole (H x W bool)."""
    return 2 * int(cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_C, 3).max())


def _quarters(array: np.ndarray) -> np.ndarray:
    """Return the means of 2 x 2 pixels."""
    return cv2.resize(array, (array.shape[1] // 2, array.shape[0] // 2), interpolation=cv2.INTER_AREA)
