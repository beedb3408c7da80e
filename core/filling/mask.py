"""Masks: H x W bool, True = hole; or H x W uint8 where the hole is everything above 0 and the value its strength.

The strength is the share of the fill that shows, 255 = the fill alone: a grey rim in a mask is a soft seam. In files
white = hole.
"""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from inpaint.core.errors import MaskError
from inpaint.core.images.decode import open_picture

MOSTLY = 0.6
"""Share of hole from which on a mask is suspected to be the wrong way round."""
WHITE = 255
_MIDDLE = 128
_ROWS_AT_ONCE = 512
_DIM_HOLE = "the old picture shines through the fill; paint in white, or give --threshold"
_DIM_OBJECT = "the object counts in part only; paint it white"
_LOSSY = ("JPEG", "MPO", "WEBP", "AVIF", "HEIF")


def read_mask(
    path: str | Path, size: tuple[int, int], invert: bool = False, threshold: int | None = None, dim: str = _DIM_HOLE
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a mask for a picture of `size` (width, height).

    A mask painted in one colour on a transparent layer is read by its opacity, whatever the colour. Everything else is
    read by its brightness, with transparent parts black. What has two values only, one of them black, has the other as
    hole, however dark it is: 0 and 1 is a mask too. A file with lossy compression is split at mid-grey, because its
    greys are partly noise.

    - `invert`: black is the hole instead;
    - `threshold`: grey values of 0..255 from this on are hole and the others are not, without any softness;
    - `dim`: for people, what a mask without white leads to, and what to do.

    Returns the mask, bool where it has no grey and else uint8, and notes. Raises `MaskError` when there is no picture
    at `path` or its size differs.
    """
    path = Path(path)
    with open_picture(path, MaskError) as picture:
        lossy = picture.format in _LOSSY
        picture.load()
        levels = _levels(ImageOps.exif_transpose(picture))
    check_size(path, levels, size)
    notes: tuple[str, ...] = ()
    used = _values(levels)
    if threshold is None and len(used) == 2 and used[0] == 0:
        threshold = int(used[1])
    elif threshold is None and lossy:
        threshold = _MIDDLE
        notes = (f"{path.name} has lossy compression, so it was split at mid-grey; a PNG mask can have a soft edge.",)
    elif threshold is None and 0 < used[-1] < WHITE and not invert:
        notes = (f"{path.name} has no white (its brightest grey is {used[-1]} of 255), so {dim}.",)
    if threshold is not None:
        hole = levels >= threshold
        return (~hole if invert else hole), notes
    return harden(WHITE - levels if invert else levels), notes


def check_size(path: Path, levels: np.ndarray, size: tuple[int, int]) -> None:
    """Raise `MaskError` unless the mask from `path`, H x W or more, is as large as the picture (width, height)."""
    height, width = levels.shape[:2]
    if (height, width) == tuple(size) and height != width:
        raise MaskError(
            f"{path} has {width} x {height} pixels and the picture, upright, {size[0]} x {size[1]}; turn the mask, or "
            "make it from the upright picture."
        )
    if (width, height) != tuple(size):
        raise MaskError(
            f"{path} has {width} x {height} pixels and the picture {size[0]} x {size[1]}; "
            "make the mask from the picture, in its full size."
        )


def check_mask(mask: np.ndarray) -> tuple[str, ...]:
    """Return notes on a mask (H x W bool or uint8) that can be filled; raise `MaskError` for one that cannot."""
    share = np.count_nonzero(mask) / mask.size if mask.size else 0.0
    if share == 0:
        raise MaskError("The mask is empty: paint what should go in white, or use --invert if you painted it black.")
    if share == 1:
        raise MaskError(
            "The mask covers the whole picture, so there is nothing to fill from; leave a part of it black."
        )
    if share > MOSTLY:
        # Not rounded up to 100 %, which would be another error.
        percent = int(share * 100)
        return (
            f"The hole covers {percent} % of the picture; if it should not, the mask may be the wrong way round "
            "(--invert), or a box too large.",
        )
    return ()


def harden(levels: np.ndarray) -> np.ndarray:
    """Return H x W uint8 levels as bool when there is no grey among them."""
    return levels == WHITE if set(_values(levels)) <= {0, WHITE} else levels


def unite(masks: list[np.ndarray]) -> np.ndarray:
    """Return the strongest of several masks of the same size, bool if all are."""
    if all(mask.dtype == np.bool_ for mask in masks):
        return np.logical_or.reduce(masks)
    soft = [mask.view(np.uint8) * np.uint8(WHITE) if mask.dtype == np.bool_ else mask for mask in masks]
    return np.maximum.reduce(soft)


def grow(mask: np.ndarray, pixels: int) -> np.ndarray:
    """Return the mask with every hole made `pixels` larger on all sides, round at its corners.

    A soft mask (uint8, or floats in [0, 1]) keeps its soft edge and carries it outwards.
    """
    if pixels < 0:
        raise ValueError(f"pixels must not be negative, got {pixels}")
    around = bounds(mask, pixels)
    if pixels == 0 or around is None:
        return mask
    grown = mask.copy()
    grown[around] = _grown(mask[around], pixels)
    return grown


def bounds(mask: np.ndarray, margin: int = 0) -> tuple[slice, slice] | None:
    """Return rows and columns of the smallest box around the hole, `margin` pixels larger; None without a hole.

    What is computed in there alone costs a large photograph with a small hole next to nothing.
    """
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    top, left = max(0, int(rows[0]) - margin), max(0, int(columns[0]) - margin)
    return slice(top, int(rows[-1]) + 1 + margin), slice(left, int(columns[-1]) + 1 + margin)


def _grown(mask: np.ndarray, pixels: int) -> np.ndarray:
    """Return a mask that has a hole `pixels` larger."""
    if mask.dtype != np.bool_:
        cross, square = (cv2.getStructuringElement(shape, (3, 3)) for shape in (cv2.MORPH_CROSS, cv2.MORPH_RECT))
        for step in range(pixels):  # in turn they give an octagon, nearly a circle
            mask = cv2.dilate(mask, square if step % 2 else cross)
        return mask
    # A pixel belongs to the grown hole when the nearest hole pixel is near enough; a dilation by a large ellipse gives
    # the same and takes seconds. OpenCV measures to zeros, in 32 bits, so it gets the mask in bands.
    grown = np.zeros_like(mask)
    for top in range(0, len(mask), _ROWS_AT_ONCE):
        start = max(0, top - pixels)
        band = mask[start : top + _ROWS_AT_ONCE + pixels]
        if band.any():
            distance = cv2.distanceTransform((~band).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            grown[top : top + _ROWS_AT_ONCE] = distance[top - start :][:_ROWS_AT_ONCE] <= pixels
    return grown


def _values(levels: np.ndarray) -> np.ndarray:
    """Return the values that occur in uint8 levels, in order."""
    # np.unique sorts and np.bincount makes 64-bit numbers of everything; both are slow on a large photograph.
    return np.flatnonzero(cv2.calcHist([levels], [0], None, [256], [0, 256]))


def _levels(picture: Image.Image) -> np.ndarray:
    """Return H x W uint8, 255 = certainly hole."""
    if picture.mode.startswith("I;16"):
        return _scaled(np.asarray(picture), 65_535)
    if picture.mode in ("I", "F"):
        values = np.asarray(picture)
        if not np.isfinite(values).all() or values.min() < 0:
            raise MaskError("The mask has values below 0 or that are not numbers; save it with 8 bits per pixel.")
        return _scaled(values, next((white for white in (1, 255, 65_535) if values.max() <= white), values.max()))
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("L"))
    layer = np.asarray(picture.convert("RGBA"))
    colour, alpha = layer[..., :3], layer[..., 3]
    if alpha.min() == alpha.max():
        return cv2.cvtColor(np.ascontiguousarray(colour), cv2.COLOR_RGB2GRAY)
    visible = colour[alpha > 0]
    if (visible == visible[0]).all():
        return np.ascontiguousarray(alpha)
    over_black = colour.astype(np.uint16) * alpha[..., None] // 255
    return cv2.cvtColor(over_black.astype(np.uint8), cv2.COLOR_RGB2GRAY)


def _scaled(values: np.ndarray, white: float) -> np.ndarray:
    """Return H x W uint8 with `white` as 255; what is not black does not become black."""
    levels = np.rint(values * np.float32(WHITE / white)).astype(np.uint8)
    return np.maximum(levels, values > 0, out=levels)


def read_alpha(path: str | Path, size: tuple[int, int], invert: bool = False) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a mask as `read_mask` does, as how much of each pixel is marked: H x W float32 in 0..1; and the notes."""
    mask, notes = read_mask(path, size, invert, dim=_DIM_OBJECT)
    return mask.astype(np.float32) / (WHITE if mask.dtype == np.uint8 else 1), notes
