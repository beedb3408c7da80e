"""Rectangles of pixels: which part of a layer goes to the engine."""

from __future__ import annotations

from typing import NamedTuple

LEAST_CONTEXT = 512
"""Pixels around the selection that the engine gets at least; it chooses itself how much of them a model sees."""


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
    return selected.grown(max(LEAST_CONTEXT, selected.width, selected.height)).within(layer)
