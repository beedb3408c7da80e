"""Smooth interpolation into a hole, as a membrane spanned over its rim."""

import cv2
import numpy as np

ROUNDS = 12
"""Relaxations of each scale."""


def span(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return `values` (H x W x C float32) with everything that is not `known` (H x W bool) interpolated smoothly.

    Solves Laplace's equation approximately: a coarse solution is the start of the next finer one. Where nothing at all
    is known the result is 0.
    """
    if known.all():
        return values
    if not known.any():
        return np.zeros_like(values)
    weight = known.astype(np.float32)
    height, width = known.shape
    blanked = values * weight[..., None]
    if min(height, width) > 2:
        small = ((width + 1) // 2, (height + 1) // 2)
        even = ((0, height % 2), (0, width % 2))
        shares = cv2.resize(np.pad(weight, even), small, interpolation=cv2.INTER_AREA)
        means = cv2.resize(np.pad(blanked, (*even, (0, 0))), small, interpolation=cv2.INTER_AREA)
        means = means.reshape(*shares.shape, -1) / np.maximum(shares, 1e-6)[..., None]
        start = cv2.resize(span(means, shares > 0), (width, height), interpolation=cv2.INTER_LINEAR)
    else:
        start = np.broadcast_to(blanked.sum(axis=(0, 1)) / weight.sum(), values.shape).astype(np.float32)
    result = np.where(known[..., None], values, start.reshape(values.shape))
    kernel = np.array([[0, 0.25, 0], [0.25, 0, 0.25], [0, 0.25, 0]], np.float32)
    fixed = np.ascontiguousarray(known).view(np.uint8)
    for _ in range(ROUNDS):
        relaxed = cv2.filter2D(result, -1, kernel, borderType=cv2.BORDER_REFLECT)
        result = cv2.copyTo(values, fixed, relaxed)
    return result.reshape(values.shape)
