"""The guided filter (He et al. 2010): a picture explained, place by place, as a linear function of another.

Two uses here: a rough mask gets the edges of its photograph, and what a network did to a small copy is done to the
full-size one, texture included.
"""

import cv2
import numpy as np

TRACE = 1e-3
"""Weight of the whole picture in each window of `repeat_change`."""


def guided_filter(guide: np.ndarray, target: np.ndarray, radius: int, smooth: float = 1e-4) -> np.ndarray:
    """Return `target` with the edges of `guide`.

    guide: H x W x 3 float32 in [0, 1]. target: H x W float32. radius: of the square windows, in pixels. smooth: the
    variance of the guide below which it counts as flat. Returns H x W float32.
    """
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(x: np.ndarray) -> np.ndarray:
        return cv2.blur(x, size, borderType=cv2.BORDER_REFLECT)

    middle, level = mean(guide), mean(target)
    # Per pixel the 3 x 3 covariance of the guide, and its covariance with the target.
    spread = np.empty((*guide.shape, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            spread[..., i, j] = spread[..., j, i] = (
                mean(guide[..., i] * guide[..., j]) - middle[..., i] * middle[..., j]
            )
    spread += smooth * np.eye(3, dtype=np.float32)
    shared = mean(guide * target[..., None]) - middle * level[..., None]
    slope = np.linalg.solve(spread, shared[..., None])[..., 0]
    offset = level - (slope * middle).sum(axis=-1)
    return (mean(slope) * guide).sum(axis=-1) + mean(offset)


def repeat_change(
    before: np.ndarray, after: np.ndarray, weight: np.ndarray, large: np.ndarray, radius: int = 8, smooth: float = 1e-3
) -> np.ndarray:
    """Do to a large picture what was done to a small copy of it.

    Per channel and place, `after` is fitted as slope x `before` + offset over the pixels that count; slopes and offsets
    vary smoothly, so they can be enlarged, and the large picture keeps its texture.

    - `before`, `after`: h x w x 3 float32 in [0, 1], the small copy and what became of it;
    - `weight`: h x w float32, which pixels count;
    - `large`: H x W x 3 float32 in [0, 1].

    Returns H x W x 3 float32.
    """
    size = (2 * radius + 1, 2 * radius + 1)
    weight = weight.astype(np.float32)
    total = max(float(weight.sum()), 1e-6)
    amount = cv2.blur(weight, size, borderType=cv2.BORDER_CONSTANT)

    def mean(x: np.ndarray) -> np.ndarray:
        """Average what counts in every window; where nothing does, take the mean of all that counts."""
        counted = x * weight
        near = cv2.blur(counted, size, borderType=cv2.BORDER_CONSTANT)
        return (near + TRACE * float(counted.sum()) / total) / (amount + TRACE)

    maps = []
    for channel in range(3):
        x, y = before[..., channel], after[..., channel]
        mean_x, mean_y = mean(x), mean(y)
        # `smooth` pulls towards a slope of 1: a flat place is shifted, not stretched.
        slope = (mean(x * y) - mean_x * mean_y + smooth) / (mean(x * x) - mean_x**2 + smooth)
        maps += [slope, mean_y - slope * mean_x]
    even = cv2.blur(np.stack(maps, axis=-1), size, borderType=cv2.BORDER_REFLECT)
    there = (large.shape[1], large.shape[0])
    slope, offset = (cv2.resize(even[..., k::2], there, interpolation=cv2.INTER_LINEAR) for k in (0, 1))
    return slope * large + offset
