"""Compositions in files: what one of them says, a table of many, and carrying one out."""

import csv
import io
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from PIL import ImageCms

from inpaint.core.atomic_files import check_writable
from inpaint.core.engines.engine import Engine
from inpaint.core.errors import InpaintError, MaskError
from inpaint.core.filling.mask_file import read_alpha
from inpaint.core.filling.parse_box import parse_box, parse_numbers
from inpaint.core.filling.regions import Box
from inpaint.core.images.convert_profile import convert_profile
from inpaint.core.images.numbers import check_numbers
from inpaint.core.images.photo import Photo
from inpaint.core.images.pixels import white_of
from inpaint.core.images.read_write import check_output, read_image, write_image
from inpaint.core.objects.composing import Around, Composed, compose
from inpaint.core.objects.harmonizing import find_object
from inpaint.core.objects.joint import JointEngine
from inpaint.core.objects.segmenting import SegmenterEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """One object to be put into one photograph."""

    background: Path
    """The photograph."""
    object: Path
    """The photograph that holds the object."""
    at: tuple[int, ...]
    """Left, top, and perhaps width and height of where the object's box goes; without them it keeps its size."""
    output: Path
    """The file to write."""
    object_box: Box | None = None
    """The box around the object; None = around all of its mask."""
    object_mask: Path | None = None
    """A picture of the object photograph's size: white = object. None = the object's transparency, or cut it out."""
    around: Around = "keep"
    """What becomes of the photograph inside the box."""
    strength: float = 1.0
    """How far the colours are fitted."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A composition that was carried out."""

    composition: Composition
    composed: Composed
    photo: Photo
    """What was written."""
    notes: tuple[str, ...]
    """What the user should know, of reading, composing and writing."""


def compose_file(
    composition: Composition, engine: JointEngine | Engine | None, segmenter: SegmenterEngine | None = None
) -> Outcome:
    """Read, compose and write one composition; engines as for `compose`.

    Raises any `InpaintError`; nothing is written then.
    """
    photo, guide = read_image(composition.background), read_image(composition.object)
    check_numbers(photo.pixels, composition.background)
    check_numbers(guide.pixels, composition.object)
    check_output(photo, composition.output)
    mask, told = _mask(composition, guide)
    if composition.object_box is None and mask is None:
        raise MaskError("Say where the object is: give a box around it, or a mask.")
    colours, profile_notes = _in_colours_of(photo, guide)
    composed = compose(
        photo.pixels,
        colours,
        _place(composition, mask),
        object_box=composition.object_box,
        object_mask=mask,
        engine=engine,
        segmenter=segmenter,
        around=composition.around,
        strength=composition.strength,
        opacity=photo.alpha,
    )
    # A grey photograph does not stay grey with a coloured object in it, nor transparent where the object is.
    result = replace(photo.in_colour().with_pixels(composed.pixels), alpha=composed.opacity)
    notes = [*result.notes, *told, *profile_notes, *composed.notes]
    notes += write_image(result, composition.output)
    return Outcome(composition, composed, result, tuple(dict.fromkeys(notes)))


