"""Filling the hole of a photograph, region by region.

Not called `fill`, because `inpaint.core.fill` is the function.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar, get_args

import cv2
import numpy as np

from inpaint.core.engines.engine import Engine
from inpaint.core.errors import MaskError
from inpaint.core.filling.fallback import fill_with_fallback
from inpaint.core.filling.mask import WHITE, check_mask
from inpaint.core.filling.mask import grow as grow_mask
from inpaint.core.filling.regions import Box, Region, plan, widened
from inpaint.core.filling.texture import Sampling, Texture, put_texture
from inpaint.core.filling.tone_curve import ToneCurve, curve_of
from inpaint.core.images.photo import Photo
from inpaint.core.images.pixels import check_picture, white_of
from inpaint.weights.manifest import find

Progress = Callable[[int, int], None]
"""Called after each step with how many are done and how many there are: a region filled, or given its texture."""

Detail = Literal["network", "texture", "auto"]
"""Where the fine detail of a fill comes from; see `fill`."""

DEFAULT = Sampling()
"""One fill, from everything known."""

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
    textures: tuple[Texture, ...] = ()
    """What was chosen for each region that got texture, in the order of `regions`."""
    others: tuple[np.ndarray, ...] = ()
    """Further fills, N x 3 each, the next best first: the colours of the N pixels of `mask`, row by row."""

    def variations(self) -> Iterator[np.ndarray]:
        """Yield the pictures of all fills, the best first; each but the first is a copy."""
        yield self.pixels
        for colours in self.others:
            pixels = self.pixels.copy()
            pixels[self.mask] = colours
            yield pixels


def fill(
    image: Picture,
    mask: np.ndarray,
    engine: Engine,
    *,
    grow: int = 0,
    feather: int = 0,
    detail: Detail = "auto",
    sampling: Sampling = DEFAULT,
    progress: Progress | None = None,
) -> Picture:
    """Fill the hole of a picture; every pixel outside it comes back exactly as it was.

    - `image`: a `Photo`, or H x W x 3 RGB of uint8, uint16, or floats, where 1.0 is white. Floats may
      be light of any strength; those that are no finite numbers are not looked at, and kept outside the hole;
    - `mask`: H x W bool, True = hole; or H x W uint8, where everything above 0 is hole and the value is how much of the
      fill shows, 255 = the fill alone;
    - `grow`: make the hole this many pixels larger on all sides first;
    - `feather`: blend from the old picture to the fill over the outermost pixels *inside* the hole, this many. With
      `grow` this gives a soft seam; alone it lets what was at the rim of the hole shine through;
    - `detail`: "network" keeps what the network fills, "texture" copies from around the hole wherever there is anything
      to copy, and "auto" does so too, but may follow what the network fills; of other people's models, such as LaMa, it
      keeps what they fill, unless `sampling` asks for something;
    - `sampling`: the seed, and where texture may come from.

    Returns the same kind as `image`. Raises `MaskError` for a mask without a hole or without anything known, and
    `EngineError` when the device fails; where memory is short a smaller size is tried, and a failing GPU is replaced by
    the CPU, both with a note in what `fill_pixels` returns.
    """
    if isinstance(image, Photo):
        options = {"grow": grow, "feather": feather, "detail": detail, "sampling": sampling, "progress": progress}
        done = fill_pixels(image.pixels, mask, engine, empty=image.empty, **options)
        return image.with_pixels(done.pixels)
    return fill_pixels(
        image, mask, engine, grow=grow, feather=feather, detail=detail, sampling=sampling, progress=progress
    ).pixels


def fill_pixels(
    pixels: np.ndarray,
    mask: np.ndarray,
    engine: Engine,
    *,
    grow: int = 0,
    feather: int = 0,
    detail: Detail = "auto",
    sampling: Sampling = DEFAULT,
    progress: Progress | None = None,
    empty: np.ndarray | None = None,
    in_place: bool = False,
) -> Filled:
    """Do what `fill` does to an array, and say how.

    - `empty`: H x W bool, where the colours mean nothing because nobody sees them; they are kept, but not looked at;
    - `sampling`: as for `fill`, and how many fills to make; all but the first are in `Filled.others`;
    - `in_place`: write the fill into `pixels` instead of a copy, which a photograph of 100 megapixels is too large for.
    """
    check_picture(pixels)
    white = white_of(pixels.dtype)
    if mask.shape != pixels.shape[:2] or mask.dtype not in (np.bool_, np.uint8):
        raise ValueError(f"mask must be {pixels.shape[:2]} bool or uint8, got {mask.shape} {mask.dtype}")
    if mask.dtype == np.uint8 and mask.max(initial=0) == 1:
        raise ValueError("the mask must be bool, or uint8 with 255 for the hole; this is uint8 with 0 and 1")
    if detail not in get_args(Detail):
        raise ValueError(f"detail must be one of {', '.join(get_args(Detail))}, got {detail!r}")
    if feather < 0:
        raise ValueError(f"feather must not be negative, got {feather}")
    sampling.check(pixels.shape)
    if detail == "auto" and sampling.unasked and _paints_detail(engine):
        detail = "network"
    levels = grow_mask(mask, grow)
    notes = list(check_mask(levels))
    mask = levels if levels.dtype == np.bool_ else levels > 0
    regions = plan(mask, engine.contract)
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        broken = np.logical_not(np.isfinite(pixels).all(axis=2))
        empty = broken if empty is None else empty | broken
    result = pixels if in_place else pixels.copy()
    unknown = mask.copy() if empty is None else mask | empty
    if unknown.all():
        raise MaskError("Everything around the hole is transparent, so there is nothing to fill from.")
    steps = len(regions) * (1 if detail == "network" else 2)
    olds: list[np.ndarray] = []
    for number, region in enumerate(regions, 1):
        # The window's view of the result already holds what earlier regions filled, as known pixels.
        window, hole = result[region.window.slices], unknown[region.window.slices]
        curve = curve_of(window, hole, region.hole.inside(region.window))
        done = fill_with_fallback(partial(_run, window, hole, curve), engine, region)
        engine, regions[number - 1] = done.engine, done.region
        notes.extend(done.notes)
        hole = mask[region.hole.slices]
        if feather or levels.dtype == np.uint8:
            olds.append(result[region.hole.slices][hole])
        result[region.hole.slices][hole] = curve.decode(done.filled[hole])
        unknown[region.hole.slices][hole] = False
        if progress is not None:
            progress(number, steps)
    textures: list[Texture] = []
    if detail != "network":
        unknown |= mask
        for number, region in enumerate(regions, len(regions) + 1):
            found = put_texture(result, mask, unknown, region, sampling, follow=detail == "auto")
            if found is not None:
                textures.append(found)
            unknown[region.hole.slices][mask[region.hole.slices]] = False
            if progress is not None:
                progress(number, steps)
    others = []
    for number in range(1, max((len(texture.fills) for texture in textures), default=1)):
        for texture in textures:
            texture.show(result, mask, number)
        _blend_all(result, mask, levels, regions, olds, feather, empty, white)
        others.append(result[mask])
    if others:
        for texture in textures:
            texture.show(result, mask, 0)
    _blend_all(result, mask, levels, regions, olds, feather, empty, white)
    return Filled(
        pixels=result,
        mask=mask,
        regions=tuple(regions),
        engine=engine,
        notes=tuple(notes),
        textures=tuple(textures),
        others=tuple(others),
    )


def _paints_detail(engine: Engine) -> bool:
    """Return whether the model is one of other people's, whose fills have fine detail of their own."""
    known = find(engine.contract.name)
    return known is not None and known.contract is not None


