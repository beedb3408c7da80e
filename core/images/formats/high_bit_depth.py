"""What Pillow opens and would decode with 8 bits, though the file has more: PNG, AVIF, HEIF."""

from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.core.images.formats.metadata import clean_dpi, clean_exif, clean_xmp, read_exif, stored_dpi, upright
from inpaint.core.images.photo import Photo, parted

_ROWS_AT_ONCE = 256


def deep_photo(described: Image.Image, array: np.ndarray, *, turned: bool = False) -> Photo:
    """Return a photograph of pixels, H x W or H x W x 2 to 4, with what Pillow knows about the file.

    - `turned`: the pixels are upright already, whatever the EXIF says.
    """
    exif, orientation, notes = clean_exif(partial(read_exif, described))
    pixels, alpha, grey = parted(array if turned else upright(array, orientation))
    return Photo(
        pixels=pixels,
        alpha=alpha,
        grey=grey,
        icc=described.info.get("icc_profile") or None,
        exif=exif,
        xmp=clean_xmp(described.info.get("xmp")),
        dpi=clean_dpi(stored_dpi(described), orientation),
        notes=tuple(notes),
    )


def decode_avif(path: Path, bits: int) -> np.ndarray:
    """Decode an AVIF of 10 or 12 bits per channel: H x W or H x W x 2 to 4 uint16."""
    import imagecodecs

    return to_16_bits(imagecodecs.avif_decode(path.read_bytes()), bits)


def decode_heif(path: Path, bits: int) -> np.ndarray:
    """Decode a HEIF of 10 or 12 bits per channel with the extra `heif`: H x W or H x W x 2 to 4 uint16."""
    picture = import_module("pillow_heif").open_heif(path, convert_hdr_to_8bit=False)
    array = np.asarray(picture)
    # Its numbers are shifted to the left, so that white is less than 65,535.
    array = array if array.flags.writeable else array.copy()
    array >>= 16 - bits
    return to_16_bits(array, bits)


def to_16_bits(array: np.ndarray, bits: int) -> np.ndarray:
    """Return uint16 numbers of `bits` bits with 65,535 as their largest, in place; each has one value of its own."""
    white = 2**bits - 1
    for top in range(0, len(array), _ROWS_AT_ONCE):
        band = array[top : top + _ROWS_AT_ONCE]
        band[:] = (band.astype(np.uint32) * 65_535 + white // 2) // white
    return array
