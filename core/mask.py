"""Masks: H x W bool arrays, True = hole. In files white = hole."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from inpaint.core.decode import open_picture
from inpaint.core.errors import MaskError

MOSTLY = 0.6
"""Share of hole from which on a mask is suspected to be the wrong way round."""


def read_mask(path: str | Path, size: tuple[int, int], invert: bool = False) -> np.ndarray:
    """Read a mask for a picture of `size` (width, height): H x W bool, True = hole, from mid-grey (128) upwards.

    A mask painted in one colour on a transparent layer is read by its opacity, whatever the colour. Everything else is
    read by its brightness, with transparent parts black.

    - `invert`: black is the hole instead.

    Raises `MaskError` when there is no picture at `path` or its size differs.
    """
    mask = _read_levels(path, size) >= 128
    return ~mask if invert else mask


def read_alpha(path: str | Path, size: tuple[int, int], invert: bool = False) -> np.ndarray:
    """Read a mask whose greys count, for a picture of `size` (width, height): H x W float32, white = 1.

    Otherwise as `read_mask`.
    """
    alpha = _read_levels(path, size).astype(np.float32) / 255
    return 1 - alpha if invert else alpha


def check_mask(mask: np.ndarray) -> tuple[str, ...]:
    """Return notes on a mask (H x W bool) that can be filled; raise `MaskError` for one that cannot."""
    share = float(mask.mean()) if mask.size else 0.0
    if share == 0:
        raise MaskError("The mask is empty: paint what should go in white, or use --invert if you painted it black.")
    if share == 1:
        raise MaskError(
            "The mask covers the whole picture, so there is nothing to fill from; leave a part of it black."
        )
    if share > MOSTLY:
        # Not rounded up to 100 %, which would be another error.
        return (f"The hole covers {int(share * 100)} % of the picture; if it is the wrong way round, switch --invert.",)
    return ()


def grow(mask: np.ndarray, pixels: int) -> np.ndarray:
    """Return the mask (H x W bool) with every hole made `pixels` larger on all sides, round at its corners."""
    if pixels < 0:
        raise ValueError(f"pixels must not be negative, got {pixels}")
    if pixels == 0:
        return mask
    # A pixel belongs to the grown hole when the nearest hole pixel is near enough; a dilation by a large ellipse gives
    # the same and takes seconds. OpenCV measures to zeros.
    distance = cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distance <= pixels if mask.any() else mask


def _read_levels(path: str | Path, size: tuple[int, int]) -> np.ndarray:
    """Return H x W uint8 for a picture of `size` (width, height), 255 = certainly hole."""
    path = Path(path)
    with open_picture(path, MaskError) as picture:
        picture.load()
        levels = _levels(ImageOps.exif_transpose(picture))
    if levels.shape != (size[1], size[0]):
        raise MaskError(
            f"{path} has {levels.shape[1]} x {levels.shape[0]} pixels and the picture {size[0]} x {size[1]}; "
            "make the mask from the picture, in its full size."
        )
    return levels


def _levels(picture: Image.Image) -> np.ndarray:
    """Return H x W uint8, 255 = certainly hole."""
    if picture.mode.startswith("I;16"):
        return (np.asarray(picture) >> 8).astype(np.uint8)
    if picture.mode in ("I", "F"):
        raise MaskError("The mask has 32 bits per pixel; save it with 8.")
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("L"))
    layer = np.asarray(picture.convert("RGBA"))
    colour, alpha = layer[..., :3], layer[..., 3]
    if alpha.min() == alpha.max():
        return cv2.cvtColor(np.ascontiguousarray(colour), cv2.COLOR_RGB2GRAY)
    visible = colour[alpha > 0]
    if (visible == visible[0]).all():
        return alpha
    over_black = colour.astype(np.uint16) * alpha[..., None] // 255
    return cv2.cvtColor(over_black.astype(np.uint8), cv2.COLOR_RGB2GRAY)
