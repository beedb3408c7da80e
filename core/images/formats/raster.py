"""What Pillow reads with 8 bits per channel, and the JPEG, WebP and BMP files that it writes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from PIL import Image, ImageFile, JpegImagePlugin

from inpaint.core.errors import ImageError
from inpaint.core.images.formats.metadata import (
    clean_dpi,
    clean_exif,
    clean_xmp,
    read_exif,
    stored_dpi,
    upright,
    with_dpi,
)
from inpaint.core.images.formats.photoshop import HEADER, only_captions, to_segments
from inpaint.core.images.photo import Photo, joined, parted

LONGEST_SIDE = {"JPEG": 65_500, "WEBP": 16_383}
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")
_LONGEST_JPEG_EXIF = 65_527
_LONGEST_JPEG_XMP = 65_502
_LONGEST_SAMPLE = 2
"""Bytes of a JPEG for each value of a pixel: even black and white at random take little more than one at the highest
quality."""
_ROWS_AT_ONCE = 256
_lock = threading.Lock()


def read_raster(picture: Image.Image, path: Path) -> Photo:
    """Read what Pillow has opened. Raises `ImageError` for kinds that a fill would damage."""
    if picture.mode not in _MODES:
        raise ImageError(
            f"{path} is a {picture.mode} picture, and conversion would change its colours; "
            "save it as RGB in an image editor and fill that."
        )
    notes = []
    # A TIFF is turned and its EXIF closed while it is loaded; in a PNG the EXIF may follow the pixels.
    if picture.format == "TIFF":
        exif, orientation, exif_notes = clean_exif(partial(read_exif, picture))
        picture.load()
        turn = 1
    else:
        picture.load()
        exif, orientation, exif_notes = clean_exif(partial(read_exif, picture))
        turn = orientation
    if picture.mode in ("P", "PA"):
        notes.append("The picture has a palette; the result is written in full colour.")
    elif picture.mode == "1":
        notes.append("The picture has only black and white; the result is written in shades of grey.")
    (iptc, iptc_notes), dpi = _captions(picture), clean_dpi(stored_dpi(picture), orientation)
    jpeg, comment = _jpeg_settings(picture), picture.info.get("comment") or b""
    icc, xmp = picture.info.get("icc_profile") or None, clean_xmp(picture.info.get("xmp"))
    array = _array(picture)
    picture.close()  # its pixels take more room than ours
    pixels, alpha, grey = parted(upright(array, turn))
    return Photo(
        pixels=pixels,
        alpha=alpha,
        grey=grey,
        icc=icc,
        exif=exif,
        xmp=xmp,
        dpi=dpi,
        iptc=iptc,
        comment=comment if isinstance(picture, JpegImagePlugin.JpegImageFile) else b"",
        jpeg=jpeg,
        notes=(*notes, *exif_notes, *iptc_notes),
    )


def write_raster(photo: Photo, file: BinaryIO, kind: str) -> tuple[str, ...]:
    """Write a `kind` of JPEG, WEBP or BMP; returns notes on what it cannot keep."""
    icc, exif, xmp, notes = photo.icc, photo.exif, photo.xmp, []
    if photo.pixels.dtype != np.uint8:
        notes.append(f"{kind} files have 8 bits per channel, so the others were rounded off; choose .png to keep them.")
    if kind == "BMP" and (icc or exif or xmp):
        icc = exif = xmp = None
        notes.append("BMP files hold neither a colour profile nor EXIF; choose .png to keep them.")
    if kind == "WEBP" and photo.grey and icc and icc[16:20] == b"GRAY":
        icc = None
        notes.append("WebP files have no grey, so the grey colour profile was left out; choose .png to keep it.")
    if kind == "WEBP" and photo.dpi:
        exif = with_dpi(exif, photo.dpi)
    if kind == "JPEG":
        notes.append("JPEG changes every pixel a little; choose .png to keep the known ones exactly.")
        if exif and len(exif) > _LONGEST_JPEG_EXIF:
            exif = None
            notes.append("The EXIF data is too long for a JPEG file and was left out; choose .png to keep it.")
        if xmp and len(xmp) > _LONGEST_JPEG_XMP:
            xmp = None
            notes.append("The XMP data is too long for a JPEG file and was left out; choose .png to keep it.")
    options: dict[str, Any] = {
        "JPEG": {
            **(photo.jpeg or {"quality": 95, "subsampling": 0}),
            "comment": photo.comment,
            "extra": to_segments(photo.iptc),
        },
        "WEBP": {"lossless": True, "exact": True, "quality": 25, "method": 1},
        "BMP": {},
    }[kind]
    extra = {"icc_profile": icc, "exif": exif, "xmp": xmp, "dpi": photo.dpi if kind != "WEBP" else None}
    array = joined(photo, grey=kind != "WEBP", alpha=kind == "WEBP")
    if array.dtype != np.uint8:
        array = cv2.convertScaleAbs(array, alpha=1 / 257)
    options |= {key: value for key, value in extra.items() if value}
    said = sum(len(value) for value in options.values() if isinstance(value, bytes))
    with _room(_LONGEST_SAMPLE * array.size + said) if options.get("progressive") else nullcontext():
        Image.fromarray(array).save(file, kind, **options)
    return tuple(notes)


@contextmanager
def _room(length: int) -> Iterator[None]:
    """Let Pillow hold a JPEG of so many bytes in memory, because libjpeg writes a progressive one at once.

    Its own guess is too little for noise at a high quality, and its least is a variable of the process.
    """
    with _lock:
        before, ImageFile.MAXBLOCK = ImageFile.MAXBLOCK, ImageFile.MAXBLOCK + length
        try:
            yield
        finally:
            ImageFile.MAXBLOCK = before


def _array(picture: Image.Image) -> np.ndarray:
    """Return H x W or H x W x 2 to 4 uint8, in bands, because Pillow makes a copy of what it gives away."""
    alpha, grey = picture.has_transparency_data, picture.mode in ("1", "L", "LA")
    if picture.mode == "1":
        picture = picture.convert("L")  # on its own, because the way to LA is not always the same
    mode = {(True, True): "LA", (True, False): "L", (False, True): "RGBA", (False, False): "RGB"}[grey, alpha]
    width, height = picture.size
    array = np.empty((height, width, len(mode)), np.uint8)
    for top in range(0, height, _ROWS_AT_ONCE):
        band = picture.crop((0, top, width, min(height, top + _ROWS_AT_ONCE)))
        band.info = picture.info  # `convert` looks for the transparent colour there
        array[top : top + _ROWS_AT_ONCE] = np.asarray(band if band.mode == mode else band.convert(mode)).reshape(
            -1, width, len(mode)
        )
    return array


def _captions(picture: Image.Image) -> tuple[bytes, list[str]]:
    """Return the IPTC of a JPEG, that is captions and authors of press photographs, and notes."""
    if not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return b"", []
    segments = [data for marker, data in picture.applist if marker == "APP13" and data.startswith(HEADER)]
    return only_captions(b"".join(data.removeprefix(HEADER) for data in segments))


def _jpeg_settings(picture: Image.Image) -> dict[str, Any] | None:
    """Return how a JPEG was compressed, so that the result is compressed the same; None for everything else."""
    if not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return None
    tables = picture.quantization
    if not tables or max(max(table) for table in tables.values()) > 255:
        return None
    settings: dict[str, Any] = {"qtables": [list(tables[key]) for key in sorted(tables)]}
    sampling = JpegImagePlugin.get_sampling(picture)
    if sampling >= 0:
        settings["subsampling"] = sampling
    if picture.info.get("progressive"):
        settings["progressive"] = True
    return settings