def read_compositions(table: str | Path, out: Path | None = None) -> list[Composition]:
    """Read a CSV file with one composition per line.

    out: folder for the outputs, which are then relative; None = they start at the table like all other paths.

    The first line names the columns: background, object, at, output, and where wanted object_box, object_mask, around
    and strength. Boxes are written `x,y,width,height` in quotes, or with spaces between. Relative paths start at the
    table. Raises `InpaintError` with the number of the first line that is wrong.
    """
    table = Path(table)
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            rows = [(reader.line_num, row) for row in reader]  # empty lines are no rows
    except FileNotFoundError as error:
        raise InpaintError(f"There is no table {table}; check the path.") from error
    except OSError as error:
        raise InpaintError(f"The table {table} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InpaintError(f"{table} is not a table in UTF-8; save it as CSV in that encoding.") from error
    known = {field.name for field in fields(Composition)}
    compositions: list[Composition] = []
    outputs: set[Path] = set()
    for number, row in rows:
        cells = {key.strip(): value.strip() for key, value in row.items() if key and value and value.strip()}
        missing = {"background", "object", "at", "output"} - set(cells)
        if missing or set(cells) - known:
            what = (
                f"lacks {', '.join(sorted(missing))}" if missing else f"has a column {sorted(set(cells) - known)[0]!r}"
            )
            raise InpaintError(f"Line {number} of {table.name} {what}; the columns are {', '.join(sorted(known))}.")
        try:
            composition = _from_cells(cells, table.parent, out)
            if composition.output in outputs:
                raise InpaintError(f"an earlier line has the output {cells['output']} too; give each its own.")
            outputs.add(composition.output)
            compositions.append(composition)
        except (InpaintError, ValueError) as error:
            raise InpaintError(f"Line {number} of {table.name}: {error}") from error
    if not compositions:
        raise InpaintError(f"The table {table.name} has no line besides its columns' names; add a composition.")
    return compositions


def _from_cells(cells: dict[str, str], folder: Path, out: Path | None) -> Composition:
    output = Path(cells["output"])
    if out is not None and (output.is_absolute() or ".." in output.parts):
        raise InpaintError(f"the output {output} would lie outside of the folder of results; give a relative path.")
    around = cells.get("around", "keep")
    if around not in ("keep", "inpaint"):
        raise InpaintError(f"around is keep or inpaint, and not {around!r}.")
    composition = Composition(
        background=folder / cells["background"],
        object=folder / cells["object"],
        at=parse_numbers(cells["at"], 2, 4),
        output=(out or folder) / output,
        object_box=parse_box(cells["object_box"]) if "object_box" in cells else None,
        object_mask=folder / cells["object_mask"] if "object_mask" in cells else None,
        around="inpaint" if around == "inpaint" else "keep",
        strength=float(cells.get("strength", 1)),
    )
    if not 0 <= composition.strength <= 1:
        raise InpaintError(f"strength is between 0 and 1, and not {composition.strength:g}.")
    if out is None:
        check_writable(composition.output)
    return composition


def _in_colours_of(photo: Photo, guide: Photo) -> tuple[np.ndarray, list[str]]:
    """Return the pixels of `guide` in the colour profile of `photo`, and a note where they cannot be converted."""
    source, target = _colours_of(guide), _colours_of(photo)
    if source == target:
        return guide.pixels, []
    converted = convert_profile(guide.pixels, source, target)
    if converted is not None:
        return converted, []
    return guide.pixels, [
        "The colour profile of one photograph cannot be converted to the other's; the object's colours may be off."
    ]


def _colours_of(photo: Photo) -> bytes | None:
    """Return the colour profile of a photograph; None for sRGB, which is what one without a profile has."""
    if photo.icc is None:
        return None
    with suppress(ImageCms.PyCMSError):
        profile = ImageCms.ImageCmsProfile(io.BytesIO(photo.icc))
        if "srgb" in ImageCms.getProfileDescription(profile).lower():
            return None
    return photo.icc


def _mask(composition: Composition, guide: Photo) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the object's mask from its file or from the transparency of what is cut out already, and notes on it."""
    if composition.object_mask is not None:
        return read_alpha(composition.object_mask, guide.size)
    white = white_of(guide.pixels.dtype)
    if guide.alpha is not None and guide.alpha.min() < white:
        return (guide.alpha / white).astype(np.float32), ()
    return None, ()


def _place(composition: Composition, mask: np.ndarray | None) -> Box:
    left, top, *size = composition.at
    if size:
        return Box(top, left, size[1], size[0])
    if composition.object_box is not None:
        return composition.object_box._replace(top=top, left=left)
    assert mask is not None
    return find_object(mask)._replace(top=top, left=left)
