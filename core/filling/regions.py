"""Which windows of a photograph the network looks at, and at what scale.

Holes are separated by straight cuts: the box around all of them is cut in two at a known gap wherever the contexts of
both parts do not touch, and again where a window would grow past what the network is fed at once. Cutting boxes costs
the same for ten thousand specks as for one scratch, needs no list of holes, and cuts a long wire as well.

The size of a hole is the side of the largest square that fits into it. A hole is as hard to fill as its middle is far
from anything known, so a wire across a whole photograph is a small hole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import cv2
import numpy as np

from inpaint.core.filling.mask import bounds
from inpaint.weights.contract import Contract

BUCKET = 64
"""Sides of what the network is fed are rounded up to multiples of this: few shapes, so that a GPU tunes few times."""
LARGEST = 4
"""Most pixels fed to the network at once, in squares of the contract's native size, before a window is cut in two."""


class Box(NamedTuple):
    """A rectangle of pixels of the photograph."""

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array with."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def inside(self, other: "Box") -> "Box":
        """Return the same box, counted from the top left of another one."""
        return self._replace(top=self.top - other.top, left=self.left - other.left)


def box_around(mask: np.ndarray) -> Box:
    """Return the smallest box around what is True in a mask (H x W). Raises `ValueError` where nothing is."""
    found = bounds(mask)
    if found is None:
        raise ValueError("there is nothing in the mask")
    rows, columns = found
    return Box(rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)


@dataclass(frozen=True, slots=True)
class Region:
    """One window for the network."""

    window: Box
    """What the network sees: the hole and its context."""
    hole: Box
    """What this region fills. These boxes do not overlap, and together they hold every hole pixel."""
    scale: float
    """Factor to resize the window by before the network sees it, at most 1."""

    @property
    def fed(self) -> tuple[int, int]:
        """Height and width of the window at `scale`."""
        return max(1, round(self.window.height * self.scale)), max(1, round(self.window.width * self.scale))


def plan(mask: np.ndarray, contract: Contract) -> list[Region]:
    """Return the regions that together fill a mask (H x W bool, True = hole), those with most known pixels first.

    - Holes whose contexts overlap share a region unless that would make it too large, distant ones have their own.
    - The context on each side is at least half of the hole's size, and what the network had around its largest holes
      when it was trained.
    - A window is at least the native size and lies inside the photograph; at an edge it is moved inwards.
    - The scale is below 1 only for holes larger than the network was trained for.

    A mask without a hole gives no regions.
    """
    everything = _tighten(mask, Box(0, 0, *mask.shape[:2]))
    if everything is None:
        return []
    # One known pixel on each side, so that a hole ends at the edge of the photograph too: training has such holes.
    framed = np.pad(mask[everything.slices].astype(np.uint8), 1)
    depth = cv2.distanceTransform(framed, cv2.DIST_C, 3)[1:-1, 1:-1]
    regions = list(_Planner(mask, depth, everything, contract).regions())
    # A region without enough known pixels profits from its neighbours being filled before it.
    return sorted(regions, key=lambda region: float(mask[region.window.slices].mean()))