def _run(window: np.ndarray, hole: np.ndarray, curve: ToneCurve, engine: Engine, region: Region) -> np.ndarray:
    """Return the region's hole box filled: height x width x 3 float32 in [0, 1], which `curve` turns into colours.

    What `window` shows inside `hole` is not used.
    """
    box = region.hole.inside(region.window)
    height, width = region.fed
    if (height, width) == hole.shape:
        return engine.run(curve.encode(window), hole)[box.slices]
    # Whole numbers are made small before they are made floats: a window of a large hole is large.
    whole = np.issubdtype(window.dtype, np.integer)
    small = cv2.resize(window if whole else curve.encode(window), (width, height), interpolation=cv2.INTER_AREA)
    # A small pixel that is hole in the least part has the hole's old colour in it, so it is hole.
    small_hole = cv2.resize(hole.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) > 0
    filled = engine.run(curve.encode(small) if whole else small, small_hole)
    down, across = height / hole.shape[0], width / hole.shape[1]
    # Pixel centres are at halves, and cv2.warpAffine counts them from 0.
    back = np.array(
        [[across, 0, (box.left + 0.5) * across - 0.5], [0, down, (box.top + 0.5) * down - 0.5]], dtype=np.float64
    )
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(filled, back, (box.width, box.height), flags=flags, borderMode=cv2.BORDER_REPLICATE).clip(
        0, 1
    )


def _as_type(colours: np.ndarray, dtype: np.dtype, white: float) -> np.ndarray:
    """Return float colours from 0 to `white` in the picture's type."""
    return (np.rint(colours).clip(0, white) if np.issubdtype(dtype, np.integer) else colours).astype(dtype)


def _blend_all(
    result: np.ndarray,
    mask: np.ndarray,
    levels: np.ndarray,
    regions: list[Region],
    olds: list[np.ndarray],
    feather: int,
    empty: np.ndarray | None,
    white: float,
) -> None:
    """Let the old colours shine through wherever the mask is soft or a feather is wanted; `olds` is empty otherwise."""
    for region, old in zip(regions, olds, strict=False):
        share = _share(levels, region.hole, feather)
        if share is not None:
            if empty is not None:
                # Colours that nobody saw must not shine through.
                share = np.where(empty[region.hole.slices], np.float32(1), share)
            _blend(result[region.hole.slices], old, mask[region.hole.slices], share, white)


def _blend(target: np.ndarray, old: np.ndarray, hole: np.ndarray, share: np.ndarray, white: float) -> None:
    """Let the `old` colours of the hole shine through where less than all of the fill is to show."""
    some, new = share[hole][:, None], target[hole]
    if old.dtype.kind == "f":
        old = np.where(np.isfinite(old), old, new)
    target[hole] = _as_type(some * new + (1 - some) * old, target.dtype, white)


def _share(levels: np.ndarray, box: Box, feather: int) -> np.ndarray | None:
    """Return how much of the fill shows in `box`, float32 in [0, 1] of its size; None if it is all of it everywhere.

    A soft mask says it itself; a feather takes it from nearly nothing at the rim of the hole to 1 inside.
    """
    soft = levels[box.slices] * np.float32(1 / WHITE) if levels.dtype == np.uint8 else None
    if not feather:
        return soft
    # What is farther away than the feather reaches makes no difference.
    near = widened(box, feather + 1, feather + 1, levels.shape)
    hole = levels[near.slices] > 0
    distance = cv2.distanceTransform(hole.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inner = box._replace(top=box.top - near.top, left=box.left - near.left)
    share = np.minimum(distance[inner.slices] / np.float32(feather + 1), 1)
    return share if soft is None else share * soft
