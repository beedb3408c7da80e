"""EXIF, XMP, resolution and orientation: the same in every format."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from inpaint.core.images.formats.photoshop import only_captions

ORIENTATION = 0x0112
EXIF_HEADER = b"Exif\0\0"
# Tags that say how a TIFF stores its pixels, its profile and its XMP. Readers mix them with the EXIF ones; written to
# another file they would be wrong. The profile and the XMP travel apart.
_STRUCTURE = {
    *(254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 284, 288, 289, 290, 291),
    *(292, 293, 296, 301, 317, 320, 322, 323, 324, 325, 330, 332, 333, 334, 336, 337, 338, 339, 340, 341, 347, 512),
    *(513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 700, 34675),
}
_ACROSS, _DOWN, _UNIT = 282, 283, 296
_DENSITY = {_ACROSS, _DOWN}  # travels as `dpi`
PER_INCH = {2: 1.0, 3: 2.54}
"""What the numbers of a resolution are to be multiplied by, for each unit of TIFF and EXIF that is a length."""
_EXIF, _GPS, _WIDTH, _HEIGHT = 0x8769, 0x8825, 0xA002, 0xA003
_RESOURCES, _LAYERS = 34377, 37724  # of Photoshop, in a TIFF
_DAMAGED = "The EXIF data is damaged and was left out."
# Up to the next of its kind, so that a long file of openings takes no longer than another.
_XMP_THUMBNAILS = re.compile(rb"<(xmp|xap):Thumbnails\b(?:(?!<\1:Thumbnails).)*?</\1:Thumbnails\s*>", re.DOTALL)


def read_exif(picture: Image.Image) -> Image.Exif:
    """Return the EXIF of what Pillow has opened. Raises anything when it is damaged."""
    # Where opening a JPEG has met the damage already, `getexif` is silent about it.
    Image.Exif().load(picture.info.get("exif") or b"")
    return picture.getexif()


def to_bytes(exif: Image.Exif, offset: int = 8) -> bytes:
    """Return EXIF for the place `offset` of a file, with its texts as they were, in whatever encoding that was."""
    for directory in (exif, *(exif.get_ifd(tag) for tag in (_EXIF, _GPS) if tag in exif)):
        for tag, value in directory.items():
            if isinstance(value, str):
                directory[tag] = _AsRead(value)
    return exif.tobytes(offset)


def clean_exif(read: Callable[[], Image.Exif]) -> tuple[bytes | None, int, list[str]]:
    """Return the EXIF to keep, the orientation 1..8 that the pixels are to be turned by, and notes.

    - `read`: gives the EXIF of a file, and may fail.
    """
    orientation = 1
    try:
        exif = read()
        if (turned := exif.get(ORIENTATION, 1)) in range(1, 9):
            orientation = int(turned)
        kept = Image.Exif()
        kept.load(to_bytes(exif))
        for tag in {ORIENTATION, *_STRUCTURE, *_DENSITY} & set(kept):
            del kept[tag]
        if orientation >= 5 and _EXIF in kept:
            _swap(kept.get_ifd(_EXIF), _WIDTH, _HEIGHT)
        notes = []
        if kept.pop(_LAYERS, None) is not None:
            notes.append("Photoshop's data on layers was left out, because it can show the old picture.")
        if (resources := kept.pop(_RESOURCES, None)) is not None:
            captions, caption_notes = only_captions(resources)
            notes += caption_notes
            if captions:
                kept[_RESOURCES] = captions
        return (to_bytes(kept) if kept else None), orientation, notes
    except Exception:  # Pillow's EXIF reader fails in many ways on what cameras write
        return None, orientation, [_DAMAGED]


def clean_xmp(xmp: Any) -> bytes | None:
    """Return an XMP packet that says upright and holds no thumbnails of the old picture."""
    if isinstance(xmp, tuple):  # how tifffile gives bytes
        xmp = bytes(xmp)
    if isinstance(xmp, str):
        xmp = xmp.encode()
    if not isinstance(xmp, bytes) or not xmp.strip(b"\0"):
        return None
    xmp = _XMP_THUMBNAILS.sub(b"", xmp.rstrip(b"\0"))
    return re.sub(rb"(tiff:Orientation(?:\s*=\s*[\"']|>)\s*)[2-8]", rb"\g<1>1", xmp)


def stored_dpi(picture: Image.Image) -> Any:
    """Return the resolution as stored, without any check: Pillow's, or that of the EXIF where Pillow gives none.

    It gives none for WebP, AVIF and HEIF, which have no other place for it.
    """
    if picture.info.get("dpi"):
        return picture.info["dpi"]
    try:
        exif = read_exif(picture)
        factor = PER_INCH[exif.get(_UNIT, 2)]
        return float(exif[_ACROSS]) * factor, float(exif[_DOWN]) * factor
    except Exception:  # as in `clean_exif`
        return None


def with_dpi(exif: bytes | None, dpi: tuple[float, float]) -> bytes:
    """Return the EXIF with a resolution in it, for a format that has no other place for one."""
    said = Image.Exif()
    if exif:
        said.load(exif)
    said[_ACROSS], said[_DOWN], said[_UNIT] = *dpi, 2
    return to_bytes(said)


def comment_text(comment: bytes) -> str:
    """Return what the comment of a JPEG says, which has no encoding of its own: UTF-8 where it can be that."""
    comment = comment.rstrip(b"\0").replace(b"\0", b" ")
    try:
        return comment.decode().strip()
    except UnicodeDecodeError:
        return comment.decode("latin-1").strip()


def clean_dpi(dpi: Any, orientation: int) -> tuple[float, float] | None:
    """Return the resolution where a file gives a sensible one, horizontal and vertical after turning."""
    try:
        across, down = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not (0 < across < 1e6 and 0 < down < 1e6):
        return None
    return (down, across) if orientation >= 5 else (across, down)


def upright(array: np.ndarray, orientation: int) -> np.ndarray:
    """Return H x W or H x W x C turned as EXIF's orientation 1..8 asks for; a view."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array


class _AsRead(str):
    """A text of EXIF, which Pillow reads as Latin-1, and would write as ASCII with question marks."""

    __slots__ = ()

    def encode(self, encoding: str = "latin-1", errors: str = "strict") -> bytes:
        """Return the bytes that it was read from."""
        return super().encode("latin-1", "replace")


def _swap(directory: dict[int, Any], first: int, second: int) -> None:
    """Exchange the values of two tags, of which either may be missing."""
    values = {second: directory.pop(first, None), first: directory.pop(second, None)}
    directory.update({tag: value for tag, value in values.items() if value is not None})
