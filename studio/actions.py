"""What the page can ask for, each by calling `inpaint.core`: fill, find an object, put an object in."""

import itertools
from collections.abc import Mapping
from typing import Any, Literal, cast

import numpy as np

from inpaint.core.errors import MaskError
from inpaint.core.filling.fill import Detail, fill_pixels
from inpaint.core.filling.mask import grow as grow_mask
from inpaint.core.filling.regions import Box, box_around
from inpaint.core.filling.texture import MOST_SEED, Sampling
from inpaint.core.images.numbers import check_numbers
from inpaint.core.objects.composing import compose
from inpaint.core.objects.removing import find_objects
from inpaint.studio.document import Document
from inpaint.studio.jobs import Report
from inpaint.studio.models import Models
from inpaint.studio.strokes import Piece, draw_mask

_numbers = itertools.count(1)

MOST_GROW = 500
"""Most pixels that a hole can be grown or feathered by."""
MOST_VARIATIONS = 8
"""Most fills to choose from."""


def selection_of(document: Document, request: Mapping[str, Any]) -> np.ndarray:
    """Return the mask of a request's strokes, grown as it says, H x W bool. Raises `MaskError` where it is empty."""
    mask = draw_mask(request.get("strokes", ()), document.size, document.pieces)
    mask = grow_mask(mask, _whole(request, "grow"))
    if not mask.any():
        raise MaskError("Nothing is marked; paint over what should go.")
    return mask


def fill(document: Document, models: Models, request: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Fill what is marked, as `inpaint fill` does with the mask that `selection_of` gives."""
    mask = selection_of(document, request)
    sampling = Sampling(
        seed=_whole(request, "seed", MOST_SEED),
        variations=max(1, _whole(request, "variations", MOST_VARIATIONS)),
        source=draw_mask(request["sources"], document.size, document.pieces) if request.get("sources") else None,
    )
    engine = models.engine(str(request.get("model", "default")))
    with document.changing(mask, "Fill") as pixels:
        filled = fill_pixels(
            pixels,
            mask,
            engine,
            feather=_whole(request, "feather"),
            detail=cast("Detail", request.get("detail", "auto")),
            sampling=sampling,
            progress=report,
            empty=document.photo.empty,
            in_place=True,
        )
    box = box_around(mask)
    if filled.others:
        document.offer([_with(document.crop(box), mask[box.slices], colours) for colours in filled.others])
    choices = len(filled.others) + 1
    return {"box": _public(box), "notes": list(filled.notes), "version": document.version, "choices": choices}


def _with(pixels: np.ndarray, mask: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Put the colours of a mask's pixels (N x 3) into the pixels of its box, in place."""
    pixels[mask] = colours
    return pixels


def find(document: Document, models: Models, request: Mapping[str, Any]) -> dict[str, Any]:
    """Find the object in a box; what was found becomes a piece that strokes can name."""
    segmenter, missing = models.segmenter()
    found, notes = find_objects(document.photo.pixels, [_box(request, "box", document)], segmenter)
    box = box_around(found)
    number = next(_numbers)
    document.pieces[number] = Piece(box, found[box.slices].copy())
    return {"id": number, "box": _public(box), "notes": [*missing, *notes]}


def place(
    document: Document, source: Document, models: Models, request: Mapping[str, Any], report: Report
) -> dict[str, Any]:
    """Put the object in a box of another photograph into a box of this one, as `inpaint compose` does."""
    left, top, width, height = _numbers_of(request, "at")
    report(0, 1)
    with document.lock:
        pixels = document.photo.pixels
    check_numbers(pixels, "The photograph")
    check_numbers(source.photo.pixels, "The object's photograph")
    (engine, loaded), (segmenter, missing) = models.joint(), models.segmenter()
    composed = compose(
        pixels,
        source.photo.pixels,
        Box(top=top, left=left, height=height, width=width),
        object_box=_box(request, "object_box", source),
        engine=engine,
        segmenter=segmenter,
        around=cast('Literal["keep", "inpaint"]', request.get("around", "keep")),
        strength=float(request.get("strength", 1.0)),
    )
    report(1, 1)
    document.put(composed.box, composed.pixels[composed.box.slices].copy(), "Place object")
    notes = [*loaded, *missing, *composed.notes]
    return {"box": _public(composed.box), "notes": notes, "version": document.version}


def _public(box: Box) -> list[int]:
    return [box.left, box.top, box.width, box.height]


def _numbers_of(request: Mapping[str, Any], name: str) -> tuple[int, int, int, int]:
    try:
        left, top, width, height = (round(float(number)) for number in request[name])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise MaskError("Draw a box first.") from error
    if width < 1 or height < 1:
        raise MaskError("The box is empty; draw it again.")
    return left, top, width, height


def _box(request: Mapping[str, Any], name: str, document: Document) -> Box:
    """Return a box of the request, cut to the photograph."""
    left, top, width, height = _numbers_of(request, name)
    right, bottom = min(left + width, document.size[0]), min(top + height, document.size[1])
    left, top = max(left, 0), max(top, 0)
    if right - left < 8 or bottom - top < 8:
        raise MaskError("The box is too small, or outside the photograph; draw it around the object.")
    return Box(top=top, left=left, height=bottom - top, width=right - left)


def _whole(request: Mapping[str, Any], name: str, most: int = MOST_GROW) -> int:
    try:
        number = int(request.get(name, 0))
    except (TypeError, ValueError, OverflowError):
        number = -1
    if not 0 <= number <= most:
        raise MaskError(f"{name} must be a whole number from 0 to {most}.")
    return number
