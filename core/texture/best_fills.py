"""Fill a hole with texture: several candidates at a small scale, and those that people would choose finished."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np

from inpaint.core.texture.candidates import CANDIDATES, CONTINUED, THIN, Candidate, measuring_level
from inpaint.core.texture.chooser import scores, sure
from inpaint.core.texture.measures import Features, measure
from inpaint.core.texture.pypatchmatch_engine import LibrarySynthesis, library
from inpaint.core.texture.scale import Picture, has_sources
from inpaint.core.texture.source_filter import unlike_surroundings
from inpaint.core.texture.synthesis import Synthesis, pyramid, restrict
from inpaint.core.texture.upsample_fill import carry, halve_window

NEAR = 0.5
"""How far "near" sources are from the hole, as a share of the longer side of the box around it."""
NEAREST = 64
"""The same in pixels, at least."""
WORKING = 130_000, 800_000
"""Pixels of a hole, and of its window, above which it is synthesised at half the size and carried up."""
THREADS = min(8, os.cpu_count() or 1)
"""Candidates that are made at the same time."""
OWN = "own engine"
"""Name of the number that says whether a fill is ours (1) or the library's (0)."""
SEEDS = 1024
"""Random streams a seed has for its candidates."""

Made = TypeVar("Made")
Given = TypeVar("Given")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """One fill of a hole of N pixels."""

    colours: np.ndarray
    """N x 3 of the window's type: `window[hole] = result.colours`."""
    shifts: np.ndarray
    """N x 2 int32: rows and columns from each pixel of the hole to the middle of the patch that was copied there."""
    candidate: str
    """Name of what was chosen."""
    score: float
    """Of the chooser; the higher, the better, among fills of the same hole."""
    sure: float
    """How probably people prefer this to the next best candidate, as the chooser estimates it: 0.5 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class _Fill:
    """A candidate at the scale where candidates are compared."""

    candidate: Candidate
    synthesis: Synthesis | LibrarySynthesis
    numbers: dict[str, float] | None


def synthesize(
    window: np.ndarray,
    hole: np.ndarray,
    unknown: np.ndarray,
    *,
    white: float = 1.0,
    structure: bool = False,
    follow: bool = True,
    features: Features | None = None,
    allowed: np.ndarray | None = None,
    start: np.ndarray | None = None,
    seed: int = 0,
    count: int = 1,
) -> list[Result]:
    """Return fills of the hole of a window, copied from what is known in it, the best first.

    - `window`: H x W x 3 RGB of any type, values from 0 to `white`; what it holds in the hole is overwritten where the
      hole is large, and does not matter without `structure`;
    - `hole`: H x W bool, what is filled; `unknown`: H x W bool, what means nothing: the hole, and what nobody sees;
    - `structure`: the window holds a network's fill in its hole, which helps to choose; with `follow` one candidate
      begins with it;
    - `features`: maps of a network, which forbid sources unlike the surroundings and help to choose; None without;
    - `allowed`: H x W bool, what may be copied at all; None for everything known;
    - `start`: H x W x 2 int32, the shifts of an earlier fill, such as the last frame's: the one candidate begins there;
    - `count`: how many fills to return, all different; there may be fewer.

    The same arguments give the same fills. Empty when no patch may be copied.
    """
    sources = np.ones(hole.shape, np.bool_) if allowed is None else allowed
    if not hole.any() or not has_sources(Picture(window, hole, unknown, sources)):
        return []
    given = window
    finer: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    while np.count_nonzero(hole) > WORKING[0] or hole.size > WORKING[1]:
        finer.append((window, hole, unknown | ~sources))
        small = halve_window(window, hole, unknown, sources, white)
        if not has_sources(small, least=64):
            finer.pop()
            break
        hole, unknown, sources = small.hole, small.unknown, small.allowed
        window = (small.image * white).astype(given.dtype if given.dtype.kind in "ui" else np.float32)
        start = None
    colours = _as_floats(window, white)
    pictures = pyramid(Picture(colours, hole, unknown, sources))
    guide = None
    if structure:
        resized = _resized(given, hole.shape)
        guide = colours if not finer or resized is None else _as_floats(resized, white)
    if start is not None:
        fills = [_continued(pictures, start, seed)]
    else:
        fills = _candidates(pictures, guide, follow, features, seed, count)
    numbers = [fill.numbers for fill in fills if fill.numbers is not None]
    values = scores(numbers) if numbers else np.zeros(len(fills))
    order = np.argsort(-values, kind="stable")
    results = []
    for place, i in enumerate(order[:count]):
        pixels, shifts = _finished(fills[i].synthesis, window, hole, white, finer)
        results.append(
            Result(
                colours=pixels,
                shifts=shifts,
                candidate=fills[i].candidate.name,
                score=float(values[i]),
                sure=sure(values[order[place:]]),
            )
        )
    return results


def _candidates(
    pictures: list[Picture],
    structure: np.ndarray | None,
    follow: bool,
    features: Features | None,
    seed: int,
    count: int,
) -> list[_Fill]:
    """Return all candidates at the scale where they are compared, with their numbers."""
    hole = pictures[0].hole
    depth = cv2.distanceTransform(np.pad(hole, 1).view(np.uint8), cv2.DIST_C, 3).max()
    some = [one for one in CANDIDATES if not one.structure or (structure is not None and follow)]
    if library() is None:
        some = [one for one in some if not one.library]
    if depth <= THIN:
        some = some[:1]
    # More fills than candidates: the same with other random streams.
    works = [some[number % len(some)] for number in range(max(len(some), count))]
    kinds: dict[str, list[Picture]] = {"all": pictures, "near": restrict(pictures, _near(hole)), "like": pictures}
    if len(works) == 1:
        return [_Fill(works[0], Synthesis(kinds[works[0].sources], works[0].settings, seed * SEEDS), None)]
    level = min(measuring_level(hole), len(pictures) - 1)
    if features is not None and any(one.sources == "like" for one in works):
        small = pictures[level].plain()
        like = _like(small, _resized(structure, small.hole.shape), features)
        kinds["like"] = restrict(pictures, _enlarged(like, hole.shape))
    for kind, restricted in kinds.items():
        if not has_sources(restricted[0], least=256):
            kinds[kind] = pictures
    begun = [
        _begin(one, kinds[one.sources], seed * SEEDS + i, varied=seed > 0 or i >= len(some))
        for i, one in enumerate(works)
    ]
    level = min(level, *(len(synthesis.pictures) - 1 for synthesis in begun))
    small = pictures[level].plain()
    guide = _resized(structure, small.hole.shape)

    def make(number: int) -> _Fill:
        if works[number].library:
            # At the next finer scale, because it begins anew at each, and would come to another fill at the full size.
            fill = _resized(begun[number].run(max(0, level - 1)), small.hole.shape)
            assert fill is not None
            fill = np.where(small.hole[..., None], fill, small.image)
        else:
            fill = begun[number].run(level, estimate=guide if works[number].structure else None)
        numbers = measure(fill, small.hole, small.unknown, guide, features)
        numbers[OWN] = 0.0 if works[number].library else 1.0
        return _Fill(works[number], begun[number], numbers)

    return _side_by_side(make, range(len(works)))


def _begin(candidate: Candidate, pictures: list[Picture], seed: int, *, varied: bool) -> Synthesis | LibrarySynthesis:
    if candidate.library:
        return LibrarySynthesis(pictures, seed)
    return Synthesis(pictures, candidate.settings, seed, varied=varied)


def _continued(pictures: list[Picture], start: np.ndarray, seed: int) -> _Fill:
    """Return what an earlier fill's shifts make of this window."""
    synthesis = Synthesis(pictures, CONTINUED.settings, seed * SEEDS)
    synthesis.resume(start)
    return _Fill(CONTINUED, synthesis, None)


