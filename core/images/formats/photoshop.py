"""Photoshop's image resources in JPEG and TIFF files: the caption stays, what shows the old picture goes.

Adobe Photoshop File Formats Specification, "Image Resource Blocks": each has a signature, a number, a name, and a
length with as many bytes; name and bytes are padded to even lengths. Thumbnails, paths and layers are among them.
"""

import struct
from collections.abc import Iterator
from typing import Any

HEADER = b"Photoshop 3.0\0"
"""Starts each segment APP13 of a JPEG with resources; long ones are spread over several segments."""

_SIGNATURES = (b"8BIM", b"AgHg", b"DCSR", b"MeSa", b"PHUT")  # of Photoshop, Lightroom and other programs of Adobe
_CAPTION = 0x0404
_LONGEST_SEGMENT = 65_533 - len(HEADER)
_DAMAGED = "The caption (IPTC) is damaged and was left out."


def only_captions(resources: Any) -> tuple[bytes, list[str]]:
    """Return those of the image resources that hold IPTC, as they were, and notes.

    - `resources`: bytes; for anything else, and for damaged ones, nothing is kept.
    """
    try:
        return b"".join(whole for kind, whole, _ in _parts(resources) if kind == _CAPTION), []
    except (AttributeError, TypeError, ValueError, struct.error):
        return b"", [_DAMAGED]


def bare(captions: bytes) -> bytes:
    """Return the IPTC of what `only_captions` has kept, without the resources around it, as a tag of a TIFF has it."""
    return b"".join(content for _, _, content in _parts(captions))


def to_segments(resources: bytes) -> bytes:
    """Return resources as segments APP13 of a JPEG."""
    pieces = [HEADER + resources[at : at + _LONGEST_SEGMENT] for at in range(0, len(resources), _LONGEST_SEGMENT)]
    return b"".join(b"\xff\xed" + struct.pack(">H", len(piece) + 2) + piece for piece in pieces)


def _parts(resources: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the number, the whole with its padding, and the content of each resource. Raises when one is damaged."""
    at, end = 0, len(resources.rstrip(b"\0"))  # some programs fill up with zeros
    while at < end:
        signature, kind, name = struct.unpack_from(">4sHB", resources, at)
        length_at = at + 6 + (name + 2) // 2 * 2
        (length,) = struct.unpack_from(">I", resources, length_at)
        behind = length_at + 4 + length
        if signature not in _SIGNATURES or behind > len(resources):
            raise ValueError("not a resource, or cut short")
        yield kind, resources[at:behind] + bytes(length % 2), resources[length_at + 4 : behind]
        at = behind + length % 2
