"""Crispness: is the fill as sharp and as grainy as its surroundings, beside the photograph that was there?

Distances to the truth reward blur: where nobody can know what was there, a soft mean of all that it may have been is
nearest. People mind exactly that. This number asks for the right amount of fine detail instead of the right detail.
"""

import statistics
from collections.abc import Sequence

import cv2
import numpy as np

AROUND = 48
"""How far from the hole its surroundings reach, in pixels."""
LEAST = 0.1
"""Smaller mean Laplacians, in grey levels of 255, count as this one: there is nothing to be as crisp as."""
NEAR = (0.75, 1.3)
"""What still counts as equally crisp."""


def crispness(filled: np.ndarray, truth: np.ndarray, hole: np.ndarray) -> float:
    """Return how crisp a fill is: 1 = as the photograph, less = softer, more = busier.

    The mean |Laplacian| (of four neighbours, on grey) inside the hole over that of its surroundings, divided by the
    same ratio of the photograph.

    filled, truth: H x W x 3 uint8; hole: H x W bool with at least one pixel of either kind.
    """
    away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Pixels at the rim have a neighbour in the hole, and so do not belong to what every fill has in common.
    ring = (away > 1) & (away <= AROUND)
    return _ratio(filled, hole, ring) / _ratio(truth, hole, ring)


def _ratio(pixels: np.ndarray, hole: np.ndarray, ring: np.ndarray) -> float:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(cv2.Laplacian(grey, cv2.CV_32F, ksize=1, borderType=cv2.BORDER_REFLECT_101))
    inside = max(LEAST, float(detail[hole].mean(dtype=np.float64)))
    outside = max(LEAST, float(detail[ring].mean(dtype=np.float64))) if ring.any() else 1.0
    return inside / outside


def median(values: Sequence[float]) -> float:
    """Return the median of the crispness of some photographs: a single wild one does not move it."""
    return statistics.median(values)


def share_near(values: Sequence[float]) -> float:
    """Return the share of photographs whose crispness is within `NEAR`."""
    return sum(NEAR[0] <= value <= NEAR[1] for value in values) / len(values)
