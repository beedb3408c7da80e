"""A mask on a picture of another size: scaled to it, or laid on a corner, an edge or the middle, as watermarks are."""

from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np

from inpaint.core.errors import MaskError

Fit = Literal[
    "exact",
    "scale",
    "top-left",
    "top",
    "top-right",
    "left",
    "center",
    "right",
    "bottom-left",
    "bottom",
    "bottom-right",
]
"""What is done with a mask of another size: refused, scaled, or laid at its own size where the word says."""
FITS: tuple[str, ...] = get_args(Fit)


def check_size(path: Path, has: tuple[int, int], size: tuple[int, int]) -> None:
    """Raise `MaskError` unless the mask from `path` is as large as the picture (width, height each)."""
    width, height = has
    if (height, width) == tuple(size) and height != width:
        raise MaskError(
            f"{path} has {width} x {height} pixels and the picture, upright, {size[0]} x {size[1]}; turn the mask, or "
            "make it from the upright picture."
        )
    if (width, height) != tuple(size):
        raise MaskError(
            f"{path} has {width} x {height} pixels and the picture {size[0]} x {size[1]}; make the mask from the "
            "picture, in its full size, or say how it fits with --mask-fit, as in --mask-fit scale."
        )


def fit_mask(mask: np.ndarray, size: tuple[int, int], fit: Fit) -> np.ndarray:
    """Return a mask (H x W bool or uint8) in the size of the picture (width, height), of the same dtype.

    Scaled down, what is hole in the least part is hole. Laid on, what lies outside of the picture is cut off.
    """
    width, height = size
    if mask.shape == (height, width) or fit == "exact":
        return mask
    if fit == "scale":
        smaller = height < mask.shape[0] or width < mask.shape[1]
        levels = mask.view(np.uint8) * np.uint8(255) if mask.dtype == np.bool_ else mask
        scaled = cv2.resize(levels, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
        return scaled if mask.dtype != np.bool_ else scaled > 0 if smaller else scaled >= 128
    down = 0 if fit.startswith("top") else 2 if fit.startswith("bottom") else 1
    across = 0 if fit.endswith("left") else 2 if fit.endswith("right") else 1
    laid = np.zeros((height, width), mask.dtype)
    (top, rows), (left, columns) = _overlap(mask.shape[0], height, down), _overlap(mask.shape[1], width, across)
    laid[top, left] = mask[rows, columns]
    return laid


def _overlap(has: int, wanted: int, half: int) -> tuple[slice, slice]:
    """Return where something of length `has` lies on `wanted` pixels, and which part of it: from 0, middle or end."""
    start = (wanted - has) * half // 2
    return slice(max(0, start), min(wanted, start + has)), slice(max(0, -start), min(has, wanted - start))
