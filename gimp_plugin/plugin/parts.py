"""Parting a scattered selection, so that the engine gets the surroundings of each spot and not all that lies between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .geometry import Rect, with_context

CELL = 32
"""Pixels on a side of the squares in which a selection is looked at."""

Grid = list[bytearray]
"""For each row of cells one byte for each cell: 0 where nothing is selected."""


def cell_row(selection: bytes, width: int) -> bytearray:
    """Return which cells of a strip of a selection have something selected.

    selection: rows of `width` bytes, at most `CELL` of them; 0 is not selected.
    """
    joined = 0
    for start in range(0, len(selection), width):
        joined |= int.from_bytes(selection[start : start + width], "little")  # as fast as C, which a loop is not
    columns = joined.to_bytes(width, "little")
    return bytearray(any(columns[left : left + CELL]) for left in range(0, width, CELL))


def strips(bounds: Rect) -> Iterator[Rect]:
    """Yield the strips, `CELL` rows each, in which a selection with these bounds is read."""
    for top in range(bounds.top, bounds.bottom, CELL):
        yield Rect(bounds.left, top, bounds.right, min(top + CELL, bounds.bottom))


def part(grid: Grid, bounds: Rect, grow: int, extent: Rect) -> list[Rect]:
    """Return rectangles that together hold all that is selected, and have no pixel in common.

    Cuts at gaps, wherever the surroundings of both parts together are smaller than those of the whole.

    - `grid`: from `cell_row`, for each of the `strips` of `bounds`;
    - `grow`: how many pixels around the selection are filled as well;
    - `extent`: all pixels that there are.
    """

    def pixels(cells: Rect) -> int:
        area = with_context(_pixels(cells, bounds).grown(grow), extent)
        return area.width * area.height

    waiting = [_tight(grid, Rect(0, 0, len(grid[0]), len(grid)))]
    found = []
    while waiting:
        cells = waiting.pop()
        cuts = [parts for parts in (_cut(grid, cells, across) for across in (False, True)) if parts]
        best = min(cuts, key=lambda parts: sum(map(pixels, parts)), default=None)
        if best is not None and sum(map(pixels, best)) < pixels(cells):
            waiting.extend(reversed(best))
        else:
            found.append(_pixels(cells, bounds))
    return found if len(found) > 1 else [bounds]


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


def _cut(grid: Grid, cells: Rect, across: bool) -> list[Rect]:
    """Cut at the widest gap between rows of cells, or `across` it between columns; nothing if there is none."""
    if across:
        full = [
            column
            for column in range(cells.left, cells.right)
            if any(grid[row][column] for row in range(cells.top, cells.bottom))
        ]
    else:
        full = [row for row in range(cells.top, cells.bottom) if any(grid[row][cells.left : cells.right])]
    gap, after = max(((after - before, after) for before, after in pairwise(full)), default=(1, 0))
    if gap < 2:
        return []
    if across:
        parts = cells._replace(right=after), cells._replace(left=after)
    else:
        parts = cells._replace(bottom=after), cells._replace(top=after)
    return [_tight(grid, each) for each in parts]
