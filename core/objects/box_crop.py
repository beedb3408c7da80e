"""The square that a segmenter looks at: a box in the middle, with some of its surroundings."""

import cv2
import numpy as np

from inpaint.core.filling.regions import Box, box_around

SIDE = 128
"""Side in pixels of what the network sees."""
SHARE = 0.7
"""How much of that side the longer side of the box takes."""


def box_crop(
    pixels: np.ndarray, box: Box, side: int = SIDE, share: float = SHARE
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut the square out and scale it.

    pixels: H x W x C, uint8 or float32; beyond the picture its edge is repeated. Returns the side x side x C crop, the
    side x side float32 mask of the box in it, and the 2 x 3 matrix that maps picture to crop, for `from_crop`.
    """
    scale = side * share / max(box.height, box.width)
    middle = box.left + box.width / 2, box.top + box.height / 2
    # Pixel centres lie at half coordinates.
    matrix = np.array(
        [[scale, 0, side / 2 - scale * (middle[0] - 0.5) - 0.5], [0, scale, side / 2 - scale * (middle[1] - 0.5) - 0.5]]
    )
    if scale < 0.5:
        # Averaged first, because warping alone would skip pixels.
        factor = 2 * scale
        there = max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor))
        small = cv2.resize(pixels, there, interpolation=cv2.INTER_AREA)
        across, down = there[0] / pixels.shape[1], there[1] / pixels.shape[0]
        shrunk = matrix.copy()
        shrunk[0] = [matrix[0, 0] / across, 0, matrix[0, 2] + (1 / across - 1) * scale / 2]
        shrunk[1] = [0, matrix[1, 1] / down, matrix[1, 2] + (1 / down - 1) * scale / 2]
        crop = cv2.warpAffine(small, shrunk, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    else:
        crop = cv2.warpAffine(pixels, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros((side, side), np.float32)
    half = share * side / 2 * np.array([box.height, box.width]) / max(box.height, box.width)
    # Of a wire, too, there is something to see.
    top, left = (min(max(0, round(side / 2 - h)), side // 2 - 1) for h in half)
    mask[top : side - top, left : side - left] = 1
    return crop, mask, matrix


def from_crop(crop: np.ndarray, matrix: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Bring a side x side float32 map back to a picture of a shape (H, W); 0 where the crop did not reach."""
    return cv2.warpAffine(
        crop,
        matrix,
        (shape[1], shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )


def corners_of(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the box in a crop's mask, the last two one beyond it."""
    box = box_around(mask)
    return box.left, box.top, box.left + box.width, box.top + box.height
