"""What the boxes of an AVIF or HEIF file say that its readers do not: colours in numbers, and pictures beside it.

ISO/IEC 14496-12 (boxes) and 23008-12 (items and their properties). The `meta` box lists the items of a file and which
properties each has; the primary item is the picture.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from inpaint.core.images.formats.auxiliary_images import Kind

_LONGEST = 64 * 2**20
_AUXILIARY: tuple[tuple[bytes, Kind | None], ...] = (
    (b"aux:alpha", None),
    (b"auxiliary:alpha", None),
    (b"hevc:2015:auxid:1", None),
    (b"hevc:2015:auxid:2", "depth"),
    (b"gainmap", "gain map"),
    (b"depth", "depth"),
    (b"disparity", "depth"),
    (b"matte", "matte"),
)
"""Part of the name of an auxiliary picture, and what it is; transparency is read."""
UNSPECIFIED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class HeifBoxes:
    """What was found; nothing of it in a file that is damaged."""

    cicp: tuple[int, int] | None = None
    """Colour primaries and transfer characteristics of the picture, as ITU-T H.273 numbers them."""
    bits: int = 8
    """Per channel of the picture."""
    kinds: set[Kind] = field(default_factory=set)
    """What is beside the picture."""


def read_boxes(path: Path) -> HeifBoxes:
    """Read the boxes of the AVIF or HEIF at `path`."""
    try:
        meta, film = _meta(path)
        return _described(meta, film)
    except (struct.error, IndexError, ValueError, KeyError):
        return HeifBoxes()


def _meta(path: Path) -> tuple[bytes, bool]:
    """Return what the box `meta` holds, and whether there is a film behind it."""
    meta, film, size = b"", False, path.stat().st_size
    at = 0
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length, kind, start = int.from_bytes(head[:4], "big"), head[4:8], 8
            if length == 1:
                length, start = int.from_bytes(head[8:16], "big"), 16
            if length == 0:
                length = size - at
            if length < start:
                break
            if kind == b"meta" and not meta and length <= _LONGEST:
                file.seek(at + start + 4)
                meta = file.read(length - start - 4)
            # `mpvd` is the film of a motion photo; in others it follows as a file of its own.
            film |= kind == b"mpvd" or (kind == b"ftyp" and at > 0)
            at += length
    return meta, film


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the content of each box."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        length = length or len(data) - at
        if length < 8:
            raise ValueError("a box that is shorter than its head")
        yield kind, data[at + 8 : at + length]
        at += length


def _described(meta: bytes, film: bool) -> HeifBoxes:
    found = dict(_boxes(meta))
    properties = dict(_boxes(found.get(b"iprp", b"")))
    listed = list(_boxes(properties.get(b"ipco", b"")))
    kinds: set[Kind] = {"film"} if film else set()
    for kind, content in listed:
        if kind == b"auxC":
            name = content[4:].split(b"\0", 1)[0].lower()
            known: list[Kind | None] = [what for word, what in _AUXILIARY if word in name]
            if not known:
                kinds.add("other pictures")
            elif known[0] is not None:
                kinds.add(known[0])
    if b"tmap" in _item_types(found.get(b"iinf", b"")):
        kinds.add("gain map")
    version = found[b"pitm"][0] if b"pitm" in found else 0
    primary = int.from_bytes(found.get(b"pitm", bytes(6))[4 : 8 if version else 6], "big")
    own = [
        listed[number - 1] for number in _numbers(properties.get(b"ipma", b""), primary) if 0 < number <= len(listed)
    ]
    cicp, bits = None, 8
    for kind, content in own:
        if kind == b"colr" and content[:4] == b"nclx":
            first, second = struct.unpack_from(">HH", content, 4)
            cicp = first, second
        elif kind == b"pixi":
            bits = max(content[5 : 5 + content[4]], default=8)
        elif kind == b"av1C" and content[2] & 0x40:
            bits = max(bits, 12 if content[2] & 0x20 else 10)
    return HeifBoxes(cicp=cicp, bits=bits, kinds=kinds)


def _item_types(iinf: bytes) -> set[bytes]:
    """Return the types of all items."""
    if not iinf:
        return set()
    entries = iinf[6 if iinf[0] == 0 else 8 :]
    places = {2: 8, 3: 10}  # of the type, by the version of an entry: behind the item's number, which grew
    return {
        box[places[box[0]] : places[box[0]] + 4]
        for kind, box in _boxes(entries)
        if kind == b"infe" and box[0] in places
    }


def _numbers(ipma: bytes, item: int) -> list[int]:
    """Return the numbers, from 1, of the properties of an item."""
    if not ipma:
        return []
    long_id, long_number = ipma[0] >= 1, ipma[3] & 1
    (count,) = struct.unpack_from(">I", ipma, 4)
    at = 8
    for _ in range(count):
        (number,) = struct.unpack_from(">I" if long_id else ">H", ipma, at)
        at += 4 if long_id else 2
        many, at = ipma[at], at + 1
        step = 2 if long_number else 1
        found = [int.from_bytes(ipma[at + i * step : at + i * step + step], "big") for i in range(many)]
        if number == item:
            return [value & (0x7FFF if long_number else 0x7F) for value in found]
        at += many * step
    return []


def to_chunk(cicp: tuple[int, int]) -> bytes | None:
    """Return the content of PNG's chunk cICP for the colours; None where they are those of sRGB, or not said.

    RGB of full range, as decoders give it. One that is left open counts as that of sRGB.
    """
    primaries, transfer = (other if value == UNSPECIFIED else value for value, other in zip(cicp, (1, 13), strict=True))
    if (primaries, transfer) == (1, 13) or not (primaries < 256 and transfer < 256):
        return None
    return bytes([primaries, transfer, 0, 1])
