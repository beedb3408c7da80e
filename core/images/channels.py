"""The numbers that a picture file holds, as they are: what masks, label maps and training pictures are made of.

Photographs go through `read_write`, which keeps all the rest of a file as well; both decode with the same functions.
"""

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageOps

from inpaint.core.errors import InpaintError
from inpaint.core.images.decode import is_tiff, open_picture, refusing
from inpaint.core.images.formats.metadata import ORIENTATION, upright
from inpaint.core.images.formats.png import decode_deep
from inpaint.core.images.formats.tiff_pages import main_page, numbered_page, page_samples
from inpaint.core.images.memory_need import check_memory

_KINDS = {
    tifffile.PHOTOMETRIC.MINISWHITE: 1,
    tifffile.PHOTOMETRIC.MINISBLACK: 1,
    tifffile.PHOTOMETRIC.RGB: 3,
    tifffile.PHOTOMETRIC.PALETTE: 1,
    tifffile.PHOTOMETRIC.MASK: 1,
}
"""Kinds of TIFF page that tifffile decodes, with how many channels are colours."""
_LOSSY = ("JPEG", "MPO", "AVIF", "HEIF")
_LOSSY_TIFF = (tifffile.COMPRESSION.JPEG, tifffile.COMPRESSION.OJPEG, 34892)
_ASSOCIATED, _UNASSOCIATED = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Channels:
    """A decoded picture, upright, in the numbers of its file, with black as 0."""

    colours: np.ndarray
    """H x W x 1 (grey, or numbers of colours) or H x W x 3 (RGB); unsigned or signed integers, or floats."""
    white: float
    """What white is in `colours`, by the depth of the file: 1 for floats and for pictures of one bit."""
    alpha: np.ndarray | None = None
    """H x W, 0 = transparent and `white` = opaque."""
    extra: np.ndarray | None = None
    """H x W x n: channels that are neither colour nor transparency, such as infrared."""
    palette: np.ndarray | None = None
    """N x 3 uint8: the colours whose numbers `colours` holds; N is more than the largest number."""
    lossy: bool = False
    """Whether the file was compressed with loss, so that its small differences mean nothing."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.colours.shape[1], self.colours.shape[0]

    def every(self) -> list[np.ndarray]:
        """Return all channels as H x W each, in the order of the file: colours, then transparency or others."""
        parts = [self.colours[..., number] for number in range(self.colours.shape[2])]
        parts += [self.alpha] if self.alpha is not None else []
        return parts + ([self.extra[..., n] for n in range(self.extra.shape[2])] if self.extra is not None else [])

    def one(self, number: int, path: Path, error: type[InpaintError]) -> "Channels":
        """Return one channel alone, by its number from 1. Raises an `error` that says how many there are."""
        every = self.every()
        if not 1 <= number <= len(every):
            count = len(every)
            raise error(
                f"{path} has {count} channel{'' if count == 1 else 's'}, so there is no channel {number}; if it has "
                f"a page of its own, name that, as in {path.name}#page=2."
            )
        return replace(self, colours=every[number - 1][..., None], alpha=None, extra=None, palette=None)

    def in_colour(self) -> np.ndarray:
        """Return the colours as H x W x 1 or 3, with those of a palette looked up (uint8)."""
        return self.colours if self.palette is None else self.palette[self.colours[..., 0]]


def read_channels(path: str | Path, error: type[InpaintError], page: int | None = None) -> Channels:
    """Read a picture file. Raises an `error`, in one sentence, when it cannot be read.

    page: of a TIFF, from 1; otherwise the one that is the picture.
    """
    path = Path(path)
    with refusing(path, error):
        if is_tiff(path):
            found = _from_tiff(path, path, error, page)
            if found is not None:
                return found
        if page not in (None, 1):
            raise error(f"{path} has one page, so there is no page {page}; leave that out.")
    with open_picture(path, error) as picture:
        return _from_pillow(picture, path)


def decode_channels(encoded: bytes, name: str, error: type[InpaintError], *, turn: bool = True) -> Channels:
    """Decode a picture in memory under the `name` that errors give it. Raises also what decoders raise for damage.

    turn: apply the orientation that the file says.
    """
    if encoded[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        found = _from_tiff(io.BytesIO(encoded), Path(name), error, None, turn=turn)
        if found is not None:
            return found
    with Image.open(io.BytesIO(encoded)) as picture:
        return _from_pillow(picture, encoded, turn=turn)


def _from_tiff(
    file: Path | io.BytesIO, path: Path, error: type[InpaintError], number: int | None, *, turn: bool = True
) -> Channels | None:
    """Read a page of a TIFF; None for the kinds that Pillow reads."""
    with tifffile.TiffFile(file) as tiff:
        try:
            page = main_page(tiff, path)[0] if number is None else numbered_page(tiff, number, path, error)
        except InpaintError as cause:
            hint = f"or name its page, as in {path.name}#page=2"
            raise error(f"{str(cause).removesuffix('.')}, {hint}." if number is None else str(cause)) from cause
        size = page.samplesperpixel * max(1, int(page.bitspersample) // 8)
        check_memory(path, page.imagewidth, page.imagelength, size, error)
        jpeg = page.photometric == tifffile.PHOTOMETRIC.YCBCR and page.compression == tifffile.COMPRESSION.JPEG
        count = 3 if jpeg else _KINDS.get(tifffile.PHOTOMETRIC(page.photometric))
        if count is None or page.dtype is None or page.imagedepth > 1 or page.samplesperpixel < count:
            if page is not tiff.pages[0]:
                raise error(f"{path} holds a picture of an odd kind behind its first page; save it alone.")
            return None
        array = page_samples(page)
        orientation = int(page.tags.valueof(ORIENTATION) or 1) if turn else 1
        array = upright(array, orientation if orientation in range(1, 9) else 1)
        array = array.astype(np.uint8) if array.dtype.kind == "b" else array
        array = array[..., None] if array.ndim == 2 else array
        white = 1.0 if array.dtype.kind == "f" else float(2 ** int(page.bitspersample) - 1)
        rest = array[..., count:]
        alpha = None
        # A file that says nothing at all of its last channel means transparency.
        if rest.shape[2] and (not page.extrasamples or int(page.extrasamples[0]) in (_ASSOCIATED, _UNASSOCIATED)):
            alpha, rest = rest[..., 0], rest[..., 1:]
        palette = None
        if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
            palette = (np.asarray(page.colormap).T >> 8).astype(np.uint8)
        return Channels(
            colours=array[..., :count],
            white=white,
            alpha=alpha,
            extra=rest if rest.shape[2] else None,
            palette=palette,
            lossy=page.compression in _LOSSY_TIFF,
        )


def _from_pillow(picture: Image.Image, source: Path | bytes, *, turn: bool = True) -> Channels:
    """Read what Pillow has opened from `source`."""
    tiles = getattr(picture, "tile", None)
    raw = str(tiles[0][3]) if tiles else ""
    lossy = picture.format in _LOSSY or (picture.format == "WEBP" and not _is_lossless_webp(_bytes(source, 4096)))
    deep = picture.format == "PNG" and ";16B" in raw and picture.mode in ("RGB", "RGBA")
    picture.load()
    if deep:
        # Pillow keeps 8 of the 16 bits.
        array = decode_deep(_bytes(source))
        array = upright(array, picture.getexif().get(ORIENTATION, 1) if turn else 1)
        count = 1 if array.shape[2] == 2 else 3
        alpha = array[..., count] if array.shape[2] > count else None
        return Channels(colours=array[..., :count], white=65_535, alpha=alpha)
    if turn:
        picture = ImageOps.exif_transpose(picture)
    if picture.mode == "1":
        return Channels(colours=np.asarray(picture).astype(np.uint8)[..., None], white=1)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        array = np.asarray(picture)
        if array.dtype.kind == "i" and array.size and array.min() >= 0 and array.max() <= 65_535:
            array = array.astype(np.uint16)
        whole = array.dtype.kind != "f"
        return Channels(
            colours=array.astype(array.dtype.newbyteorder("="))[..., None],
            white=float(np.iinfo(array.dtype).max) if whole else 1.0,
            lossy=lossy,
        )
    if picture.mode == "P" and not picture.has_transparency_data:
        palette = np.array(picture.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
        missing = np.zeros((max(0, 256 - len(palette)), 3), np.uint8)
        numbers = np.asarray(picture)[..., None]
        return Channels(colours=numbers, white=255, palette=np.concatenate([palette, missing]), lossy=lossy)
    if picture.has_transparency_data:
        mode = "LA" if picture.mode in ("L", "LA", "La") else "RGBA"
        array = np.asarray(picture.convert(mode))
        return Channels(colours=array[..., :-1], white=255, alpha=array[..., -1], lossy=lossy)
    array = np.asarray(picture if picture.mode == "L" else picture.convert("RGB"))
    array = array[..., None] if array.ndim == 2 else array
    bits = {"L;2": 2, "L;4": 4}.get(raw)
    if picture.mode == "L" and bits:  # a label map of four bits has its numbers back
        white = 2**bits - 1
        return Channels(colours=array // (255 // white), white=white)
    return Channels(colours=array, white=255, lossy=lossy)


def _is_lossless_webp(head: bytes) -> bool:
    return b"VP8L" in head and b"VP8 " not in head


def _bytes(source: Path | bytes, most: int = -1) -> bytes:
    """Return the file, or its beginning."""
    if isinstance(source, bytes):
        return source[:most] if most >= 0 else source
    with source.open("rb") as file:
        return file.read(most)
