"""Masks: H x W bool, True = hole; or H x W uint8 where the hole is everything above 0 and the value its strength.

The strength is the share of the fill that shows, 255 = the fill alone: a grey rim in a mask is a soft seam. In files
white = hole.
"""

import cv2
import numpy as np

from inpaint.core.errors import MaskError

MOSTLY = 0.6
"""Share of hole from which on a mask is suspected to be the wrong way round."""
WHITE = 255
_ROWS_AT_ONCE = 512


def check_mask(mask: np.ndarray, inverted: bool = False) -> tuple[str, ...]:
    """Return notes on a mask (H x W bool or uint8) that can be filled; raise `MaskError` for one that cannot.

    inverted: whether it has been turned round already, so that nobody is told to do that.
    """
    if inverted:
        turn, way = "leave --invert out if what should go is white", "leave --invert out"
    else:
        turn, way = "use --invert if you painted it black", "--invert"
    share = np.count_nonzero(mask) / mask.size if mask.size else 0.0
    if share == 0:
        go = "black, because of --invert" if inverted else "white"
        raise MaskError(f"The mask is empty: paint what should go in {go}, or {turn}.")
    if share == 1:
        stays = "white" if inverted else "black"
        raise MaskError(
            "The mask covers the whole picture, so there is nothing to fill from; leave a part of it "
            f"{stays}, or {turn}."
        )
    if share > MOSTLY:
        # Not rounded up to 100%, which would be another error.
        percent = int(share * 100)
        return (
            f"The hole covers {percent}% of the picture; if it should not, the mask may be the wrong way round "
            f"({way}), or a box too large.",
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
