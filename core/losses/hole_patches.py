"""The patches of equation 2: rectangles cut out around holes, at two sizes."""

import cv2
import numpy as np

CONTEXT_MARGIN = 1 / 16
"""How far the second, larger patch reaches beyond the hole on every side, as a fraction of the image's side."""
SMALLEST = 32
"""Side in pixels that a patch has at least, where the image is as large: AlexNet, VGG-16 and SqueezeNet need it."""
MOST = 4
"""Holes of one image that are patches of their own; where there are more, the box around all of them is one."""

Patch = tuple[slice, slice]
"""Rows and columns."""


def hole_patches(mask: np.ndarray, margin: float = 0.0) -> list[Patch]:
    """Return the rectangles around the holes of one mask (H x W, not 0 = hole), none where there is no hole.

    Pixels that touch, also by a corner, are one hole. margin: how much wider than the hole a patch is on every side, as
    a fraction of the longer side of the image. Patches lie inside the image.
    """
    present = (mask != 0).astype(np.uint8)
    _, _, statistics, _ = cv2.connectedComponentsWithStats(present, connectivity=8)
    boxes = [(top, left, top + height, left + width) for left, top, width, height, _ in statistics[1:]]
    if len(boxes) > MOST:
        corners = np.array(boxes)
        boxes = [(*corners[:, :2].min(axis=0), *corners[:, 2:].max(axis=0))]
    more = max(1, round(margin * max(mask.shape))) if margin else 0
    return [
        (_side(top, bottom, more, mask.shape[0]), _side(left, right, more, mask.shape[1]))
        for top, left, bottom, right in boxes
    ]


def _side(start: int, stop: int, more: int, size: int) -> slice:
    """Widen start:stop by `more` at both ends, and at least to `SMALLEST` about its middle; inside 0:size."""
    start, stop = max(0, int(start) - more), min(size, int(stop) + more)
    length = min(size, max(stop - start, SMALLEST))
    first = min(max(0, (start + stop - length) // 2), size - length)
    return slice(first, first + length)
