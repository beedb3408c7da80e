"""Rectangles of pixels: which part of a layer goes to the engine."""

from __future__ import annotations

from typing import NamedTuple

LEAST_CONTEXT = 320
"""Pixels around the selection that the engine gets at least; it chooses itself how much of them a model sees."""
SHARE_OF_CONTEXT = 0.75
"""The same, as a share of the longer side of the selection: the models at hand see half of a large hole on each side,
and up to a quarter more because their windows have few sizes."""


class Rect(NamedTuple):
    """A rectangle of pixels; the right and lower edge are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def empty(self) -> bool:
        """Whether there is no pixel in it."""
        return self.width <= 0 or self.height <= 0

    def moved(self, right: int, down: int) -> Rect:
        """Return the rectangle moved."""
        return Rect(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def grown(self, pixels: int) -> Rect:
        """Return the rectangle larger on all sides."""
        return Rect(self.left - pixels, self.top - pixels, self.right + pixels, self.bottom + pixels)

    def around(self, other: Rect) -> Rect:
        """Return the smallest rectangle that holds both."""
        return Rect(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def within(self, other: Rect) -> Rect:
        """Return what both have in common; may be empty."""
        return Rect(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )


def with_context(selected: Rect, layer: Rect) -> Rect:
    """Return what the engine gets: the selected part of a layer with more around it than any model looks at."""
    longer = max(selected.width, selected.height)
    return selected.grown(max(LEAST_CONTEXT, int(longer * SHARE_OF_CONTEXT))).within(layer)


def with_rim(box: Rect, layer: Rect) -> Rect:
    """Return the box of an object with a quarter of its size around it, by which its background is known."""
    return box.grown(max(8, max(box.width, box.height) // 4)).within(layer)


def placed(thing: Rect, box: Rect, percent: float, move: tuple[int, int], layer: Rect) -> Rect:
    """Return where an object of the size of `thing` goes: as large as fits into `box` times `percent`, in its middle.

    `move` moves it from there, right and down. It stays inside the layer, smaller if need be, and keeps its shape.
    """
    scale = min(box.width / thing.width, box.height / thing.height) * percent / 100
    scale = min(scale, layer.width / thing.width, layer.height / thing.height)
    width, height = max(1, round(thing.width * scale)), max(1, round(thing.height * scale))
    left = (box.left + box.right - width) // 2 + move[0]
    top = (box.top + box.bottom - height) // 2 + move[1]
    left = min(max(left, layer.left), layer.right - width)
    top = min(max(top, layer.top), layer.bottom - height)
    return Rect(left, top, left + width, top + height)
