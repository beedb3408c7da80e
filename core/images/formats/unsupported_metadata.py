"""What a photograph says about itself and other formats than its own have no place for: one note for each."""

import struct

from inpaint.core.images.formats.jxl import stored_cicp
from inpaint.core.images.formats.metadata import comment_text
from inpaint.core.images.formats.png_text_profiles import TEXT, Chunk
from inpaint.core.images.photo import Photo

COMMENT = "The comment was left out; choose .png to keep it."
_CAPTION = "The caption (IPTC) was left out; choose .png or .tif to keep it."
_TEXT = "The text of the PNG was left out; choose .png to keep it."
_COLOURS = (
    "The colour space, which the file gives in numbers (cICP, gamma), was left out, so its colours may look different; "
    "choose .png to keep it."
)
_EXTRA = "The extra channel, which is no transparency, was left out; choose .tif to keep it."

_CICP_OF_SRGB = b"\x01\x0d\x00\x01"
_GAMMA_OF_SRGB = 45_455
_PRIMARIES_OF_SRGB = (31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)
_SAME_GAMMA, _SAME_PRIMARIES = 0.05, 1_000
"""How far they may be off and are still called those of sRGB, as libpng has it."""


def left_out(photo: Photo, kind: str) -> list[str]:
    """Return notes on what a file of the `kind` PNG, TIFF, JPEG, WEBP, JXL or BMP leaves out of what `photo` says.

    Profile, EXIF and XMP have notes of their own where they are written, and so has a comment in a TIFF.
    """
    notes = []
    if photo.iptc and kind in ("WEBP", "JXL", "BMP"):
        notes.append(_CAPTION)
    if comment_text(photo.comment) and kind in ("WEBP", "JXL", "BMP"):
        notes.append(COMMENT)
    if kind != "PNG" and any(chunk[0] in TEXT for chunk in photo.png):
        notes.append(_TEXT)
    keeps_colours = kind == "PNG" or (kind == "JXL" and stored_cicp(photo) is not None)
    # Readers take the floats of a TIFF for linear light.
    keeps_colours |= kind == "TIFF" and photo.pixels.dtype.kind == "f" and stored_cicp(photo) == (1, 8)
    if not keeps_colours and _has_own_colours(photo.png, profile=photo.icc is not None):
        notes.append(_COLOURS)
    if kind != "TIFF" and photo.extra is not None:
        notes.append(_EXTRA)
    return notes


def _has_own_colours(chunks: tuple[Chunk, ...], *, profile: bool) -> bool:
    """Say whether the colours are read as others than those of sRGB, or of the profile, because a chunk says so.

    PNG specification, third edition, section 4.3: cICP goes before a profile, that before sRGB, and that before others.
    """
    said = dict(chunks)
    if b"mDCV" in said or b"cLLI" in said:
        return True
    if b"cICP" in said:
        return said[b"cICP"] != _CICP_OF_SRGB
    if profile or b"sRGB" in said:
        return False
    return _differs(said.get(b"gAMA"), (_GAMMA_OF_SRGB,), _SAME_GAMMA * _GAMMA_OF_SRGB) or _differs(
        said.get(b"cHRM"), _PRIMARIES_OF_SRGB, _SAME_PRIMARIES
    )


def _differs(data: bytes | None, usual: tuple[int, ...], tolerance: float) -> bool:
    """Say whether a chunk of numbers is there and says something else than usual; a damaged one says nothing."""
    if data is None or len(data) != 4 * len(usual):
        return False
    numbers = struct.unpack(f">{len(usual)}I", data)
    return any(abs(number - other) > tolerance for number, other in zip(numbers, usual, strict=True))
