"""Photographs in and out of files, with everything that must survive a fill."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps, JpegImagePlugin

from inpaint.core.decode import is_deep, open_picture
from inpaint.core.errors import ImageError, OutputError
from inpaint.core.files import atomic_write, check_writable

WRITABLE = {
    ".bmp": "BMP",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}
"""File suffix -> Pillow's name of the format that is written."""

_LONGEST_SIDE = {"JPEG": 65_500, "WEBP": 16_383}
_LONGEST_JPEG_EXIF = 65_527
_ORIENTATION = 0x0112
# Tags that say how a TIFF stores its pixels, its profile and its XMP. Pillow mixes them with the EXIF ones; written to
# another file they would be wrong. The profile travels apart.
_STRUCTURE = {
    *(254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 284, 288, 289, 290, 291),
    *(292, 293, 296, 301, 317, 320, 322, 323, 324, 325, 330, 332, 333, 334, 336, 337, 338, 339, 340, 341, 347, 512),
    *(513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 700, 34675),
}
_DENSITY = {282, 283}  # travels as `dpi`


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photo:
    """A decoded photograph, upright, and what else its file said."""

    pixels: np.ndarray
    """H x W x 3 uint8 RGB; the three channels are equal when `grey`."""
    alpha: np.ndarray | None = None
    """H x W uint8, 0 = transparent; None when the file has none."""
    grey: bool = False
    """Written with one channel where the format has such files."""
    icc: bytes | None = None
    """Colour profile of `pixels`."""
    exif: bytes | None = None
    """EXIF without the orientation, which is applied, and without the thumbnail, which would show the old picture."""
    dpi: tuple[float, float] | None = None
    """Pixels per inch, horizontal and vertical."""
    jpeg: dict[str, Any] | None = None
    """Quantization tables and chroma subsampling of the JPEG it was read from, as Pillow's `save` takes them."""
    notes: tuple[str, ...] = ()
    """What the user should know about the reading."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def with_pixels(self, pixels: np.ndarray, opaque: np.ndarray | None = None) -> "Photo":
        """Return the same photograph with other pixels, of the same shape and dtype.

        - `opaque`: H x W bool, where its transparency ends, too.
        """
        if pixels.shape != self.pixels.shape or pixels.dtype != self.pixels.dtype:
            raise ValueError(f"wanted {self.pixels.shape} {self.pixels.dtype}, got {pixels.shape} {pixels.dtype}")
        alpha = self.alpha
        if alpha is not None and opaque is not None:
            alpha = alpha.copy()
            alpha[opaque] = white_of(alpha.dtype)
        return replace(self, pixels=pixels, alpha=alpha)


def white_of(dtype: np.dtype) -> float:
    """Return the value of white, and of opaque, in arrays of `dtype`: 1.0 for floats."""
    return np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1.0


def read_image(path: str | Path) -> Photo:
    """Read a JPEG, PNG, WebP, TIFF or BMP file with 8 bits per channel: grey, RGB or palette, with or without alpha.

    Raises `ImageError` when there is none at `path`, and for kinds that a fill would damage: more than 8 bits, CMYK,
    several frames or pages, more than 200 megapixels.
    """
    path = Path(path)
    notes = []
    with open_picture(path, ImageError) as picture:
        if is_deep(picture):
            raise ImageError(
                f"{path} has more than 8 bits per channel, and only 8 would survive; save an 8-bit copy and fill that."
            )
        if picture.mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA"):
            raise ImageError(
                f"{path} is a {picture.mode} picture, and conversion would change its colours; "
                "save it as RGB in an image editor and fill that."
            )
        # A TIFF is turned and its EXIF closed while it is loaded; in a PNG the EXIF may follow the pixels.
        if picture.format == "TIFF":
            exif, turned, exif_notes = _read_exif(picture)
            picture.load()
        else:
            picture.load()
            exif, turned, exif_notes = _read_exif(picture)
        jpeg = _jpeg_settings(picture)
        dpi = _read_dpi(picture, swap=turned)
        icc = picture.info.get("icc_profile") or None
        if picture.format == "MPO":
            notes.append(f"{path.name} holds more pictures behind the first; only the first is filled and kept.")
        upright = ImageOps.exif_transpose(picture)
        pixels, alpha, grey, mode_notes = _split(upright)
    return Photo(
        pixels=pixels,
        alpha=alpha,
        grey=grey,
        icc=icc,
        exif=exif,
        dpi=dpi,
        jpeg=jpeg,
        notes=(*notes, *mode_notes, *exif_notes),
    )


def write_image(photo: Photo, path: str | Path) -> tuple[str, ...]:
    """Write a photograph in the format of the suffix of `path`, whole or not at all.

    PNG, WebP, TIFF and BMP are written without loss, JPEG with the settings of the JPEG the photograph came from, or
    else at quality 95 with full colour resolution.

    Returns notes on what the format could not keep. Raises `OutputError`.
    """
    check_output(photo, path)
    kind = WRITABLE[Path(path).suffix.lower()]
    picture, options, notes = _prepare(photo, kind)
    with atomic_write(path) as file:
        picture.save(file, kind, **options)
    return notes


def check_output(photo: Photo, path: str | Path) -> None:
    """Raise `OutputError` when it is plain before any work that `photo` cannot be written to `path`."""
    path = Path(path)
    kind = WRITABLE.get(path.suffix.lower())
    if kind is None:
        raise OutputError(f"{path} has no suffix of a format that Inpaint writes; choose one of {', '.join(WRITABLE)}.")
    if kind in ("BMP", "JPEG") and photo.alpha is not None and photo.alpha.min() < 255:
        raise OutputError(f"{kind} files hold no transparency, and this picture has some; choose the suffix .png.")
    limit = _LONGEST_SIDE.get(kind)
    if limit is not None and max(photo.size) > limit:
        raise OutputError(f"{kind} files have at most {limit} pixels a side; choose the suffix .png.")
    check_writable(path)


def _split(picture: Image.Image) -> tuple[np.ndarray, np.ndarray | None, bool, list[str]]:
    """Return RGB pixels, alpha or None, whether it is grey, and notes."""
    notes = []
    has_alpha = picture.has_transparency_data
    grey = picture.mode in ("1", "L", "LA")
    if picture.mode in ("P", "PA"):
        notes.append("The picture has a palette; the result is written in full colour.")
    elif picture.mode == "1":
        notes.append("The picture has only black and white; the result is written in shades of grey.")
        picture = picture.convert("L")  # on its own, because the way to LA is not always the same
    wanted = {(True, True): "LA", (True, False): "L", (False, True): "RGBA", (False, False): "RGB"}[grey, has_alpha]
    array = np.asarray(picture if picture.mode == wanted else picture.convert(wanted))
    alpha = np.ascontiguousarray(array[..., -1]) if has_alpha else None
    if grey:
        array = array[..., 0] if has_alpha else array
        return cv2.cvtColor(np.ascontiguousarray(array), cv2.COLOR_GRAY2RGB), alpha, grey, notes
    return np.array(array[..., :3], order="C"), alpha, grey, notes


def _join(photo: Photo, kind: str) -> Image.Image:
    """Put the channels that a `kind` file holds together again."""
    # Every weight of OpenCV's grey is exact where the three channels are equal, so that known pixels survive.
    colour = cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY) if photo.grey and kind != "WEBP" else photo.pixels
    if photo.alpha is None or kind in ("BMP", "JPEG"):
        return Image.fromarray(colour)
    return Image.fromarray(np.dstack([colour, photo.alpha]))


def _prepare(photo: Photo, kind: str) -> tuple[Image.Image, dict[str, Any], tuple[str, ...]]:
    """Return Pillow's picture, the options for its `save`, and notes on what is lost."""
    icc, exif, notes = photo.icc, photo.exif, []
    if kind == "BMP" and (icc or exif):
        icc = exif = None
        notes.append("BMP files hold neither a colour profile nor EXIF; choose .png to keep them.")
    if kind == "WEBP" and photo.grey and icc and icc[16:20] == b"GRAY":
        icc = None
        notes.append("WebP files have no grey, so the grey colour profile was left out; choose .png to keep it.")
    if kind == "JPEG":
        notes.append("JPEG changes every pixel a little; choose .png to keep the known ones exactly.")
        if exif and len(exif) > _LONGEST_JPEG_EXIF:
            exif = None
            notes.append("The EXIF data is too long for a JPEG file and was left out; choose .png to keep it.")
    options: dict[str, Any] = {
        # Run-length coding makes photographs as small as zlib's slow levels do, in a third of the time.
        "PNG": {"compress_level": 1, "compress_type": 3},
        "JPEG": photo.jpeg or {"quality": 95, "subsampling": 0},
        "WEBP": {"lossless": True, "exact": True, "quality": 25, "method": 1},
        "TIFF": {},  # uncompressed: with compression, Pillow cannot write the parts of EXIF
        "BMP": {},
    }[kind]
    extra = {"icc_profile": icc, "exif": exif, "dpi": photo.dpi if kind != "WEBP" else None}
    return _join(photo, kind), options | {key: value for key, value in extra.items() if value}, tuple(notes)


