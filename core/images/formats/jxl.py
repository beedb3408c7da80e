"""JPEG XL with imagecodecs: whole numbers and floats, EXIF and XMP of its container; written without loss."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from inpaint.core.errors import ImageError
from inpaint.core.images.formats.heif_boxes import to_chunk
from inpaint.core.images.formats.high_bit_depth import deep_photo, to_16_bits
from inpaint.core.images.formats.jxl_colours import SRGB, can_say, with_colours
from inpaint.core.images.formats.jxl_header import JxlHeader, read_header
from inpaint.core.images.formats.metadata import EXIF_HEADER, with_dpi
from inpaint.core.images.memory_need import check_memory
from inpaint.core.images.numbers import check_finite, note_numbers
from inpaint.core.images.photo import Photo, joined
from inpaint.core.images.pixels import white_of

_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_FILE_TYPE = b"\0\0\0\x14ftypjxl \0\0\0\0jxl "
_CODESTREAM = b"\xff\x0a"
_HEAD = 2**20
_LONGEST = 16 * 2**20
_EFFORT = 3
"""Of 1 to 9: higher ones take many times as long and save a few percent."""


def jxl_pixels(path: Path) -> int:
    """Return how many pixels a JPEG XL has. Raises `ValueError` when its head is damaged."""
    with path.open("rb") as file:
        header = _header(_boxes(file.read(_HEAD)))
    return header.width * header.height


def read_jxl(path: Path) -> Photo:
    """Read a JPEG XL with one picture. Raises `ImageError` for kinds that a fill would damage."""
    import imagecodecs

    data = path.read_bytes()
    boxes = list(_boxes(data))
    header = _header(boxes)
    _check(header, path)
    size = 4 if header.floats else (1 if header.bits <= 8 else 2)
    check_memory(path, header.width, header.height, size * (3 + len(header.extra)), ImageError)
    array = imagecodecs.jpegxl_decode(data)
    del data
    if array.dtype.kind == "u" and 8 < header.bits < 16:
        array = to_16_bits(array, header.bits)
    with Image.new("1", (1, 1)) as described:
        described.info, said = _described(boxes)
        photo = deep_photo(described, array, turned=True)
    notes = [*said, *note_numbers(photo.pixels, path.name)]
    if photo.alpha is not None:
        check_finite(photo.alpha, path)
        if header.premultiplied and photo.alpha.min() < white_of(photo.alpha.dtype):
            raise ImageError(
                f"{path} has premultiplied transparency, which a fill cannot keep exactly; save it with straight "
                "(unassociated) alpha and fill that."
            )
    chunk = to_chunk(header.cicp) if header.cicp else None
    if header.cicp is None:
        notes.append(
            f"{path.name} describes its colours in a way that Inpaint does not read, so they may look different."
        )
    return replace(photo, png=((b"cICP", chunk),) if chunk else (), notes=(*photo.notes, *notes))


def write_jxl(photo: Photo, file: BinaryIO) -> tuple[str, ...]:
    """Write `photo` without loss, with its EXIF, XMP and resolution; returns notes on what has no place."""
    import imagecodecs

    array = np.ascontiguousarray(joined(photo, grey=True, alpha=True))
    # Its `distance=0` and `level=100` change pixels.
    data = bytes(imagecodecs.jpegxl_encode(array, lossless=True, effort=_EFFORT))
    cicp = stored_cicp(photo)
    data = with_colours(next(_streams(data)), cicp or SRGB)
    exif = with_dpi(photo.exif, photo.dpi) if photo.dpi else photo.exif
    # Level 10 is what more than 8 bits without loss need.
    boxes = [(b"jxll", b"\x0a")] if array.dtype != np.uint8 else []
    boxes += [(b"Exif", bytes(4) + exif.removeprefix(EXIF_HEADER))] if exif else []
    boxes += [(b"xml ", photo.xmp)] if photo.xmp else []
    if boxes:
        file.write(_CONTAINER + _FILE_TYPE + b"".join(map(_box, *zip(*boxes, strict=True))) + b"\0\0\0\0jxlc")
    file.write(data)
    if photo.icc and not cicp:
        return ("JPEG XL files are written without a colour profile, so it was left out; choose .png to keep it.",)
    return ()


def stored_cicp(photo: Photo) -> tuple[int, int] | None:
    """Return the colours of `photo` in the numbers of ITU-T H.273, if it has them and JPEG XL as well."""
    said = dict(photo.png)
    if b"mDCV" in said or b"cLLI" in said or len(said.get(b"cICP", b"")) != 4:
        return None
    cicp = said[b"cICP"][0], said[b"cICP"][1]
    return cicp if can_say(cicp) else None


def _check(header: JxlHeader, path: Path) -> None:
    """Refuse what a fill would damage."""
    if header.animated:
        raise ImageError(f"{path} holds several pictures (animation or pages); save the one you mean alone.")
    if header.has_icc:
        raise ImageError(
            f"{path} has a colour profile that Inpaint cannot read out of JPEG XL; save it as PNG or TIFF and fill "
            "that."
        )
    if header.extra not in ([], [0]):
        raise ImageError(
            f"{path} has channels beside its colours; save it as grey or RGB, with one alpha channel at most."
        )
    if not header.floats and not 8 <= header.bits <= 16:
        raise ImageError(f"{path} has {header.bits} bits per channel; save it with 8 or 16, or as floats.")


def _streams(data: bytes) -> Iterator[bytes]:
    """Yield the codestreams of an encoded file."""
    at = 0 if data.startswith(_CODESTREAM) else len(_CONTAINER)
    if not at:
        yield data
        return
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        start = at + (16 if length == 1 else 8)
        length = struct.unpack_from(">Q", data, at + 8)[0] if length == 1 else length or len(data) - at
        if kind == b"jxlc":
            yield data[start : at + length]
        at += length


def _header(boxes: Iterable[tuple[bytes, bytes]]) -> JxlHeader:
    return read_header(next((content for kind, content in boxes if kind in (b"jxlc", b"jxlp")), b"")[:4096])


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the boxes of a container; of a bare codestream itself as one."""
    if data.startswith(_CODESTREAM):
        yield b"jxlc", data
        return
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if length == 1:
            (length,), start = struct.unpack_from(">Q", data, start), at + 16
        end = len(data) if length == 0 else at + length
        if end < start:
            raise ValueError("a box that is shorter than its head")
        # Of the pixels only the head is looked at here.
        content = data[start : min(end, start + 8192) if kind in (b"jxlc", b"jxlp") else end]
        yield kind, content[4:] if kind == b"jxlp" else content
        at = end


def _described(boxes: list[tuple[bytes, bytes]]) -> tuple[dict[str | tuple[int, int], bytes], list[str]]:
    """Return EXIF and XMP under Pillow's names for them, and notes."""
    import imagecodecs

    said, notes = {}, []
    for kind, content in boxes:
        if kind == b"brob":
            try:
                # Into so many bytes at most, because a short box can unpack to gigabytes.
                kind, content = content[:4], bytes(imagecodecs.brotli_decode(content[4:], out=bytearray(_LONGEST)))
            except (RuntimeError, ValueError):
                notes.append("EXIF or XMP data is damaged or too long and was left out.")
                continue
        said.setdefault(kind, content)
    info: dict[str | tuple[int, int], bytes] = {}
    if len(data := said.get(b"Exif", b"")) > 4:
        info["exif"] = EXIF_HEADER + data[4 + int.from_bytes(data[:4], "big") :]
    if b"xml " in said:
        info["xmp"] = said[b"xml "]
    return info, notes


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content
