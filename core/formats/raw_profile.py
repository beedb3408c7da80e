"""Photoshop's image resources in the text of a PNG, where ImageMagick puts them: the caption stays, the rest goes.

Such a text is called `Raw profile type 8bim`, or `iptc` by older programs, and says in lines what the profile is, how
many bytes it has, and these in hexadecimal digits.
"""

import zlib

from inpaint.core.formats.photoshop import only_captions

Chunk = tuple[bytes, bytes]
"""Type and data."""

_NAMES = (b"raw profile type 8bim", b"raw profile type iptc")
_BARE_IPTC = b"\x1c"
"""Starts a caption that is in no resource."""
_BYTES_A_LINE = 36
LONGEST = 128 * 2**20
"""Bytes of a text, unpacked: more are an attack on memory, and no profile."""
_DAMAGED = "Photoshop's data in the text of the PNG is damaged and was left out."


def without_old_picture(chunk: Chunk) -> tuple[Chunk | None, list[str]]:
    """Return a chunk of text as it is to be kept, None if not at all, and notes; most are kept as they are."""
    name = chunk[1].split(b"\0", 1)[0]
    if name.lower() not in _NAMES:
        return chunk, []
    try:
        kind, length, *lines = _text(chunk).split(maxsplit=2)
        resources = bytes.fromhex(b"".join(lines).decode("ascii"))
        if len(resources) != int(length):
            raise ValueError("cut short")
    except (ValueError, IndexError, zlib.error):
        return None, [_DAMAGED]
    if resources.startswith(_BARE_IPTC):
        return chunk, []
    captions, notes = only_captions(resources)
    if not captions:
        return None, notes
    rows = [captions[at : at + _BYTES_A_LINE].hex() for at in range(0, len(captions), _BYTES_A_LINE)]
    text = "\n".join(["", kind.decode("latin-1"), f"{len(captions):8}", *rows, ""])
    return (b"zTXt", name + b"\0\0" + zlib.compress(text.encode("latin-1"))), notes


def _text(chunk: Chunk) -> bytes:
    """Return what a chunk tEXt, zTXt or iTXt says. Raises ValueError, IndexError or `zlib.error` when it is damaged."""
    kind, data = chunk
    text, packed = data.split(b"\0", 1)[1], False
    if kind == b"zTXt":
        text, packed = text[1:], True
    elif kind == b"iTXt":
        packed = bool(text[0])
        text = text[2:].split(b"\0", 2)[2]  # behind its language and its translated name
    if not packed:
        return text
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(text, LONGEST)
    if not unpacker.eof:
        raise ValueError("cut short, or longer than any profile")
    return text
