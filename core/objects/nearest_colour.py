"""Colours for pixels that have none of their own."""

import cv2
import numpy as np


def fill_nearest(colour: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """Give every pixel that is not `sure` (H x W bool) the colour of the nearest one that is, if there is any.

    colour: H x W x 3 of any type; returns the same, a new array where anything changes.
    """
    if not sure.any() or sure.all():
        return colour
    # Labels number the zeros of the mask from 1 on, in reading order.
    _, labels = cv2.distanceTransformWithLabels(
        (~sure).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    return colour[sure][labels - 1]
