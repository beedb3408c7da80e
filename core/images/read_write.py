"""Photographs in and out of files, with everything that must survive a fill."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.core.atomic_files import atomic_write, check_writable
from inpaint.core.errors import ImageError, OutputError
from inpaint.core.images.decode import is_deep, is_jxl, is_tiff, open_picture, refusing
from inpaint.core.images.formats.auxiliary_images import note, without_claims
from inpaint.core.images.formats.detect_auxiliary_images import find_auxiliary_images
from inpaint.core.images.formats.exr import is_exr, read_exr
from inpaint.core.images.formats.heif_boxes import read_boxes, to_chunk
from inpaint.core.images.formats.high_bit_depth import decode_avif, decode_heif, deep_photo
from inpaint.core.images.formats.jxl import jxl_pixels, read_jxl, write_jxl
from inpaint.core.images.formats.png import decode_deep, kept, open_described, read_chunks, write_png
from inpaint.core.images.formats.png_text_profiles import Chunk, old_metadata
from inpaint.core.images.formats.raster import LONGEST_SIDE, read_raster, write_raster
from inpaint.core.images.formats.unsupported_metadata import left_out
from inpaint.core.images.memory_need import check_memory
from inpaint.core.images.photo import Photo
from inpaint.core.images.pixels import white_of

__all__ = ["Photo", "check_output", "filled_name", "read_image", "write_image"]

WRITABLE = {
    ".bmp": "BMP",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".jxl": "JXL",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}
"""File suffix -> name of the format that is written: Pillow's, or JXL."""


def read_image(path: str | Path) -> Photo:
    """Read a photograph: JPEG, PNG, WebP, TIFF, BMP, AVIF, JPEG XL; HEIF and OpenEXR with their extras.

    Grey, RGB or palette, with or without alpha, with all the bits of the file, floats among them. Raises `ImageError`
    when there is none at `path`, for kinds that a fill would damage (CMYK, several frames or pages), and for what does
    not fit into memory; see docs/formats.md.
    """
    path = Path(path)
    photo = _read(path)
    with refusing(path, ImageError):
        there = find_auxiliary_images(path)
    if not photo.xmp:
        return replace(photo, notes=(*photo.notes, *note(path.name, there, set())))
    xmp, claimed = without_claims(photo.xmp)
    return replace(photo, xmp=xmp, notes=(*photo.notes, *note(path.name, there, claimed)))


def _read(path: Path) -> Photo:
    """Read a file with all that it says."""
    with refusing(path, ImageError):
        if is_tiff(path):
            from inpaint.core.images.formats.tiff import (
                read_tiff,
            )  # takes longer to import than a small photograph to read

            photo = read_tiff(path)
            if photo is not None:
                return photo
        elif is_jxl(path):
            return read_jxl(path)
        elif is_exr(path):
            return read_exr(path)
    with open_picture(path, ImageError) as picture:
        if picture.format in ("AVIF", "HEIF"):
            return _read_heif(picture, path)
        chunks = read_chunks(path) if picture.format == "PNG" else []
        said, old_notes = old_metadata(chunks)
        for key, value in said.items():
            picture.info.setdefault(key, value)
        if not is_deep(picture):
            photo = read_raster(picture, path)
        elif picture.format == "PNG":
            photo = _read_deep_png(picture, path, chunks)
        else:
            raise ImageError(
                f"{path} has more than 8 bits per channel, and only 8 would survive; "
                "save it as PNG or TIFF with 16 bits and fill that."
            )
        described, notes = kept(chunks)
        return replace(photo, png=described, notes=(*photo.notes, *old_notes, *notes))


def pixel_count(path: Path) -> int:
    """Return how many pixels a photograph has, from its head. Raises `ImageError`, also for kinds that say it late."""
    with refusing(path, ImageError):
        if is_jxl(path):
            return jxl_pixels(path)
    with open_picture(path, ImageError) as picture:
        return picture.width * picture.height


def write_image(photo: Photo, path: str | Path) -> tuple[str, ...]:
    """Write a photograph in the format of the suffix of `path`, whole or not at all.

    PNG, WebP, TIFF, JPEG XL and BMP are written without loss, JPEG with the settings of the JPEG the photograph came
    from, or else at quality 95 with full colour resolution.

    Returns notes on what the format could not keep. Raises `OutputError`.
    """
    check_output(photo, path)
    kind = WRITABLE[Path(path).suffix.lower()]
    with atomic_write(path) as file:
        if kind == "TIFF":
            from inpaint.core.images.formats.tiff import write_tiff

            notes = write_tiff(photo, file)
        elif kind == "JXL":
            notes = write_jxl(photo, file)
        elif kind == "PNG":
            write_png(photo, file)
            notes = ()
        else:
            notes = write_raster(photo, file, kind)
    return (*notes, *left_out(photo, kind))


def check_output(photo: Photo, path: str | Path) -> None:
    """Raise `OutputError` when it is plain before any work that `photo` cannot be written to `path`."""
    path = Path(path)
    kind = WRITABLE.get(path.suffix.lower())
    if kind is None:
        raise OutputError(f"{path} has no suffix of a format that Inpaint writes; choose one of {', '.join(WRITABLE)}.")
    if kind not in ("TIFF", "JXL") and photo.pixels.dtype.kind == "f":
        raise OutputError(f"{kind} files hold no floating-point numbers; choose the suffix .tif.")
    if kind == "JXL" and photo.pixels.dtype == np.float64:
        raise OutputError("JPEG XL files hold no numbers of 64 bits; choose the suffix .tif.")
    transparent = photo.alpha is not None and photo.alpha.min() < white_of(photo.alpha.dtype)
    if kind in ("BMP", "JPEG") and transparent:
        raise OutputError(f"{kind} files hold no transparency, and this picture has some; choose the suffix .png.")
    limit = LONGEST_SIDE.get(kind)
    if limit is not None and max(photo.size) > limit:
        raise OutputError(f"{kind} files have at most {limit} pixels a side; choose the suffix .png.")
    check_writable(path)


def filled_name(image: Path, word: str = "filled") -> str:
    """Return the name of the result for an image: TIFF, or OpenEXR, becomes TIFF, and all else PNG; both are exact.

    - `word`: what was done to it.
    """
    return f"{image.stem}.{word}{'.tif' if image.suffix.lower() in ('.tif', '.tiff', '.exr') else '.png'}"


def _read_deep_png(picture: Image.Image, path: Path, chunks: list[Chunk]) -> Photo:
    """Read a PNG of 16 bits per channel, of which Pillow has read what stands before the pixels."""
    with open_described(chunks) as described:
        described.info = {**picture.info, **described.info}
        return deep_photo(described, decode_deep(path.read_bytes()))


def _read_heif(picture: Image.Image, path: Path) -> Photo:
    """Read an AVIF or HEIF; colours that it describes in numbers become what PNG has for them."""
    boxes = read_boxes(path)
    bits = max(boxes.bits, int(picture.info.get("bit_depth") or 8))
    if bits > 8:
        check_memory(path, *picture.size, 2 * max(3, len(picture.getbands())), ImageError)
        decode = decode_avif if picture.format == "AVIF" else decode_heif
        photo = deep_photo(picture, decode(path, bits))
    else:
        photo = read_raster(picture, path)
    chunk = to_chunk(boxes.cicp) if boxes.cicp and not photo.icc else None
    return replace(photo, png=((b"cICP", chunk),)) if chunk else photo
