"""Any picture as RGB of 8 bits: training photographs, and fills that are compared."""

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from inpaint.core.errors import InpaintError
from inpaint.core.images.channels import Channels, decode_channels, read_channels
from inpaint.core.images.numbers import check_numbers

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_rgb8(path: Path, error: type[InpaintError]) -> np.ndarray:
    """Read a picture file as H x W x 3 uint8, upright. Raises an `error` that names it; see `to_rgb8`."""
    return to_rgb8(read_channels(path, error), str(path), error)


def decode_rgb8(encoded: bytes, name: str, error: type[InpaintError], *, turn: bool = True) -> Image.Image:
    """Decode a picture in memory as RGB of 8 bits. Raises also what decoders raise for damage.

    turn: apply the orientation that the file says.
    """
    if encoded[:4] not in _TIFF:
        with Image.open(io.BytesIO(encoded)) as picture:
            if picture.mode not in ("I", "F") and not picture.mode.startswith("I;16"):
                return (ImageOps.exif_transpose(picture) if turn else picture).convert("RGB")
    return Image.fromarray(to_rgb8(decode_channels(encoded, name, error, turn=turn), name, error))


def to_rgb8(channels: Channels, name: str, error: type[InpaintError]) -> np.ndarray:
    """Return the colours as H x W x 3 uint8; transparency is left out, and floats beyond [0, 1] are cut off.

    Raises an `error` that names the picture where its numbers do not say what white is.
    """
    array = channels.in_colour()
    if array.dtype.kind == "f":
        check_numbers(array, name, error)
        array = np.rint(array.astype(np.float32).clip(0, 1) * 255).astype(np.uint8)
    elif array.dtype.kind == "i" or array.dtype.itemsize > 2:
        raise error(f"{name} has integers of more than 16 bits or below 0; save it with 8 or 16 bits, or as floats.")
    elif channels.palette is None and channels.white != 255:
        array = cv2.convertScaleAbs(np.ascontiguousarray(array), alpha=255 / channels.white).reshape(array.shape)
    return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:2], 3)))
