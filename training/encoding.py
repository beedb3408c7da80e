"""Pictures as the bytes of a page: WebP for what is looked at, PNG for holes. Needs no torch."""

import io

import cv2
import numpy as np
from PIL import Image

QUALITY = 85


def to_webp(pixels: np.ndarray, size: tuple[int, int], quality: int = QUALITY) -> bytes:
    """Encode H x W x 3 uint8, made smaller to `size` (width, height) if need be."""
    if (pixels.shape[1], pixels.shape[0]) != size:
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=4)
    return buffer.getvalue()


def hole_png(hole: np.ndarray, size: tuple[int, int]) -> bytes:
    """Encode H x W bool as a picture of `size` (width, height) that is opaque in the hole and clear elsewhere."""
    small = cv2.resize(hole.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    picture = Image.fromarray(small)  # palette index 0 = known, 1 = hole
    picture.putpalette([0, 0, 0, 255, 255, 255])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=0, bits=1, optimize=True)
    return buffer.getvalue()
