"""Structure from the network, texture from the photograph: where the two disagree too much, the network is right.

Texture is grown from what is around the hole and can carry a wrong thing into it, the planks of a floor into a cat. The
network's fill has no detail, but its coarse colours are right more often. Gravel is dark and light at random, though,
and still gravel; so texture may stray as far as it does around the hole, and only what strays further goes back.
"""

import cv2
import numpy as np

STRUCTURE = 4.0
"""Standard deviation in pixels of the blur beyond which a fill is structure, and below it texture."""
STILL = 0.03
"""Liveliness that every texture is granted: on smooth ground a little noise is no wrong structure."""
STRAYING = (1.0, 2.0)
"""Departures at which texture begins to go back, and from which on most of it does: multiples of the liveliness."""
RETREAT = 0.8
"""The most that goes back: share of the difference."""
RIM = 8.0
"""Pixels from the rim of the hole, where colours are known and the seam is right about them, to where all this has its
full weight."""


def astray(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return H x W float32: how far the structure of a window moved when its hole got texture, mean over the colours.

    before, after: H x W x 3 float32 in [0, 1], the window with the network's fill and with texture.
    """
    return np.abs(cv2.GaussianBlur(after - before, (0, 0), STRUCTURE)).mean(axis=-1)


def accord(before: np.ndarray, after: np.ndarray, moved: np.ndarray, hole: np.ndarray, liveliness: float) -> np.ndarray:
    """Return H x W x 3 float32 to be added to a textured window, 0 outside the hole.

    - `before`, `after`, `moved`: the window and what `astray` says of it;
    - `hole`: H x W bool;
    - `liveliness`: how far texture around the hole strays from its own blurred colours.
    """
    inside = hole.astype(np.float32)
    departure = _within(moved, inside)
    # Smoothed once more: a stretch of the hole goes back and not a spot.
    departure = _within(departure, inside) / np.float32(max(liveliness, STILL))
    straying = ((departure - STRAYING[0]) / (STRAYING[1] - STRAYING[0])).clip(0, 1)
    # The edge of the picture is no rim.
    depth = cv2.distanceTransform(np.pad(hole, 1, mode="edge").view(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    return (before - after) * (straying * np.minimum(depth / np.float32(RIM), 1) * np.float32(RETREAT))[..., None]


def _within(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return the mean of nearby `values` (H x W float32) inside the hole alone."""
    share = cv2.GaussianBlur(inside, (0, 0), STRUCTURE)
    return cv2.GaussianBlur(values * inside, (0, 0), STRUCTURE) / np.maximum(share, np.float32(1e-3))