@dataclass(frozen=True, slots=True)
class _Planner:
    mask: np.ndarray
    depth: np.ndarray
    """Distance of each hole pixel in `everything` to the nearest known one, in king's moves."""
    everything: Box
    contract: Contract

    def regions(self) -> Iterator[Region]:
        """Cut the box around everything for as long as that helps."""
        waiting = [self.everything]
        while waiting:
            box = waiting.pop()
            parts = self.split_apart(box) or self.split_large(box)
            if parts:
                waiting.extend(reversed(parts))
            else:
                yield self.region(box)

    def region(self, box: Box) -> Region:
        """Return the region that fills `box`, scaled down to what a network of one size takes."""
        window, scale = self.window(box), self.scale(box)
        if self.contract.fixed_size:
            scale = min(scale, self.contract.native_size / max(window.height, window.width))
        return Region(window, box, scale)

    def hole_size(self, box: Box) -> int:
        """Return the side of the largest square in the hole around the pixels of `box`."""
        there = box._replace(top=box.top - self.everything.top, left=box.left - self.everything.left)
        return 2 * int(self.depth[there.slices].max())

    def scale(self, box: Box) -> float:
        return min(1.0, self.contract.native_hole / self.hole_size(box))

    def margins(self, box: Box) -> tuple[float, float]:
        """Return the context wanted above and below each, and left and right each, in pixels."""
        contract, scale = self.contract, self.scale(box)
        least = max(self.hole_size(box) / 2, (contract.native_size - contract.native_hole) / 2 / scale)
        native = contract.native_size / scale
        return max(least, (native - box.height) / 2), max(least, (native - box.width) / 2)

    def window(self, box: Box) -> Box:
        """Return the window around `box`, with the sides that the network is fed rounded up to whole buckets."""
        scale = self.scale(box)
        fed = [
            ceil(round((side + 2 * margin) * scale / BUCKET, 6)) * BUCKET  # 256.0000001 is not the next bucket
            for side, margin in zip((box.height, box.width), self.margins(box), strict=True)
        ]
        return centred(box, round(fed[0] / scale), round(fed[1] / scale), self.mask.shape)

    def split_apart(self, box: Box) -> list[Box]:
        """Cut `box` at a gap so wide that the contexts of the two parts do not touch; nothing if there is none."""
        for axis in (0, 1):
            gap = _widest_gap(np.any(self.mask[box.slices], axis=1 - axis))
            if gap is None or gap[1] - gap[0] < self.contract.native_size - self.contract.native_hole:
                continue
            parts = self.cut(box, axis, gap[0])
            if gap[1] - gap[0] > sum(self.margins(part)[axis] for part in parts):
                return parts
        return []

    def split_large(self, box: Box) -> list[Box]:
        """Cut `box` near the middle if its window is more than the network is fed at once; nothing if it is not."""
        scale, window = self.scale(box), self.window(box)
        native = self.contract.native_size
        fed = window.height * window.width * scale**2
        if fed <= LARGEST * native**2 or max(box.height, box.width) * scale <= native:
            return []
        axis = 0 if box.height > box.width else 1
        counts = np.count_nonzero(self.mask[box.slices], axis=1 - axis)
        start = len(counts) // 4
        middle = counts[start : len(counts) - start]
        fewest = np.flatnonzero(middle == middle.min()) + start
        return self.cut(box, axis, int(fewest[np.abs(fewest - len(counts) // 2).argmin()]))

    def cut(self, box: Box, axis: int, at: int) -> list[Box]:
        """Cut `box` before its row (axis 0) or column (axis 1) `at`, and tighten both parts."""
        if axis == 0:
            parts = box._replace(height=at), box._replace(top=box.top + at, height=box.height - at)
        else:
            parts = box._replace(width=at), box._replace(left=box.left + at, width=box.width - at)
        return [tight for part in parts if (tight := _tighten(self.mask, part)) is not None]


def _tighten(mask: np.ndarray, box: Box) -> Box | None:
    """Return the smallest box around the hole pixels of `box`; None if there are none."""
    part = mask[box.slices]
    if not part.any():
        return None
    tight = box_around(part)
    return tight._replace(top=box.top + tight.top, left=box.left + tight.left)


def _widest_gap(occupied: np.ndarray) -> tuple[int, int] | None:
    """Return start and end of the longest run of False in a vector that starts and ends with True."""
    inside = np.flatnonzero(occupied)
    if len(inside) < 2:
        return None
    steps = np.diff(inside)
    widest = int(steps.argmax())
    return (int(inside[widest]) + 1, int(inside[widest + 1])) if steps[widest] > 1 else None


def widened(box: Box, down: int, across: int, shape: tuple[int, ...]) -> Box:
    """Return a box made larger by `down` pixels above and below and `across` on either side, where there is picture."""
    top, left = max(0, box.top - down), max(0, box.left - across)
    bottom, right = min(shape[0], box.top + box.height + down), min(shape[1], box.left + box.width + across)
    return Box(top, left, bottom - top, right - left)


def centred(box: Box, height: int, width: int, shape: tuple[int, ...]) -> Box:
    """Return a box of the given size around `box`, moved inwards at the photograph's edges, never larger than it."""
    height, width = min(height, shape[0]), min(width, shape[1])
    top = min(max(0, box.top - (height - box.height) // 2), shape[0] - height)
    left = min(max(0, box.left - (width - box.width) // 2), shape[1] - width)
    return Box(top, left, height, width)
