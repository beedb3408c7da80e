"""What the page shows of a photograph: tiles of 8 bits in sRGB, at full size and at halves of it."""

import cv2
import numpy as np

from inpaint.core.filling.regions import Box, widened
from inpaint.core.images.convert_profile import convert_profile
from inpaint.core.images.pixels import white_of
from inpaint.studio.document import Document

SIDE = 512
"""Pixels of a tile on the page, per side, but for those at the right and lower edges."""
THUMBNAIL = 220
"""Longer side of a small picture of a fill to choose."""


def levels(size: tuple[int, int]) -> int:
    """Return how many levels there are: level n is 2 ** n times smaller, and the last one is a single tile."""
    return max(0, (max(size) - 1) // SIDE).bit_length() + 1


def tile_box(size: tuple[int, int], level: int, column: int, row: int) -> Box | None:
    """Return the pixels of the photograph that a tile shows; None if there is no such tile."""
    side = SIDE << level
    left, top = column * side, row * side
    if not 0 <= level < levels(size) or not (0 <= left < size[0] and 0 <= top < size[1]):
        return None
    return Box(top=top, left=left, height=min(side, size[1] - top), width=min(side, size[0] - left))


def encode_tile(document: Document, box: Box, level: int, *, original: bool = False) -> bytes:
    """Return a tile as PNG, with transparency where the photograph has some.

    box: from `tile_box`. Colours of a profile are converted to sRGB; floats beyond white are shown white.
    """
    colours = _shrink(_eight_bits(document.crop(box, original=original)), level)
    colours = _to_srgb(colours, document.photo.icc)
    alpha = document.photo.alpha
    if alpha is not None:
        colours = np.dstack([colours, _shrink(_eight_bits(alpha[box.slices]), level)])
    code = cv2.COLOR_RGB2BGR if colours.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    return _encode(cv2.cvtColor(colours, code))


def encode_choice(document: Document, number: int) -> bytes | None:
    """Return a small PNG of one of the fills to choose from, with some of its surroundings; None if it is not there."""
    with document.lock:
        patch = document.done[-1] if document.done else None
        if patch is None or not 0 <= number < len(patch.choices):
            return None
        margin = max(16, max(patch.box.height, patch.box.width) // 4)
        box = widened(patch.box, margin, margin, document.photo.pixels.shape)
        pixels = document.crop(box)
        inner = patch.box._replace(top=patch.box.top - box.top, left=patch.box.left - box.left)
        pixels[inner.slices] = patch.choices[number]
    scale = THUMBNAIL / max(pixels.shape[:2])
    shown = _to_srgb(_eight_bits(pixels), document.photo.icc)
    shown = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return _encode(cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))


def encode_mask(mask: np.ndarray) -> bytes:
    """Return a mask (H x W bool) as a grey PNG, white = hole."""
    return _encode(mask.astype(np.uint8) * np.uint8(255))


def _encode(pixels: np.ndarray) -> bytes:
    done, png = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    assert done
    return png.tobytes()


def _eight_bits(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype == np.uint8:
        return pixels
    scaled = pixels.astype(np.float32) * np.float32(255 / white_of(pixels.dtype))
    return np.rint(np.nan_to_num(scaled, copy=False, nan=0)).clip(0, 255).astype(np.uint8)


def _shrink(pixels: np.ndarray, level: int) -> np.ndarray:
    if level == 0:
        return pixels
    height, width = pixels.shape[:2]
    size = (max(1, -(-width >> level)), max(1, -(-height >> level)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _to_srgb(pixels: np.ndarray, icc: bytes | None) -> np.ndarray:
    """Convert 8-bit RGB from its profile to sRGB; as it is without one, or with one that cannot be used."""
    converted = convert_profile(pixels, icc, None) if icc else None
    return pixels if converted is None else converted
