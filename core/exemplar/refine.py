"""Texture for the hole of a window of any size, over a fill that has structure but no texture."""

import cv2
import numpy as np

from inpaint.core.exemplar.carry import halve_in_strips, sharpen
from inpaint.core.exemplar.patches import SIDE
from inpaint.core.exemplar.pyramid import Picture, hole_size
from inpaint.core.exemplar.synthesis import Texture, synthesize

LARGEST = 50_000
"""Hole pixels up to which a window is synthesised at its own resolution; of a larger one a smaller copy is, and its
matches are carried to full resolution."""
NEAREST = 64
"""Pixels around the hole in which texture is looked for, at least; around large holes as far as they are large."""
FARTHEST = 0.045
"""Departure from the network's structure beyond which texture is not taken unless asked for, or unless the texture
around the hole strays as far: gravel is dark and light at random."""
THINNEST = SIDE
"""Size of hole in pixels up to which the network's fill is kept: there is no room for texture in it."""


def worthwhile(hole: np.ndarray) -> bool:
    """Say whether a hole (H x W bool) is wide enough for texture."""
    return hole_size(hole) > THINNEST


def refine(
    window: np.ndarray,
    hole: np.ndarray,
    unknown: np.ndarray | None = None,
    white: float = 1.0,
    *,
    always: bool = True,
    seed: int = 0,
) -> Texture | None:
    """Put texture from the known part of a window into its hole, in place.

    - `window`: H x W x 3 of any real type, values from 0 to `white`, with the network's fill in the hole;
    - `hole`: H x W bool, what is to get texture;
    - `unknown`: H x W bool, what no texture is taken from; the hole is always part of it;
    - `always`: also where the texture found does not fit well.

    Returns how the texture was found, at the scale it was synthesised at; None where the window is left unchanged.
    Deterministic for the same seed.
    """
    unknown = hole if unknown is None else unknown | hole
    stack = [Picture(window, hole, unknown)]
    whites = [white]
    while np.count_nonzero(stack[-1].hole) > LARGEST:
        smaller = halve_in_strips(stack[-1], whites[-1])
        if not smaller.hole.any():
            break
        stack.append(smaller)
        whites.append(1.0)
    image = stack[-1].image.astype(np.float32) / np.float32(whites[-1])
    texture = synthesize(stack[-1]._replace(image=image.clip(0, 1), unknown=_far_or_unknown(stack[-1])), seed)
    if texture is None or not (always or fits(texture)):
        return None
    image, hole, _ = stack.pop()
    new = texture.window[hole] * np.float32(whites.pop())
    image[hole] = (np.rint(new) if np.issubdtype(image.dtype, np.integer) else new).astype(image.dtype)
    shifts = texture.shifts
    while stack:
        fine = stack.pop()
        shifts = sharpen(*fine, image, texture.number, shifts, texture.correction, whites.pop())
        image = fine.image
    return texture


def _far_or_unknown(picture: Picture) -> np.ndarray:
    """Return H x W bool: what is unknown or so far from the hole that searching it is not worth the time."""
    reach = max(NEAREST, hole_size(picture.hole))
    distance = cv2.distanceTransform((~picture.hole).view(np.uint8), cv2.DIST_L2, 3)
    return picture.unknown | (distance > reach)


def fits(texture: Texture) -> bool:
    """Say whether texture keeps the network's structure well enough to be taken without being asked for."""
    return texture.departure <= max(FARTHEST, 1.25 * texture.liveliness)
