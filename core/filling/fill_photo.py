"""Fill a photograph with all that its file says: transparency ends where it was the hole, notes come together."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from inpaint.core.engines.engine import Engine
from inpaint.core.filling.fill import DEFAULT, Detail, Progress, fill_pixels
from inpaint.core.filling.mask_sources import BuiltMask
from inpaint.core.filling.regions import Box, Region
from inpaint.core.filling.texture import Sampling
from inpaint.core.images.photo import Photo
from inpaint.core.images.read_write import check_output

_TILE_CUT = "The hole goes all the way round the texture, so its borders may not meet where it does; look there."


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
    tile: bool = False,
) -> FilledPhoto:
    """Fill the hole of a photograph, whose pixels are overwritten; arguments and errors as for `fill_pixels`.

    tile: its left and right borders meet, and so do top and bottom, as those of a texture do: the hole may go across.
    """
    if tile:
        return _fill_tile(photo, hole, engine, sampling, grow=grow, feather=feather, detail=detail, progress=progress)
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


def _fill_tile(photo: Photo, hole: BuiltMask, engine: Engine, sampling: Sampling, **options: Any) -> FilledPhoto:
    """Fill a texture whose borders meet: rolled so that they lie where the least of the hole is, and rolled back.

    The boxes of what is returned are in the texture as it was given, and may go across its borders.
    """
    marked = hole.levels > 0
    shift = (-_quietest(np.asarray(marked.any(axis=1))), -_quietest(np.asarray(marked.any(axis=0))))
    back = (-shift[0], -shift[1])
    levels = np.roll(hole.levels, shift, axis=(0, 1))
    limits = {
        name: None if mask is None else np.roll(mask, shift, axis=(0, 1))
        for name, mask in (("source", sampling.source), ("avoid", sampling.avoid))
    }
    done = fill_photo(
        _rolled(photo, shift),
        replace(hole, levels=levels),
        engine,
        sampling=replace(sampling, **limits),
        **options,
    )

    def placed(box: Box) -> Box:
        return box._replace(top=(box.top + back[0]) % len(levels), left=(box.left + back[1]) % levels.shape[1])

    return replace(
        done,
        photo=_rolled(done.photo, back),
        others=tuple(_rolled(other, back) for other in done.others),
        regions=tuple(replace(part, window=placed(part.window), hole=placed(part.hole)) for part in done.regions),
        textures=tuple((placed(box), name, sure) for box, name, sure in done.textures),
        notes=(*done.notes, _TILE_CUT) if _touches_border(levels) else done.notes,
    )


def _rolled(photo: Photo, shift: tuple[int, int]) -> Photo:
    """Return a photograph whose channels are rolled by so many rows and columns."""
    parts = {"pixels": photo.pixels, "alpha": photo.alpha, "extra": photo.extra}
    rolled = {name: None if part is None else np.roll(part, shift, axis=(0, 1)) for name, part in parts.items()}
    return replace(photo, **rolled)


def _quietest(busy: np.ndarray) -> int:
    """Return the middle of the longest run without hole in a circle of rows or columns (bool); 0 if there is none."""
    count = len(busy)
    if not busy.any() or busy.all():
        return 0
    start = int(np.flatnonzero(busy)[0])
    away = np.flatnonzero(np.append(np.roll(busy, -start), True))
    gaps = np.diff(away)
    longest = int(np.argmax(gaps))
    return (start + int(away[longest]) + int(gaps[longest]) // 2) % count


def _touches_border(levels: np.ndarray) -> bool:
    return any(bool(line.any()) for line in (levels[0], levels[-1], levels[:, 0], levels[:, -1]))
