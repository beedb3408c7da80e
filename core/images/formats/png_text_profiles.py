"""Profiles in the text of a PNG, where ImageMagick and older programs put what has a chunk of its own, and captions.

Such a text is called `Raw profile type 8bim` or the like, and says in lines what the profile is, how many bytes it has,
and these in hexadecimal digits. Photoshop's image resources are in `8bim`, or in `iptc` by older programs: of them the
caption stays, and the rest goes.
"""

import zlib

from inpaint.core.images.formats.photoshop import only_captions

Chunk = tuple[bytes, bytes]
"""Type and data."""
TEXT = (b"tEXt", b"zTXt", b"iTXt")
"""Types of the chunks that hold text."""
LONGEST = 128 * 2**20
"""Bytes of a text, unpacked: more are an attack on memory, and no profile."""

_PHOTOSHOP = (b"raw profile type 8bim", b"raw profile type iptc")
_FIELDS = {
    b"raw profile type exif": "exif",
    b"raw profile type app1": "exif",  # of a JPEG; or XMP
    b"raw profile type xmp": "xmp",
    b"raw profile type icc": "icc_profile",
    b"raw profile type icm": "icc_profile",
}
"""What has a chunk of its own, and Pillow's name for that."""
_XMP_IN_APP1 = b"http://ns.adobe.com/xap/1.0/\0"
_BARE_IPTC = b"\x1c"
"""Starts a caption that is in no resource."""
_BYTES_A_LINE = 36
_DAMAGED = "Photoshop's data in the text of the PNG is damaged and was left out."
_DAMAGED_PROFILE = "XMP or a colour profile in the text of the PNG is damaged and was left out."
_ERRORS = (ValueError, IndexError, zlib.error)


def is_old_metadata(chunk: Chunk) -> bool:
    """Say whether a chunk of text holds EXIF, XMP or a colour profile in the old way."""
    return _name(chunk) in _FIELDS


def old_metadata(chunks: list[Chunk]) -> tuple[dict[str, bytes], list[str]]:
    """Return EXIF, XMP and colour profile of the texts that hold them, under Pillow's names for them, and notes."""
    said, notes = {}, []
    for chunk in filter(is_old_metadata, chunks):
        field = _FIELDS[_name(chunk)]
        try:
            _, data, whole = _profile(chunk)
        except _ERRORS:
            data, whole = b"damaged", False
        if data.startswith(_XMP_IN_APP1):
            field, data = "xmp", data.removeprefix(_XMP_IN_APP1)
        if whole or field == "exif":  # whose reader says itself what is damaged
            said[field] = data
        else:
            notes.append(_DAMAGED_PROFILE)
    return said, notes


def without_old_picture(chunk: Chunk) -> tuple[Chunk | None, list[str]]:
    """Return a chunk of text as it is to be kept, None if not at all, and notes; most are kept as they are."""
    if _name(chunk) not in _PHOTOSHOP:
        return chunk, []
    try:
        kind, resources, whole = _profile(chunk)
    except _ERRORS:
        kind, resources, whole = b"", b"", False
    if not whole:
        return None, [_DAMAGED]
    if resources.startswith(_BARE_IPTC):
        return chunk, []
    captions, notes = only_captions(resources)
    if not captions:
        return None, notes
    return to_chunk(chunk[1].split(b"\0", 1)[0], kind, captions), notes


def to_chunk(name: bytes, kind: bytes, data: bytes) -> Chunk:
    """Return a profile as a chunk of text; `_profile` reads it."""
    rows = [data[at : at + _BYTES_A_LINE].hex().encode() for at in range(0, len(data), _BYTES_A_LINE)]
    text = b"\n".join([b"", kind, f"{len(data):8}".encode(), *rows, b""])
    return b"zTXt", name + b"\0\0" + zlib.compress(text)


def _name(chunk: Chunk) -> bytes:
    """Return what a text is called, in small letters; what is no text is called nothing."""
    kind, data = chunk
    return data.split(b"\0", 1)[0].lower() if kind in TEXT else b""


def _profile(chunk: Chunk) -> tuple[bytes, bytes, bool]:
    """Return what a profile says that it is, its bytes, and whether these are as many as it says.

    Raises ValueError, IndexError or `zlib.error` when it is damaged.
    """
    kind, length, *lines = _text(chunk).split(maxsplit=2)
    data = bytes.fromhex(b"".join(lines).decode("ascii"))
    return kind, data, len(data) == int(length)


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
