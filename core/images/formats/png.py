"""PNG: all depths, and every chunk that says something about the picture."""

import io
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from inpaint.core.images.formats.metadata import EXIF_HEADER, comment_text
from inpaint.core.images.formats.png_text_profiles import TEXT, Chunk, is_old_metadata, to_chunk, without_old_picture
from inpaint.core.images.photo import Photo, joined

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_IHDR_END = 33
_COLOUR = (b"cICP", b"mDCV", b"cLLI", b"cHRM", b"gAMA", b"sRGB")
_XMP = b"XML:com.adobe.xmp"
_METRE = 0.0254
_LARGEST_CHUNK = 64 * 2**20


def read_chunks(path: Path) -> list[Chunk]:
    """Return the chunks of a PNG that are neither pixels nor palette. Raises `ValueError` when it is cut short."""
    chunks: list[Chunk] = []
    with path.open("rb") as file:
        if file.read(8) != _SIGNATURE:
            raise ValueError("not a PNG")
        while head := file.read(8):
            length, kind = struct.unpack(">I4s", head)
            if kind == b"IEND":
                break
            if kind in (*_COLOUR, *TEXT, b"eXIf") and length <= _LARGEST_CHUNK:
                data = file.read(length)
                if len(data) != length:
                    raise ValueError("cut short")
                chunks.append((kind, data))
                file.seek(4, 1)
            else:
                file.seek(length + 4, 1)
    return chunks


def kept(chunks: list[Chunk]) -> tuple[tuple[Chunk, ...], list[str]]:
    """Return the chunks that have no field in `Photo`, without what shows the old picture, and notes."""
    cleaned = [without_old_picture(chunk) for chunk in chunks if not _has_field(chunk)]
    return tuple(chunk for chunk, _ in cleaned if chunk), [note for _, notes in cleaned for note in notes]


def open_described(chunks: list[Chunk]) -> Image.Image:
    """Return one pixel of which Pillow knows the EXIF and XMP of a PNG, wherever in it they stood.

    Of the PNG itself Pillow would have to decode the pixels before it reads what stands behind them.
    """
    import imagecodecs

    data = imagecodecs.png_encode(np.zeros((1, 1), np.uint8))
    said = b"".join(_stored(chunk) for chunk in chunks if _has_field(chunk))
    return Image.open(io.BytesIO(data[:_IHDR_END] + said + data[_IHDR_END:]), formats=["PNG"])


def decode_deep(data: bytes) -> np.ndarray:
    """Decode a PNG of 16 bits per channel: H x W or H x W x 2 to 4 uint16; a transparent colour becomes alpha."""
    import imagecodecs

    return imagecodecs.png_decode(data)


def write_png(photo: Photo, file: BinaryIO) -> None:
    """Write `photo`, of 8 or 16 bits, without loss; everything that is said of it is kept."""
    import imagecodecs

    # Run-length coding makes photographs as small as zlib's slow levels do, in a third of the time.
    data = imagecodecs.png_encode(joined(photo, grey=True, alpha=True), level=1, strategy=imagecodecs.PNG.STRATEGY.RLE)
    file.write(data[:_IHDR_END])
    for chunk in _described(photo):
        file.write(_stored(chunk))
    file.write(memoryview(data)[_IHDR_END:])


def _has_field(chunk: Chunk) -> bool:
    """Say whether `Photo` holds what a chunk says in a field of its own, that is its EXIF, XMP or profile."""
    kind, data = chunk
    return kind == b"eXIf" or (kind in TEXT and data.split(b"\0", 1)[0] == _XMP) or is_old_metadata(chunk)


def _stored(chunk: Chunk) -> bytes:
    """Return a chunk as it stands in a file."""
    kind, data = chunk
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _described(photo: Photo) -> list[Chunk]:
    """Return what the photograph says about itself, in an order that PNG allows."""
    chunks = [chunk for chunk in photo.png if chunk[0] in _COLOUR]
    if photo.icc:
        # A profile and sRGB must not stand in one file, and the profile says more.
        chunks = [chunk for chunk in chunks if chunk[0] != b"sRGB"]
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(photo.icc)))
    if photo.dpi:
        chunks.append((b"pHYs", struct.pack(">IIB", *(max(1, round(value / _METRE)) for value in photo.dpi), 1)))
    if photo.exif:
        chunks.append((b"eXIf", photo.exif.removeprefix(EXIF_HEADER)))
    if photo.xmp:
        chunks.append((b"iTXt", _XMP + b"\0\0\0\0\0" + photo.xmp))
    if photo.iptc:
        chunks.append(to_chunk(b"Raw profile type iptc", b"iptc", photo.iptc))
    if text := comment_text(photo.comment):
        chunks.append(_comment(text))
    return [*chunks, *(chunk for chunk in photo.png if chunk[0] in TEXT)]


def _comment(text: str) -> Chunk:
    """Return a comment as a text of PNG, in Latin-1 where that is enough."""
    try:
        return b"tEXt", b"Comment\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt", b"Comment\0\0\0\0\0" + text.encode()
