"""Colours that meet at the seam: what the texture is off by at the rim is spread smoothly over the hole."""

import cv2
import numpy as np

from inpaint.core.exemplar.membrane import span
from inpaint.core.exemplar.patches import RADIUS
from inpaint.core.exemplar.vote import vote

LARGEST = 0.1
"""Most that a colour is changed by; more is another thing, not another light."""


def mismatch(
    image: np.ndarray, hole: np.ndarray, number: np.ndarray, match: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Return H x W x 3 float32 to be added to the texture, 0 outside the hole.

    Patches at the rim also say what they would put on the known pixels there; how far they are off is known. A
    membrane over these differences is what Poisson's equation gives for copied gradients (Pérez et al., Poisson Image
    Editing, SIGGRAPH 2003, equation 4).
    """
    rim = cv2.dilate(hole.view(np.uint8), np.ones((3, 3), np.uint8)).view(bool) & ~hole
    inside = np.zeros(hole.shape, bool)
    inside[RADIUS:-RADIUS, RADIUS:-RADIUS] = True
    rim &= inside
    pixels = np.flatnonzero(rim)
    colours, weights = vote(image, pixels, number, match, weight)
    off = np.zeros_like(image)
    off.reshape(-1, 3)[pixels] = (image.reshape(-1, 3)[pixels] - colours).clip(-LARGEST, LARGEST)
    reached = np.zeros(hole.size, bool)
    reached[pixels] = weights[:, 0] > 0
    return span(off, reached.reshape(hole.shape)) * hole[..., None]
