"""Texture for the hole of a window of any size, over a fill that has structure but no texture."""

import numpy as np

from inpaint.core.exemplar.carry import halve_in_strips, sharpen
from inpaint.core.exemplar.patches import SIDE
from inpaint.core.exemplar.pyramid import hole_size
from inpaint.core.exemplar.synthesis import Texture, synthesize

LARGEST = 50_000
"""Hole pixels up to which a window is synthesised at its own resolution; of a larger one a smaller copy is, and its
matches are carried to full resolution."""
THINNEST = SIDE
"""Size of hole in pixels up to which the network's fill is kept: there is no room for texture in it."""


def refine(window: np.ndarray, hole: np.ndarray, white: float = 1.0, seed: int = 0) -> Texture | None:
    """Put texture from the known part of a window into its hole, in place.

    - `window`: H x W x 3 of any real type, values from 0 to `white`, with the network's fill in the hole;
    - `hole`: H x W bool.

    Returns how the texture was found, at the scale it was synthesised at; None where there was nothing to take it from
    or the hole is too thin for any, and the window is unchanged. Deterministic for the same seed.
    """
    if hole_size(hole) <= THINNEST:
        return None
    stack: list[tuple[np.ndarray, np.ndarray]] = [(window, hole)]
    while np.count_nonzero(stack[-1][1]) > LARGEST:
        smaller = halve_in_strips(*stack[-1], white if len(stack) == 1 else 1.0)
        if not smaller[1].any():
            break
        stack.append(smaller)
    image, mask = stack[-1]
    texture = synthesize(image.astype(np.float32) / np.float32(white if len(stack) == 1 else 1.0), mask, seed)
    if texture is None:
        return None
    if len(stack) == 1:
        new = texture.window[mask] * np.float32(white)
        window[mask] = (np.rint(new) if np.issubdtype(window.dtype, np.integer) else new).astype(window.dtype)
        return texture
    image[mask] = texture.window[mask]
    shifts = texture.shifts
    for level in reversed(range(len(stack) - 1)):
        fine, mask = stack[level]
        shifts = sharpen(
            fine, mask, stack[level + 1][0], texture.number, shifts, texture.correction, 1.0 if level else white
        )
    return texture
