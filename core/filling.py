"""Filling the hole of a photograph, region by region.

Not called `fill`, because `inpaint.core.fill` is the function.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import cv2
import numpy as np

from inpaint.core.engine import Engine
from inpaint.core.errors import MaskError
from inpaint.core.fallback import fill_somehow
from inpaint.core.mask import WHITE, check_mask
from inpaint.core.mask import grow as grow_mask
from inpaint.core.photo import Photo
from inpaint.core.regions import Box, Region, plan

Progress = Callable[[int, int], None]
"""Called after each region with how many are done and how many there are."""

Picture = TypeVar("Picture", Photo, np.ndarray)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filled:
    """A filled picture and how it came about."""

    pixels: np.ndarray
    """H x W x 3 RGB, same dtype as the picture."""
    mask: np.ndarray
    """H x W bool: what was filled, that is the mask after growing."""
    regions: tuple[Region, ...]
    """In the order they were filled, each at the scale that worked."""
    engine: Engine
    """The engine that filled the last region: another one if the GPU gave up."""
    notes: tuple[str, ...]
    """What the user should know."""


def fill(
    image: Picture,
    mask: np.ndarray,
    engine: Engine,
    *,
    grow: int = 0,
    feather: int = 0,
    progress: Progress | None = None,
) -> Picture:
    """Fill the hole of a picture; every pixel outside it comes back exactly as it was.

    - `image`: a `Photo`, or H x W x 3 RGB of uint8, uint16, or floats in [0, 1]; not changed;
    - `mask`: H x W bool, True = hole; or H x W uint8, where everything above 0 is hole and the value is how much of the
      fill shows, 255 = the fill alone;
    - `grow`: make the hole this many pixels larger on all sides first;
    - `feather`: blend from the old picture to the fill over the outermost pixels *inside* the hole, this many. With
      `grow` this gives a soft seam; alone it lets what was at the rim of the hole shine through.

    Returns the same kind as `image`. Raises `MaskError` for a mask without a hole or without anything known, and
    `EngineError` when the device fails; where memory is short a smaller size is tried, and a failing GPU is replaced by
    the CPU, both with a note in what `fill_pixels` returns.
    """
    if isinstance(image, Photo):
        done = fill_pixels(image.pixels, mask, engine, grow=grow, feather=feather, progress=progress, empty=image.empty)
        return image.with_pixels(done.pixels)
    return fill_pixels(image, mask, engine, grow=grow, feather=feather, progress=progress).pixels


def fill_pixels(
    pixels: np.ndarray,
    mask: np.ndarray,
    engine: Engine,
    *,
    grow: int = 0,
    feather: int = 0,
    progress: Progress | None = None,
    empty: np.ndarray | None = None,
    in_place: bool = False,
) -> Filled:
    """Do what `fill` does to an array, and say how.

    - `empty`: H x W bool, where the colours mean nothing because nobody sees them; they are kept, but not looked at;
    - `in_place`: write the fill into `pixels` instead of a copy, which a photograph of 100 megapixels is too large for.
    """
    white = _white(pixels)
    if mask.shape != pixels.shape[:2] or mask.dtype not in (np.bool_, np.uint8):
        raise ValueError(f"mask must be {pixels.shape[:2]} bool or uint8, got {mask.shape} {mask.dtype}")
    if mask.dtype == np.uint8 and mask.max(initial=0) == 1:
        raise ValueError("the mask must be bool, or uint8 with 255 for the hole; this is uint8 with 0 and 1")
    if feather < 0:
        raise ValueError(f"feather must not be negative, got {feather}")
    levels = grow_mask(mask, grow)
    notes = list(check_mask(levels))
    mask = levels if levels.dtype == np.bool_ else levels > 0
    regions = plan(mask, engine.contract)
    result = pixels if in_place else pixels.copy()
    unknown = mask.copy() if empty is None else mask | empty
    if unknown.all():
        raise MaskError("Everything around the hole is transparent, so there is nothing to fill from.")
    for number, region in enumerate(regions, 1):
        # The window's view of the result already holds what earlier regions filled, as known pixels.
        window, hole = result[region.window.slices], unknown[region.window.slices]
        done = fill_somehow(partial(_run, window, hole, white), engine, region)
        engine, regions[number - 1] = done.engine, done.region
        notes.extend(done.notes)
        hole = mask[region.hole.slices]
        _composite(result, hole, _share(levels, region.hole, feather), region, done.filled, white)
        unknown[region.hole.slices][hole] = False
        if progress is not None:
            progress(number, len(regions))
    return Filled(pixels=result, mask=mask, regions=tuple(regions), engine=engine, notes=tuple(notes))


def _run(window: np.ndarray, hole: np.ndarray, white: float, engine: Engine, region: Region) -> np.ndarray:
    """Return the window filled: height x width x 3 float32 in [0, 1]. What `window` shows inside `hole` is not used."""
    image = window.astype(np.float32)
    image /= np.float32(white)
    np.clip(image, 0, 1, out=image)  # floats may be brighter than white
    height, width = region.fed
    if (height, width) == hole.shape:
        return engine.run(image, hole)
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    # A small pixel that is hole in the least part has the hole's old colour in it, so it is hole.
    small_hole = cv2.resize(hole.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) > 0
    filled = engine.run(np.ascontiguousarray(small), small_hole)
    return cv2.resize(filled, (hole.shape[1], hole.shape[0]), interpolation=cv2.INTER_CUBIC).clip(0, 1)


def _composite(
    result: np.ndarray,
    hole: np.ndarray,
    share: np.ndarray | None,
    region: Region,
    filled: np.ndarray,
    white: float,
) -> None:
    """Put `share` of what the network filled into `result`, strictly inside the region's `hole`."""
    inner, window = region.hole, region.window
    there = inner._replace(top=inner.top - window.top, left=inner.left - window.left)
    new = filled[there.slices][hole] * np.float32(white)
    target = result[inner.slices]
    if share is not None:
        some = share[hole][:, None]
        new = some * new + (1 - some) * target[hole]
    if np.issubdtype(result.dtype, np.integer):
        new = np.rint(new).clip(0, white)
    target[hole] = new.astype(result.dtype)


def _share(levels: np.ndarray, box: Box, feather: int) -> np.ndarray | None:
    """Return how much of the fill shows in `box`, float32 in [0, 1] of its size; None if it is all of it everywhere.

    A soft mask says it itself; a feather takes it from nearly nothing at the rim of the hole to 1 inside.
    """
    soft = levels[box.slices] * np.float32(1 / WHITE) if levels.dtype == np.uint8 else None
    if not feather:
        return soft
    # What is farther away than the feather reaches makes no difference.
    top, left = max(0, box.top - feather - 1), max(0, box.left - feather - 1)
    near = levels[top : box.top + box.height + feather + 1, left : box.left + box.width + feather + 1] > 0
    distance = cv2.distanceTransform(near.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inner = box._replace(top=box.top - top, left=box.left - left)
    share = np.minimum(distance[inner.slices] / np.float32(feather + 1), 1)
    return share if soft is None else share * soft


def _white(pixels: np.ndarray) -> float:
    """Return the value of white in an array, whose layout it checks."""
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"the picture must be H x W x 3, got {pixels.shape}")
    if pixels.dtype in (np.uint8, np.uint16):
        return float(np.iinfo(pixels.dtype).max)
    if np.issubdtype(pixels.dtype, np.floating):
        return 1.0
    raise ValueError(f"the picture must be uint8, uint16 or floating point, got {pixels.dtype}")
