"""Parting a scattered selection, so that the engine gets the surroundings of each spot, not all between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .geometry import Rect, with_context

CELL = 32
"""Pixels on a side of the squares in which a selection is looked at."""

LARGEST = 16_000_000
"""Pixels that go to the engine at once at most, if there are gaps to cut at; each takes up to 16 bytes here."""

Grid = list[bytearray]
"""For each row of cells one byte for each cell: 0 where nothing is selected."""


def cell_row(selection: bytes, width: int, rows: int) -> bytearray:
    """Return which cells of a strip of a selection have something selected.

    - `selection`: at most `CELL` rows of `width` pixels, of one byte or several; 0 is not selected;
    - `rows`: how many there are.
    """
    row = len(selection) // rows
    joined = 0
    for start in range(0, len(selection), row):
        joined |= int.from_bytes(selection[start : start + row], "little")  # as fast as C, which a loop is not
    columns, cell = joined.to_bytes(row, "little"), CELL * row // width
    return bytearray(any(columns[left : left + cell]) for left in range(0, row, cell))


def strips(bounds: Rect) -> Iterator[Rect]:
    """Yield the strips, `CELL` rows each, in which a selection with these bounds is read."""
    for top in range(bounds.top, bounds.bottom, CELL):
        yield Rect(bounds.left, top, bounds.right, min(top + CELL, bounds.bottom))


def part(grid: Grid, bounds: Rect, grow: int, extent: Rect) -> list[Rect]:
    """Return rectangles that together hold all that is selected, and have no pixel in common.

    Cuts at gaps, wherever the surroundings of the parts together are smaller than those of the whole.

    - `grid`: from `cell_row`, for each of the `strips` of `bounds`;
    - `grow`: how many pixels around the selection are filled as well;
    - `extent`: all pixels that there are.
    """

    def pixels(cells: Rect) -> int:
        area = with_context(_pixels(cells, bounds).grown(grow), extent)
        return area.width * area.height

    def cheapest(cells: Rect) -> list[Rect]:
        # Cut down to the last gap first: surroundings grow with what they surround, so that one cut alone may not pay.
        cut = _cut(grid, cells)
        parts = [each for half in cut for each in cheapest(half)]
        whole = pixels(cells)
        return parts if parts and (whole > LARGEST or sum(map(pixels, parts)) < whole) else [cells]

    found = cheapest(_tight(grid, Rect(0, 0, len(grid[0]), len(grid))))
    return [_pixels(cells, bounds) for cells in found] if len(found) > 1 else [bounds]


def _pixels(cells: Rect, bounds: Rect) -> Rect:
    """Return the pixels of a rectangle of cells."""
    return Rect(*(edge * CELL for edge in cells)).moved(bounds.left, bounds.top).within(bounds)


def _tight(grid: Grid, cells: Rect) -> Rect:
    """Return the smallest rectangle of cells with all in `cells` that have something selected."""
    rows = [row for row in range(cells.top, cells.bottom) if any(grid[row][cells.left : cells.right])]
    columns = [
        column
        for column in range(cells.left, cells.right)
        if any(grid[row][column] for row in range(rows[0], rows[-1] + 1))
    ]
    return Rect(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


def _cut(grid: Grid, cells: Rect) -> list[Rect]:
    """Cut at the widest gap between rows or columns of cells; nothing if there is none."""
    rows = [row for row in range(cells.top, cells.bottom) if any(grid[row][cells.left : cells.right])]
    columns = [
        column
        for column in range(cells.left, cells.right)
        if any(grid[row][column] for row in range(cells.top, cells.bottom))
    ]
    high, below = max(((after - before, after) for before, after in pairwise(rows)), default=(1, 0))
    wide, right = max(((after - before, after) for before, after in pairwise(columns)), default=(1, 0))
    if max(high, wide) < 2:
        return []
    if high >= wide:
        halves = cells._replace(bottom=below), cells._replace(top=below)
    else:
        halves = cells._replace(right=right), cells._replace(left=right)
    return [_tight(grid, each) for each in halves]
