"""From a small copy to full resolution: the matches found in the small copy fetch the full detail.

Each step doubles the resolution. The shifts are doubled and moved by at most a pixel to where the finer picture agrees
best with the coarser fill; then every pixel is fetched through the shifts of the four matches around it. Time and
memory grow with the hole, and nothing as large as the window is made at full resolution.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from inpaint.core.exemplar.pyramid import Picture, halve

CHUNK = 1 << 17
"""Colours fetched at once."""
SHARPNESS = 2
"""Power of the weights between the four matches: the higher, the narrower the blend of two that disagree."""
SAMPLES = 5
"""Points a side at which a block is compared."""
WORKERS = min(8, os.cpu_count() or 1)
"""Threads that fetch; more than a few only wait for memory."""


def sharpen(
    fine: np.ndarray,
    hole: np.ndarray,
    unknown: np.ndarray,
    coarse: np.ndarray,
    number: np.ndarray,
    shifts: np.ndarray,
    correction: np.ndarray,
    white: float,
) -> np.ndarray:
    """Fill the hole of `fine`, in place, with what the matches of its halved copy point to; return finer shifts.

    - `fine`: H x W x 3 of any type, values up to `white`; `hole` and `unknown`: H x W bool, as in `Picture`;
    - `coarse`: h x w x 3 float32 in [0, 1], the filled copy at half the size;
    - `number`: the numbers of matches on a grid of the coarse copy or of one yet smaller, -1 for none;
    - `shifts`: N x 2 int32, in pixels of the coarse copy;
    - `correction`: float32 of the size of `number`, added to every fetched colour.
    """
    height, width = hole.shape
    step = max(1, round(height / number.shape[0]))
    _spread_coarse(fine, hole, coarse, white)
    shifts = _refine(fine, unknown, number, shifts * 2, step)
    pixels = np.flatnonzero(hole)

    def fetch(start: int) -> None:
        rows, columns = np.divmod(pixels[start : start + CHUNK], width)
        across, down = (columns + 0.5) / step - 0.5, (rows + 0.5) / step - 0.5
        total = np.zeros((len(rows), 3), np.float32)
        weights = np.zeros((len(rows), 1), np.float32)
        for dy in (0, 1):
            for dx in (0, 1):
                grid_rows, grid_columns = np.floor(down).astype(np.int64) + dy, np.floor(across).astype(np.int64) + dx
                near = (1 - np.abs(down - grid_rows)) * (1 - np.abs(across - grid_columns))
                grid_rows, grid_columns = (
                    np.clip(grid_rows, 0, number.shape[0] - 1),
                    np.clip(grid_columns, 0, number.shape[1] - 1),
                )
                which = number[grid_rows, grid_columns]
                there = rows + shifts[which, 0], columns + shifts[which, 1]
                there, good = _inside(*there, unknown)
                share = np.where(good & (which >= 0), near, 0).astype(np.float32)[:, None] ** SHARPNESS
                total += share * fine[there]
                weights += share
        found = weights[:, 0] > 0
        rows, columns = rows[found], columns[found]
        new = total[found] / weights[found] + _sample(correction, rows, columns, step) * np.float32(white)
        if np.issubdtype(fine.dtype, np.integer):
            new = np.rint(new)
        fine[rows, columns] = new.clip(0, white).astype(fine.dtype)

    # What is fetched is known and what is written is not, so the chunks do not see each other.
    _together(fetch, range(0, len(pixels), CHUNK))
    return shifts


def halve_in_strips(fine: Picture, white: float, rows: int = 256) -> Picture:
    """Return what `halve` returns for a window of any type with values up to `white`, with little memory."""
    strips = []
    for top in range(0, fine.hole.shape[0], rows):
        image, hole, unknown = (array[top : top + rows] for array in fine)
        strips.append(halve(Picture(image.astype(np.float32) / np.float32(white), hole, unknown)))
    return Picture(*(np.concatenate(parts) for parts in zip(*strips, strict=True)))


def _spread_coarse(fine: np.ndarray, hole: np.ndarray, coarse: np.ndarray, white: float, rows: int = 256) -> None:
    """Put the enlarged coarse fill into the hole of `fine`."""
    height, width = hole.shape
    for top in range(0, height, rows):
        part = hole[top : top + rows]
        if not part.any():
            continue
        first, last = max(0, top // 2 - 2), min(coarse.shape[0], (top + rows) // 2 + 3)
        strip = cv2.resize(coarse[first:last], (2 * coarse.shape[1], 2 * (last - first)), interpolation=cv2.INTER_CUBIC)
        strip = strip[top - 2 * first :][: len(part), :width] * np.float32(white)
        if np.issubdtype(fine.dtype, np.integer):
            strip = np.rint(strip)
        fine[top : top + rows][part] = strip[part].clip(0, white).astype(fine.dtype)


def _refine(fine: np.ndarray, unknown: np.ndarray, number: np.ndarray, shifts: np.ndarray, step: int) -> np.ndarray:
    """Return the shifts moved by at most a pixel, or replaced by a neighbour's, to what agrees with the coarse fill."""
    grid = np.argwhere(number >= 0)
    order = number[grid[:, 0], grid[:, 1]]
    points = np.linspace(-step, step, SAMPLES).round().astype(np.int64)
    result = shifts.copy()
    chunk = max(1, CHUNK // SAMPLES**2)

    def move(start: int) -> None:
        part, who = grid[start : start + chunk], order[start : start + chunk]
        rows, columns = (part[:, axis] * step + step // 2 for axis in (0, 1))
        rows, columns = rows[:, None, None] + points[:, None], columns[:, None, None] + points
        rows, columns = np.broadcast_arrays(rows.clip(0, unknown.shape[0] - 1), columns.clip(0, unknown.shape[1] - 1))
        here = fine[rows, columns].astype(np.float32)
        candidates = [shifts[who] + (dy, dx) for dy, dx in _NEARBY]
        for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            grid_rows = (part[:, 0] + dy).clip(0, number.shape[0] - 1)
            grid_columns = (part[:, 1] + dx).clip(0, number.shape[1] - 1)
            neighbour = number[grid_rows, grid_columns]
            candidates.append(np.where(neighbour[:, None] >= 0, shifts[neighbour], shifts[who]))
        least = np.full(len(who), np.inf, np.float32)
        for candidate in candidates:
            (to_rows, to_columns), good = _inside(
                rows + candidate[:, 0, None, None], columns + candidate[:, 1, None, None], unknown
            )
            cost = np.square(fine[to_rows, to_columns] - here).mean(axis=(1, 2, 3))
            cost[~good.all(axis=(1, 2))] = np.inf
            better = cost < least
            least[better] = cost[better]
            result[who[better]] = candidate[better]

    _together(move, range(0, len(grid), chunk))
    return result


def _together(work: Callable[[int], None], starts: range) -> None:
    """Do pieces of work beside each other; most of it is numpy's, which lets other threads run."""
    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in pool.map(work, starts):
            pass


_NEARBY = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))


def _inside(
    rows: np.ndarray, columns: np.ndarray, unknown: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Return indices moved into the window, and which of them are known pixels of it."""
    height, width = unknown.shape
    good = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    return (rows, columns), good & ~unknown[rows, columns]


def _sample(small: np.ndarray, rows: np.ndarray, columns: np.ndarray, step: int) -> np.ndarray:
    """Return P x 3: the enlarged `small` at P pixels."""
    across, down = ((columns + 0.5) / step - 0.5).astype(np.float32), ((rows + 0.5) / step - 0.5).astype(np.float32)
    # OpenCV takes at most 32,767 points along a side.
    side = 1 << 14
    pieces = [
        cv2.remap(
            small, across[i : i + side], down[i : i + side], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ).reshape(-1, 3)
        for i in range(0, len(rows), side)
    ]
    return np.concatenate(pieces) if pieces else np.empty((0, 3), np.float32)