def _finished(
    synthesis: Synthesis | LibrarySynthesis,
    window: np.ndarray,
    hole: np.ndarray,
    white: float,
    finer: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the colours and shifts of the hole's pixels at the full size and in the window's own type."""
    filled, shifts = synthesis.run(0), synthesis.shifts()
    pixels = filled * np.float32(white)
    if isinstance(synthesis, LibrarySynthesis) and window.dtype != np.uint8 and not finer:
        pixels = synthesis.deepen(window.astype(np.float32), shifts, white)
    for fine, gap, blocked in reversed(finer):
        shifts = carry(fine, gap, blocked, filled, shifts, white)
        if fine is not finer[0][0]:
            filled = _as_floats(fine, white)
        pixels, window, hole = fine, fine, gap
    pixels = pixels[hole]
    if window.dtype.kind in "ui" and pixels.dtype != window.dtype:
        pixels = np.rint(pixels).clip(0, white)
    return pixels.astype(window.dtype), np.ascontiguousarray(shifts[hole])


def _like(small: Picture, guide: np.ndarray | None, features: Features) -> np.ndarray:
    """Return h x w bool: what a network does not find unlike the surroundings of the hole."""
    if guide is not None and np.array_equal(small.hole, small.unknown):
        smooth = np.where(small.hole[..., None], guide, small.image)
    else:
        levels = np.rint(small.image.clip(0, 1) * 255).astype(np.uint8)
        smooth = cv2.inpaint(levels, small.unknown.view(np.uint8), 3, cv2.INPAINT_TELEA) / np.float32(255)
    return ~unlike_surroundings(features(smooth)[1:], small.hole, ~small.unknown)


def _enlarged(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return cv2.resize(mask.view(np.uint8), shape[::-1], interpolation=cv2.INTER_NEAREST) > 0


def _near(hole: np.ndarray) -> np.ndarray:
    """Return H x W bool: what is close to the hole."""
    rows, columns = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    reach = max(NEAREST, int(NEAR * max(np.ptp(rows) + 1, np.ptp(columns) + 1)))
    near = np.zeros_like(hole)
    near[max(0, rows[0] - reach) : rows[-1] + 1 + reach, max(0, columns[0] - reach) : columns[-1] + 1 + reach] = True
    return near


def _resized(image: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return a picture of any type at another size."""
    if image is None or image.shape[:2] == shape:
        return image
    if image.dtype not in (np.uint8, np.uint16, np.float32):
        image = image.astype(np.float32)
    return cv2.resize(image, shape[::-1], interpolation=cv2.INTER_AREA)


def _as_floats(image: np.ndarray, white: float) -> np.ndarray:
    """Return H x W x 3 float32 in [0, 1]."""
    floats = image.astype(np.float32)
    floats /= np.float32(white)
    return np.clip(floats, 0, 1, out=floats)


def _side_by_side(make: Callable[[Given], Made], works: Iterable[Given]) -> list[Made]:
    """Return what `make` makes of each work, several at a time; the kernels let other threads run."""
    from inpaint.core.texture import patchmatch_kernels as kernels  # noqa: F401 - compiled once, before there are threads

    works = list(works)
    if len(works) == 1 or THREADS == 1:
        return [make(work) for work in works]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(make, works))
