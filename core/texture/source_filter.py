"""Sources that a network finds unlike what surrounds the hole, which should not be copied into it."""

import cv2
import numpy as np

REACH = 40, 0.35
"""How wide the surroundings are: pixels at least, and share of the hole's longer side."""
LIMIT = 1.5
"""Unlikeness from which on a source is forbidden; 1 is what nine tenths of the surroundings stay below themselves."""
MOST = 2 / 3
"""Share of what is known that is forbidden at most."""
BLUR = 3.0
"""Standard deviation in pixels over which unlikeness is averaged."""
CELLS = 1500
"""Cells of the surroundings that are compared with, at most."""


def unlike_surroundings(maps: list[np.ndarray], hole: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return H x W bool: what is known and unlike the surroundings of the hole.

    - `maps`: h x w x C float32 each, what a network sees in the picture with its hole filled smoothly;
    - `hole`, `known`: H x W bool.
    """
    rows, columns = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    reach = max(REACH[0], REACH[1] * max(np.ptp(rows) + 1, np.ptp(columns) + 1))
    away = cv2.distanceTransform((~hole).view(np.uint8), cv2.DIST_L2, 5)
    worst = np.zeros(hole.shape, np.float32)
    for found in maps:
        size = found.shape[1], found.shape[0]
        found = found / np.maximum(found.std(axis=(0, 1), keepdims=True), np.float32(1e-6))
        seen, far = (cv2.resize(part.astype(np.float32), size, interpolation=cv2.INTER_AREA) for part in (known, away))
        ring = found[(seen > 0.95) & (far <= reach)]
        if len(ring) < 8:
            continue
        if len(ring) > CELLS:
            ring = ring[np.random.default_rng(0).choice(len(ring), CELLS, replace=False)]
        own = _squares(ring, ring)
        np.fill_diagonal(own, np.inf)
        unit = max(float(np.percentile(own.min(axis=1), 90)), 1e-9)
        score = _squares(found.reshape(-1, found.shape[2]), ring).min(axis=1).reshape(found.shape[:2]) / unit
        worst = np.maximum(worst, cv2.resize(score, hole.shape[::-1], interpolation=cv2.INTER_LINEAR))
    worst = cv2.GaussianBlur(worst, (0, 0), BLUR)
    limit = max(LIMIT, float(np.quantile(worst[known], 1 - MOST))) if known.any() else LIMIT
    return (worst > limit) & known


def _squares(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the squared distances between the rows of two arrays."""
    square = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None] - 2 * first @ second.T
    return np.maximum(square, 0)
