"""The pages of a TIFF: which one is the picture, and which are small copies, infrared channels or other pictures."""

from pathlib import Path

import numpy as np
import tifffile

from inpaint.core.errors import ImageError, InpaintError

_REDUCED = 1
_PREVIEW = 640
"""Longest side in pixels of a page that is taken for a small copy though it is not marked as one."""
_MOST = 64
"""More pages than this are a film or a stack, and none of them is looked at."""
_SHAPE = 0.03
"""How far the proportions of a small copy may be from those of the picture."""


def main_page(tiff: tifffile.TiffFile, path: Path) -> tuple[tifffile.TiffPage, list[str]]:
    """Return the page that is the picture, wherever it stands in the file, and notes on what the others are.

    Small copies (thumbnails) and grey pages behind a coloured one of the same size (infrared) are left out with a
    note. Raises `ImageError` when there are several pictures.
    """
    first = _page(tiff, 0)
    if len(tiff.pages) > _MOST:
        raise ImageError(_several(path))
    pages = [_page(tiff, number) for number in range(len(tiff.pages))]
    if int(first.subfiletype) & _REDUCED:  # raw converters keep the picture below its thumbnail
        pages += [page for page in first.pages or () if isinstance(page, tifffile.TiffPage)]
    largest = max(map(_area, pages))
    main = next(page for page in pages if _area(page) == largest)
    notes: list[str] = []
    for number, page in enumerate(pages, 1):
        if page is main:
            continue
        if _is_preview(page, main):
            note = f"{path.name} holds a smaller copy of the picture, which was left out because it shows the old one."
        elif _is_channel(page, main):
            note = (
                f"Page {number} of {path.name} is grey and of the same size, as infrared channels are, and was left "
                f"out of the result; if it shows dust, give --mask '{path.name}#page={number}' --invert."
            )
        else:
            raise ImageError(_several(path))
        notes.append(note)
    return main, list(dict.fromkeys(notes))


def numbered_page(tiff: tifffile.TiffFile, number: int, path: Path, error: type[InpaintError]) -> tifffile.TiffPage:
    """Return a page by its number, from 1. Raises an `error` that says how many there are."""
    count = len(tiff.pages)
    if not 1 <= number <= count:
        raise error(
            f"{path} has {count} page{'' if count == 1 else 's'}, so there is no page {number}; a channel is named by "
            f"its number alone, as in {path.name}#4."
        )
    return _page(tiff, number - 1)


def page_samples(page: tifffile.TiffPage) -> np.ndarray:
    """Decode a page: H x W, or H x W x channels, as stored but with black as 0. Raises `ValueError` when cut short."""
    # Decoders of JPEG fill up what is missing with grey.
    ends = map(sum, zip(page.dataoffsets, page.databytecounts, strict=True))
    if max(ends, default=0) > page.parent.filehandle.size:
        raise ValueError("cut short")
    array = page.asarray()
    if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and page.samplesperpixel > 1:
        array = np.moveaxis(array, 0, -1)
    if page.photometric != tifffile.PHOTOMETRIC.MINISWHITE:
        return array
    if page.samplesperpixel == 1:
        return _turned(array, page)
    array = array.copy()
    array[..., 0] = _turned(array[..., 0], page)
    return array


def _turned(array: np.ndarray, page: tifffile.TiffPage) -> np.ndarray:
    """Return the same picture with black as 0 where white was."""
    if array.dtype.kind == "f":
        return array.dtype.type(1) - array
    if array.dtype.kind == "b":
        return ~array
    if page.bitspersample == array.dtype.itemsize * 8:
        return np.invert(array)
    return array.dtype.type(2 ** int(page.bitspersample) - 1) - array


def _page(tiff: tifffile.TiffFile, index: int) -> tifffile.TiffPage:
    page = tiff.pages[index]
    assert isinstance(page, tifffile.TiffPage)
    return page


def _area(page: tifffile.TiffPage) -> int:
    return page.imagewidth * page.imagelength


def _is_preview(page: tifffile.TiffPage, main: tifffile.TiffPage) -> bool:
    """Say whether a page is a small copy: files mark infrared channels of full size as reduced, too."""
    if not (page.imagewidth <= main.imagewidth and page.imagelength <= main.imagelength and _area(page) < _area(main)):
        return False
    if int(page.subfiletype) & _REDUCED:
        return True
    across, down = page.imagewidth / main.imagewidth, page.imagelength / main.imagelength
    small = max(page.imagewidth, page.imagelength) <= _PREVIEW and max(across, down) <= 0.5
    # One pixel more or less is rounding.
    slack = _SHAPE + 1 / max(1, min(page.imagewidth, page.imagelength))
    return small and abs(across / down - 1) <= slack


def _is_channel(page: tifffile.TiffPage, main: tifffile.TiffPage) -> bool:
    same = (page.imagewidth, page.imagelength) == (main.imagewidth, main.imagelength)
    return same and page.samplesperpixel == 1 and main.samplesperpixel >= 3 and page.colormap is None


def _several(path: Path) -> str:
    return f"{path} holds several pictures (animation or pages); save the one you mean alone."
