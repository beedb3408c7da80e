"""TIFF: all depths and floats, the compression of the source, and every tag that does not describe the storage."""

import struct
from pathlib import Path
from typing import Any, BinaryIO

import tifffile
from PIL import Image

from inpaint.core.errors import ImageError
from inpaint.core.images.formats.metadata import ORIENTATION, PER_INCH, clean_dpi, clean_exif, clean_xmp, upright
from inpaint.core.images.formats.tiff_pages import main_page, page_samples
from inpaint.core.images.formats.tiff_tags import add_tags
from inpaint.core.images.memory_need import check_memory
from inpaint.core.images.numbers import check_finite, note_numbers
from inpaint.core.images.photo import Photo, joined, parted
from inpaint.core.images.pixels import white_of

_KINDS = (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.MINISWHITE, tifffile.PHOTOMETRIC.RGB)
_INKS: dict[int, str] = {tifffile.PHOTOMETRIC.SEPARATED: "CMYK", tifffile.PHOTOMETRIC.CIELAB: "Lab"}
_LOSSLESS: dict[int, str | None] = {
    tifffile.COMPRESSION.NONE: None,
    tifffile.COMPRESSION.LZW: "lzw",
    tifffile.COMPRESSION.ADOBE_DEFLATE: "zlib",
    tifffile.COMPRESSION.DEFLATE: "zlib",
    tifffile.COMPRESSION.PACKBITS: "packbits",
    tifffile.COMPRESSION.ZSTD: "zstd",
    tifffile.COMPRESSION.LZMA: "lzma",
}
_ASSOCIATED, _UNASSOCIATED = 1, 2
_DAMAGED = "Some of its tags (profile, EXIF, XMP) are damaged and were left out."


def read_tiff(path: Path) -> Photo | None:
    """Read a TIFF with one grey or RGB picture of 8 or 16 bits or floats; None for simpler kinds, which Pillow reads.

    Raises `ImageError` for kinds that a fill would damage, and whatever tifffile raises for a damaged file.
    """
    with tifffile.TiffFile(path) as tiff:
        page, page_notes = main_page(tiff, path)
        if page.imagedepth > 1:
            return _for_pillow(tiff, page, path)
        notes = page_notes + _count_tags(tiff, page)
        if page.photometric in _INKS:
            raise ImageError(
                f"{path} is a {_INKS[page.photometric]} picture, and conversion would change its colours; "
                "save it as RGB in an image editor and fill that."
            )
        # tifffile turns the YCbCr of JPEG into RGB.
        turned = page.photometric == tifffile.PHOTOMETRIC.YCBCR and page.compression == tifffile.COMPRESSION.JPEG
        if (page.photometric not in _KINDS and not turned) or page.bitspersample in (1, 2, 4):
            return _for_pillow(tiff, page, path)
        _check_samples(page, path)
        check_memory(path, page.imagewidth, page.imagelength, _bytes_per_pixel(page), ImageError)
        array = page_samples(page)
        tags = page.tags
        icc, xmp, orientation = page.iccprofile, clean_xmp(tags.valueof(700)), tags.valueof(ORIENTATION) or 1
        dpi = _read_dpi(tags)
        settings = _settings(page)
    pixels, last, grey = parted(upright(array, orientation if orientation in range(1, 9) else 1))
    notes += note_numbers(pixels, path.name)
    if last is not None:
        check_finite(last, path)
    # A file that says nothing at all of its last channel means transparency.
    transparent = not page.extrasamples or page.extrasamples[0] in (_ASSOCIATED, _UNASSOCIATED)
    alpha, extra = (last, None) if transparent else (None, last)
    if alpha is not None and _ASSOCIATED in page.extrasamples and alpha.min() < white_of(alpha.dtype):
        raise ImageError(
            f"{path} has premultiplied transparency, which a fill cannot keep exactly; save it with straight "
            "(unassociated) alpha and fill that."
        )
    kept, exif_notes = _read_exif(path, page)
    return Photo(
        pixels=pixels,
        alpha=alpha,
        extra=extra,
        grey=grey,
        icc=icc,
        exif=kept,
        xmp=xmp,
        dpi=clean_dpi(dpi, orientation),
        tiff=settings,
        notes=(*notes, *exif_notes),
    )


