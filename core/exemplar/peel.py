"""The first estimate at the coarsest scale: the hole is filled from its rim inwards, layer by layer.

The onion peel of Newson et al., Video Inpainting of Complex Scenes (SIAM J. Imaging Sciences 2014), with the network's
fill as what is expected further in: it counts little in the comparisons, and what is filled already counts more.
"""

import cv2
import numpy as np

from inpaint.core.exemplar.patches import unroll, window
from inpaint.core.exemplar.product import product

EXPECTED = 0.1
"""Weight of a pixel that only the network has filled; known ones have 1."""
FILLED = 0.6
"""Weight of a pixel that an earlier layer has filled."""
COMPARISONS = 20_000_000
"""Most pairs of patches that are compared. A wire across a photograph is as thin as a hole of the coarsest scale, and a
hundred times as long; compared with everything around it, it took most of a minute."""
FEWEST = 1000
"""Known patches that are compared with, at least, if there are so many."""


def peel(
    image: np.ndarray, hole: np.ndarray, usable: np.ndarray, guide: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return `image` (H x W x 3 float32, network's fill in the hole) filled with colours from elsewhere in it.

    - `hole`, `usable`: H x W bool, the latter for the centres of wholly known patches;
    - `guide`: H x W x G float32, more to compare at the centres of patches;
    - `rng`: chooses among the known patches where they are too many.
    """
    image = image.copy()
    known = np.flatnonzero(usable)
    most = max(FEWEST, COMPARISONS // max(1, np.count_nonzero(hole)))
    if len(known) > most:
        known = np.sort(rng.choice(known, most, replace=False))
    sources = unroll(image, known)
    squares = np.square(sources)
    features = guide.reshape(-1, guide.shape[2])
    there = features[known]
    shares = window().ravel()
    trust = np.where(hole, np.float32(EXPECTED), np.float32(1))
    waiting = hole.copy()
    kernel = np.ones((3, 3), np.uint8)
    while waiting.any():
        layer = waiting & (cv2.dilate((~waiting).view(np.uint8), kernel) > 0)
        centres = np.flatnonzero(layer)
        weights = unroll(np.ascontiguousarray(trust[..., None]), centres) * shares
        weights /= weights.sum(axis=1, keepdims=True)
        heavy = np.repeat(weights, 3, axis=1) / np.float32(3)
        cost = product(heavy, squares.T) - 2 * product(heavy * unroll(image, centres), sources.T)
        here = features[centres]
        cost += np.einsum("mg,mg->m", there, there) - 2 * product(here, there.T)
        match = known[cost.argmin(axis=1)]
        image.reshape(-1, 3)[centres] = image.reshape(-1, 3)[match]
        trust.reshape(-1)[centres] = FILLED
        waiting &= ~layer
    return image
