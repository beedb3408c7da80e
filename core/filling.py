"""Filling the hole of a photograph, region by region.

Not called `fill`, because `inpaint.core.fill` is the function.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np

from inpaint.core.engine import Engine
from inpaint.core.errors import EngineError
from inpaint.core.mask import check_mask
from inpaint.core.mask import grow as grow_mask
from inpaint.core.photo import Photo
from inpaint.core.regions import Region, plan

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
    """In the order they were filled."""
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
    `EngineError` when the device fails; a failing GPU is replaced by the CPU.
    """
    if isinstance(image, Photo):
        done = fill_pixels(image.pixels, mask, engine, grow=grow, feather=feather, progress=progress)
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
    in_place: bool = False,
) -> Filled:
    """Do what `fill` does to an array, and say how.

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
    result, unknown = pixels if in_place else pixels.copy(), mask.copy()
    strength = _strength(levels, mask, feather)
    for number, region in enumerate(regions, 1):
        # The window's view of the result already holds what earlier regions filled, as known pixels.
        window, hole = result[region.window.slices], unknown[region.window.slices]
        try:
            filled = _run(engine, window, hole, region, white)
        except EngineError as error:
            if engine.device == "cpu":
                raise
            engine = engine.on_cpu()
            notes.append(f"The rest was filled on the CPU. {error}")
            filled = _run(engine, window, hole, region, white)
        _composite(result, unknown, strength, region, filled, white)
        if progress is not None:
            progress(number, len(regions))
    return Filled(pixels=result, mask=mask, regions=tuple(regions), engine=engine, notes=tuple(notes))


def _run(engine: Engine, window: np.ndarray, hole: np.ndarray, region: Region, white: float) -> np.ndarray:
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
    unknown: np.ndarray,
    strength: np.ndarray | None,
    region: Region,
    filled: np.ndarray,
    white: float,
) -> None:
    """Put what the network filled into `result`, strictly inside the region's hole, and mark it as known."""
    inner, window = region.hole, region.window
    there = inner._replace(top=inner.top - window.top, left=inner.left - window.left)
    hole = unknown[inner.slices]
    new = filled[there.slices][hole] * np.float32(white)
    target = result[inner.slices]
    if strength is not None:
        share = strength[inner.slices][hole][:, None]
        if share.dtype == np.uint8:
            share = share * np.float32(1 / 255)
        new = share * new + (1 - share) * target[hole]
    if np.issubdtype(result.dtype, np.integer):
        new = np.rint(new).clip(0, white)
    target[hole] = new.astype(result.dtype)
    hole[...] = False


def _strength(levels: np.ndarray, mask: np.ndarray, feather: int) -> np.ndarray | None:
    """Return how much of the fill shows, H x W uint8 or float32 in [0, 1]; None if it is all of it in the whole hole.

    A soft mask says it itself; a feather takes it from nearly nothing at the rim of the hole to 1 inside.
    """
    soft = levels.dtype == np.uint8
    if not feather:
        return levels if soft else None
    distance = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    strength = np.minimum(distance / np.float32(feather + 1), 1)
    return strength * (levels * np.float32(1 / 255)) if soft else strength


def _white(pixels: np.ndarray) -> float:
    """Return the value of white in an array, whose layout it checks."""
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"the picture must be H x W x 3, got {pixels.shape}")
    if pixels.dtype in (np.uint8, np.uint16):
        return float(np.iinfo(pixels.dtype).max)
    if np.issubdtype(pixels.dtype, np.floating):
        return 1.0
    raise ValueError(f"the picture must be uint8, uint16 or floating point, got {pixels.dtype}")
