"""Fill a photograph with all that its file says: transparency ends where it was the hole, notes come together."""

from dataclasses import dataclass
from pathlib import Path

from inpaint.core.engines.engine import Engine
from inpaint.core.filling.fill import DEFAULT, Detail, Progress, fill_pixels
from inpaint.core.filling.mask_sources import BuiltMask
from inpaint.core.filling.regions import Box, Region
from inpaint.core.filling.texture import Sampling
from inpaint.core.images.photo import Photo
from inpaint.core.images.read_write import check_output


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilledPhoto:
    """A photograph that was filled. Holds no masks, which are as large as it is, and of no use to an encoder."""

    photo: Photo
    hole_pixels: int
    """How many pixels were replaced, at least in part."""
    regions: tuple[Region, ...]
    """What the network saw."""
    engine: Engine
    """What filled the last region; not the one given when that ran out of memory."""
    notes: tuple[str, ...]
    """What the user should know of reading and filling."""
    textures: tuple[tuple[Box, str, float], ...] = ()
    """For each region with texture the box of its hole, what was chosen, and how sure the choice was, 0.5 to 1."""
    others: tuple[Photo, ...] = ()
    """Further fills, the next best first; one less than were asked for, or fewer where there are no more."""


def check_result(photo: Photo, hole: BuiltMask, target: Path) -> None:
    """Raise `OutputError` when it is plain before any work that the filled photograph cannot be written to `target`."""
    # What is transparent now may be opaque in the result, which a JPEG can hold.
    check_output(photo.with_pixels(photo.pixels, hole.levels > 0) if hole.opaque else photo, target)


def fill_photo(
    photo: Photo,
    hole: BuiltMask,
    engine: Engine,
    *,
    grow: int = 0,
    feather: int = 0,
    detail: Detail = "auto",
    sampling: Sampling = DEFAULT,
    progress: Progress | None = None,
) -> FilledPhoto:
    """Fill the hole of a photograph, whose pixels are overwritten; arguments and errors as for `fill_pixels`."""
    filled = fill_pixels(
        photo.pixels,
        hole.levels,
        engine,
        grow=grow,
        feather=feather,
        detail=detail,
        sampling=sampling,
        progress=progress,
        empty=photo.empty,
        in_place=True,
    )
    opaque = filled.mask if hole.opaque else None
    # The mask is kept only where it is needed to make further fills.
    others = tuple(photo.with_pixels(pixels, opaque=opaque) for pixels in list(filled.variations())[1:])
    return FilledPhoto(
        photo=photo.with_pixels(filled.pixels, opaque=opaque),
        others=others,
        textures=tuple((texture.box, texture.fills[0].candidate, texture.fills[0].sure) for texture in filled.textures),
        hole_pixels=int(filled.mask.sum()),
        regions=filled.regions,
        engine=filled.engine,
        notes=(*photo.notes, *hole.notes, *filled.notes),
    )
