"""EXIF, caption and comment in the tags of a TIFF, which are added to a finished file because tifffile writes none."""

import io
import struct
from typing import BinaryIO

from PIL import Image

from inpaint.core.images.formats.metadata import comment_text, to_bytes
from inpaint.core.images.formats.photoshop import bare
from inpaint.core.images.formats.unsupported_metadata import COMMENT
from inpaint.core.images.photo import Photo

_DESCRIPTION, _IPTC = 270, 33723
_BEFORE_DIRECTORY = 6 + 8
"""Bytes of `Exif` and of a TIFF header, with which Pillow starts."""
_TOO_LONG = "EXIF, caption and comment were left out, because Inpaint writes none into a TIFF of more than 4 GB."


def add_tags(photo: Photo, file: BinaryIO) -> list[str]:
    """Add what `photo` says in EXIF, caption and comment to the finished TIFF in `file`; return notes on what not."""
    exif, notes = _tags(photo)
    if exif and not _add(file, exif):
        return [_TOO_LONG]
    return notes


def _tags(photo: Photo) -> tuple[Image.Exif, list[str]]:
    """Return the EXIF with the caption and the comment of a JPEG in tags of their own, and notes."""
    exif = Image.Exif()
    if photo.exif:
        exif.load(photo.exif)
    if photo.iptc:
        exif[_IPTC] = bare(photo.iptc)
    comment = comment_text(photo.comment).encode()
    said = str(exif.get(_DESCRIPTION, "")).strip("\0 ").encode("latin-1", "replace")  # cameras like to write blanks
    if comment and not said:
        exif[_DESCRIPTION] = comment
    return exif, [COMMENT] if comment and said not in (b"", comment) else []


def _add(file: BinaryIO, exif: Image.Exif) -> bool:
    """Add the tags of `exif`, with the directories they point to, to the finished TIFF in `file`; False if it cannot.

    Pillow can write its directories for any place in a file, so they go behind the pixels, and a new
    first directory with the entries of both behind them.
    """
    file.seek(0)
    order, version, first = struct.unpack("<2sHI", file.read(8))
    if (order, version) != (b"II", 42):  # a BigTIFF: more than 4 GB
        return False
    entries = _entries(file, first)
    exif.endian = "<"
    offset = _even_end(file)
    file.write(to_bytes(exif, offset)[_BEFORE_DIRECTORY:])
    entries = {**_entries(file, offset), **entries}
    offset = _even_end(file)
    file.write(struct.pack("<H", len(entries)) + b"".join(entries[tag] for tag in sorted(entries)) + bytes(4))
    file.seek(4)
    file.write(struct.pack("<I", offset))
    file.seek(0, io.SEEK_END)
    return True


def _entries(file: BinaryIO, offset: int) -> dict[int, bytes]:
    """Return the entries of 12 bytes of the directory at `offset`, by tag."""
    file.seek(offset)
    (count,) = struct.unpack("<H", file.read(2))
    raw = [file.read(12) for _ in range(count)]
    return {struct.unpack("<H", entry[:2])[0]: entry for entry in raw}


def _even_end(file: BinaryIO) -> int:
    """Go to the end of the file, at an even offset as TIFF wants it, and return that."""
    if file.seek(0, io.SEEK_END) % 2:
        file.write(b"\0")
    return file.tell()