def _jpeg_settings(picture: Image.Image) -> dict[str, Any] | None:
    """Return how a JPEG was compressed, so that the result is compressed the same; None for everything else."""
    if not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return None
    tables = picture.quantization
    if not tables or max(max(table) for table in tables.values()) > 255:
        return None
    settings: dict[str, Any] = {"qtables": [list(tables[key]) for key in sorted(tables)]}
    sampling = JpegImagePlugin.get_sampling(picture)
    return settings | ({"subsampling": sampling} if sampling >= 0 else {})


def _read_exif(picture: Image.Image) -> tuple[bytes | None, bool, list[str]]:
    """Return the EXIF to keep, whether turning the picture upright swaps its sides, and notes."""
    try:
        exif = picture.getexif()
        turned = exif.get(_ORIENTATION, 1) in (5, 6, 7, 8)
        kept = Image.Exif()
        kept.load(exif.tobytes())
        for tag in {_ORIENTATION, *_STRUCTURE, *_DENSITY} & set(kept):
            del kept[tag]
        return (kept.tobytes() if kept else None), turned, []
    except Exception:  # Pillow's EXIF reader fails in many ways on what cameras write
        return None, False, ["The EXIF data is damaged and was left out."]


def _read_dpi(picture: Image.Image, *, swap: bool) -> tuple[float, float] | None:
    """Return the resolution where the file gives a sensible one."""
    try:
        across, down = (float(value) for value in picture.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not (0 < across < 1e6 and 0 < down < 1e6):
        return None
    return (down, across) if swap else (across, down)
