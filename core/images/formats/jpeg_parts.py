"""What a JPEG file holds beside its picture: other JPEG files behind it, a film, and what says so in its segments."""

import mmap
import re
from pathlib import Path

from inpaint.core.images.formats.auxiliary_images import Kind

_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_GAIN_MAP = (
    b"urn:iso:std:iso:ts:21496:-1\0",
    b"http://ns.adobe.com/hdr-gain-map/1.0/",
    b"http://ns.apple.com/HDRGainMap/1.0/",
)
"""In a segment of a gain map: ISO 21496-1, Annex C.2; Ultra HDR; iPhones."""
_START = re.compile(rb"\xff\xd8\xff")
_FILM = re.compile(rb"ftyp(?:mp4|isom|iso\d|qt  |avc1|MSNV|mmp4)|MotionPhoto_Data")
# In coded pixels 0xFF is followed by 0, a restart mark or another 0xFF.
_MARK = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_PADDING = b"\0\xff\x20\r\n"
_LEAST = 16


def jpeg_parts(path: Path) -> set[Kind]:
    """Return what the JPEG at `path` holds beside its picture; a damaged one holds what can be read of it."""
    if not path.stat().st_size:
        return set()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        segments, at = _walk(data, 0)
        kinds: set[Kind] = {"extended XMP"} if any(part.startswith(_XMP_MORE) for part in segments) else set()
        if any(part.startswith(_GAIN_MAP[0]) for part in segments):
            kinds.add("gain map")
        while at < len(data):
            start = _START.search(data, at)
            gap = start.start() if start else len(data)
            if _FILM.search(data, at, gap) is not None:
                # What looks like a JPEG in a film is one of its frames, or chance.
                kinds.add("film")
                return kinds
            if len(data[at : min(gap, at + (1 << 16))].strip(_PADDING)) >= _LEAST:
                kinds.add("other data")
            if start is None:
                break
            segments, at = _walk(data, gap)
            is_map = any(mark in part for part in segments for mark in _GAIN_MAP)
            kinds.add("gain map" if is_map else "other pictures")
        return kinds


def _walk(data: mmap.mmap, at: int) -> tuple[list[bytes], int]:
    """Return the segments APPn of the JPEG that starts at `at`, and where it ends."""
    segments: list[bytes] = []
    at += 2
    while (mark := _MARK.search(data, at)) is not None:
        code, at = mark[1][0], mark.end()
        if code == 0xD9:
            return segments, at
        if code in (0x01, 0xD8):
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if 0xE0 <= code <= 0xEF:
            segments.append(data[at + 2 : at + length])
        at += max(2, length)
    return segments, len(data)