def write_tiff(photo: Photo, file: BinaryIO) -> tuple[str, ...]:
    """Write `photo` without loss, compressed as the TIFF it came from, or else not at all.

    Returns notes on what of its EXIF, caption and comment has no place.
    """
    array = joined(photo, grey=True, alpha=True, extra=True)
    options: dict[str, Any] = {"compression": None, **(photo.tiff or {})}
    extrasamples = options.pop("extrasamples", ["unassalpha" if photo.extra is None else "unspecified"])
    if photo.alpha is not None or photo.extra is not None:
        options["extrasamples"] = extrasamples
    if photo.dpi:
        options |= {"resolution": photo.dpi, "resolutionunit": "INCH"}
    if photo.xmp:
        options["extratags"] = [(700, 1, len(photo.xmp), photo.xmp, True)]
    tifffile.imwrite(
        tifffile.FileHandle(file, name="photo.tif", offset=0),  # it asks for the name, which ours has not
        array,
        photometric="minisblack" if photo.grey else "rgb",
        planarconfig="contig" if array.ndim == 3 else None,
        iccprofile=photo.icc,
        metadata=None,
        software=False,
        **options,
    )
    return tuple(add_tags(photo, file))


def _for_pillow(tiff: tifffile.TiffFile, page: tifffile.TiffPage, path: Path) -> None:
    """Leave the file to Pillow, which knows the first page alone. Raises `ImageError` when that is not the picture."""
    if page is not tiff.pages[0]:
        raise ImageError(f"{path} holds a small copy in front of a picture of an odd kind; save the picture alone.")


def _count_tags(tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> list[str]:
    """Return a note when tifffile has left out tags because what they point to is not there."""
    form = tiff.tiff
    tiff.filehandle.seek(page.offset)
    (count,) = struct.unpack(form.tagnoformat, tiff.filehandle.read(form.tagnosize))
    return [_DAMAGED] if sum(1 for _ in page.tags) < count else []


def _check_samples(page: tifffile.TiffPage, path: Path) -> None:
    """Refuse numbers that a fill could not keep."""
    colours = 3 if page.photometric in (tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR) else 1
    if page.samplesperpixel not in (colours, colours + 1):
        raise ImageError(
            f"{path} has {page.samplesperpixel} channels; save it as grey or RGB, with one alpha channel at most."
        )
    dtype = page.dtype
    if dtype is None or page.bitspersample != dtype.itemsize * 8 or dtype.kind not in "uf":
        raise ImageError(f"{path} has {page.bitspersample}-bit numbers of an odd kind; save it with 16 bits.")
    if dtype.kind == "u" and dtype.itemsize > 2:
        raise ImageError(f"{path} has {page.bitspersample} bits per channel; save it with 16, or as floats.")
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE and (dtype.kind == "f" or page.samplesperpixel > 1):
        raise ImageError(f"{path} stores white as 0, in a way that cannot be kept; save it with black as 0.")


def _bytes_per_pixel(page: tifffile.TiffPage) -> int:
    """Return how many bytes a pixel takes once grey is RGB."""
    return max(3, page.samplesperpixel) * (page.bitspersample // 8)


def _read_exif(path: Path, page: tifffile.TiffPage) -> tuple[bytes | None, list[str]]:
    """Return the EXIF to keep, and notes."""
    exif = Image.Exif()
    exif.bigtiff, exif.endian = page.parent.is_bigtiff, page.parent.byteorder

    def read() -> Image.Exif:
        exif.load_from_fp(file, page.offset)
        exif.bigtiff = False  # what is kept goes into files with short offsets
        return exif

    with path.open("rb") as file:
        kept, _, notes = clean_exif(read)
    return kept, notes


def _read_dpi(tags: tifffile.TiffTags) -> tuple[float, float] | None:
    """Return pixels per inch as stored."""
    try:
        factor = PER_INCH[int(tags.valueof(296, default=2))]
        across, down = (tags.valueof(code) for code in (282, 283))
        return factor * across[0] / across[1], factor * down[0] / down[1]
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError):
        return None


def _settings(page: tifffile.TiffPage) -> dict[str, Any]:
    """Return how to store the result, as `tifffile.imwrite` takes it."""
    settings: dict[str, Any] = {"compression": _LOSSLESS.get(page.compression, "zlib")}
    if settings["compression"] in ("lzw", "zlib", "zstd", "lzma") and page.predictor in (2, 3):
        settings["predictor"] = int(page.predictor)
    if page.is_tiled and page.tilewidth % 16 == 0 and page.tilelength % 16 == 0:
        settings["tile"] = (page.tilelength, page.tilewidth)
    if page.extrasamples:
        settings["extrasamples"] = [int(page.extrasamples[0])]
    return settings
