"""From a smaller scale to the next finer one, for holes too large to be synthesised at full size.

The shifts found at half the size are doubled and moved by at most a pixel to where the finer picture agrees best with
the enlarged coarse fill; then every pixel is copied. Work grows with the hole, and of the window no copy is made.
"""

import cv2
import numpy as np

from inpaint.core.texture.scale import Picture, halve

STRIP = 256
"""Rows that are made floats at once."""


def halve_window(
    window: np.ndarray, hole: np.ndarray, unknown: np.ndarray, allowed: np.ndarray, white: float
) -> Picture:
    """Return a window of any type (H x W x 3, values up to `white`) and its masks at half the size, in [0, 1]."""
    parts = []
    for top in range(0, hole.shape[0], STRIP):
        image, gap, hidden, source = (array[top : top + STRIP] for array in (window, hole, unknown, allowed))
        parts.append(halve(Picture((image / np.float32(white)).astype(np.float32, copy=False), gap, hidden, source)))
    return Picture(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("image", "hole", "unknown", "allowed"))
    )


def carry(
    window: np.ndarray,
    hole: np.ndarray,
    blocked: np.ndarray,
    coarse: np.ndarray,
    shifts: np.ndarray,
    white: float,
) -> np.ndarray:
    """Fill the hole of a window in place with what the shifts of its halved copy point to; return the finer shifts.

    - `window`: H x W x 3 of any type, values up to `white`; `hole`: H x W bool;
    - `blocked`: H x W bool, what must not be copied: the unknown, and what is not allowed;
    - `coarse`: h x w x 3 float32 in [0, 1], the halved copy with its hole filled, h = (H + 1) // 2;
    - `shifts`: h x w x 2 int32, from each pixel of the coarse hole to its source.

    Returns H x W x 2 int32.
    """
    from inpaint.core.texture import patchmatch_kernels as kernels

    for top in range(0, hole.shape[0], STRIP):
        _enlarge(window, hole, coarse, white, top)
    fine = np.ascontiguousarray(shifts) * np.int32(2)
    gap = np.zeros(coarse.shape[:2], np.uint8)
    _quarter_any(hole, gap)
    moved = kernels.align(window, gap, blocked.view(np.uint8), fine)
    result = np.zeros((*hole.shape, 2), np.int32)
    whole = np.issubdtype(window.dtype, np.integer)
    kernels.copy(window, hole.view(np.uint8), blocked.view(np.uint8), gap, moved, result, 0.5 if whole else 0.0)
    return result


def _enlarge(window: np.ndarray, hole: np.ndarray, coarse: np.ndarray, white: float, top: int) -> None:
    """Put the enlarged coarse fill into a strip of the hole."""
    part = hole[top : top + STRIP]
    if not part.any():
        return
    first, last = max(0, top // 2 - 2), min(coarse.shape[0], (top + STRIP) // 2 + 3)
    size = 2 * coarse.shape[1], 2 * (last - first)
    strip = cv2.resize(coarse[first:last], size, interpolation=cv2.INTER_LINEAR)[top - 2 * first :]
    strip = strip[: len(part), : hole.shape[1]][part] * np.float32(white)
    if np.issubdtype(window.dtype, np.integer):
        strip = np.rint(strip).clip(0, white)
    window[top : top + STRIP][part] = strip.astype(window.dtype)


def _quarter_any(hole: np.ndarray, gap: np.ndarray) -> None:
    """Mark in `gap` the coarse pixels of which any part is hole."""
    for down in (0, 1):
        for across in (0, 1):
            part = hole[down::2, across::2]
            gap[: part.shape[0], : part.shape[1]] |= part.view(np.uint8)
