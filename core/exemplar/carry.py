"""From a small copy to full resolution: the matches found in the small copy fetch the full detail.

Each step doubles the resolution. The shifts are doubled and moved by at most a pixel to where the finer picture agrees
best with the coarser fill; then every pixel is fetched through the shifts of the four matches around it. Time and
memory grow with the hole, and no copy of the window is made at full resolution.

Pixels are fetched with flat indices through `take`, which is four times as fast as indexing with rows and columns.
"""

import cv2
import numpy as np

from inpaint.core.exemplar.pyramid import Picture, halve
from inpaint.core.exemplar.together import together

CHUNK = 1 << 17
"""Colours fetched at once."""
BLOCKS = 1024
"""Matches that are compared at once; what they need fits into a processor's cache."""
SHARPNESS = 2
"""Power of the weights between the four matches: the higher, the narrower the blend of two that disagree."""
SAMPLES = 5
"""Points a side at which a block is compared."""


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
    line, pixel, channel = fine.strides
    if (pixel, channel) != (3 * fine.itemsize, fine.itemsize) or line < 0 or line % pixel:  # `_flat` needs whole pixels
        whole = np.ascontiguousarray(fine)
        shifts = sharpen(whole, hole, unknown, coarse, number, shifts, correction, white)
        fine[hole] = whole[hole]
        return shifts
    step = max(1, round(hole.shape[0] / number.shape[0]))
    _spread_coarse(fine, hole, coarse, white)
    unknown = np.ascontiguousarray(unknown)
    shifts = _refine(fine, unknown, number, shifts * 2, step)
    _fetch(fine, hole, unknown, number, shifts, correction, white, step)
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
    (height, width), (colours, pitch), hidden = unknown.shape, _flat(fine), unknown.ravel()
    grid = np.argwhere(number >= 0)
    order = number[grid[:, 0], grid[:, 1]]
    points = np.linspace(-step, step, SAMPLES).round().astype(np.int64)
    result = shifts.copy()

    def move(start: int) -> None:
        part, who = grid[start : start + BLOCKS], order[start : start + BLOCKS]
        rows, columns = (part[:, axis, None] * step + step // 2 + points for axis in (0, 1))
        rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
        in_image = (rows[:, :, None] * pitch + columns[:, None]).reshape(len(part), -1)
        in_mask = in_image if pitch == width else (rows[:, :, None] * width + columns[:, None]).reshape(len(part), -1)
        here = colours.take(in_image, axis=0).reshape(len(part), -1).astype(np.float32)
        own = shifts[who]
        best, least = own.copy(), np.full(len(who), np.inf, np.float32)
        everyone = np.arange(len(who))

        def compare(candidate: np.ndarray, whose: np.ndarray | slice) -> None:
            """Take the candidates, n x 2, that are better than what these matches have."""
            down, across = candidate.T.astype(np.int64)
            there = colours.take(in_image[whose] + (down * pitch + across)[:, None], axis=0, mode="clip")
            difference = there.reshape(-1, here.shape[1]) - here[whose]
            cost = np.einsum("nd,nd->n", difference, difference)
            inside = (rows[whose, 0] + down >= 0) & (rows[whose, -1] + down < height)
            inside &= (columns[whose, 0] + across >= 0) & (columns[whose, -1] + across < width)
            better = np.flatnonzero((cost < least[whose]) & inside)
            whose = everyone[whose][better]
            places = in_mask[whose] + (down[better] * width + across[better])[:, None]
            known = ~hidden.take(places).any(axis=1)
            better, whose = better[known], whose[known]
            least[whose], best[whose] = cost[better], candidate[better]

        for dy, dx in _NEARBY:
            compare(own + np.array((dy, dx), own.dtype), slice(None))
        for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            grid_rows = (part[:, 0] + dy).clip(0, number.shape[0] - 1)
            grid_columns = (part[:, 1] + dx).clip(0, number.shape[1] - 1)
            neighbour = number[grid_rows, grid_columns]
            # Most neighbours have a shift that has been compared already.
            new = np.flatnonzero((neighbour >= 0) & (np.abs(shifts[neighbour] - own).max(axis=1) > 1))
            compare(shifts[neighbour[new]], new)
        result[who] = best

    together(move, range(0, len(grid), BLOCKS))
    return result


def _fetch(
    fine: np.ndarray,
    hole: np.ndarray,
    unknown: np.ndarray,
    number: np.ndarray,
    shifts: np.ndarray,
    correction: np.ndarray,
    white: float,
    step: int,
) -> None:
    """Write what the matches point to into the hole."""
    (height, width), (colours, pitch), hidden = unknown.shape, _flat(fine), unknown.ravel()
    rows_at, columns_at = _between(height, number.shape[0], step), _between(width, number.shape[1], step)
    grid = number.ravel()
    down, across = np.ascontiguousarray(shifts.T, np.int64)
    pixels = np.flatnonzero(hole)

    def fetch(start: int) -> None:
        rows, columns = np.divmod(pixels[start : start + CHUNK], width)
        total = np.zeros((len(rows), 3), np.float32)
        weights = np.zeros((len(rows), 1), np.float32)
        for corner_rows, row_share in rows_at:
            above, share_down = corner_rows.take(rows) * number.shape[1], row_share.take(rows)
            for corner_columns, column_share in columns_at:
                which = grid.take(above + corner_columns.take(columns))
                there_rows, there_columns = rows + down.take(which), columns + across.take(which)
                good = (which >= 0) & (there_rows >= 0) & (there_rows < height)
                good &= (there_columns >= 0) & (there_columns < width)
                good &= ~hidden.take(there_rows * width + there_columns, mode="clip")
                share = (share_down * column_share.take(columns) * good)[:, None] ** SHARPNESS
                total += share * colours.take(there_rows * pitch + there_columns, axis=0, mode="clip")
                weights += share
        found = weights[:, 0] > 0
        rows, columns = rows[found], columns[found]
        new = total[found] / weights[found] + _sample(correction, rows, columns, step) * np.float32(white)
        if np.issubdtype(fine.dtype, np.integer):
            new = np.rint(new)
        fine[rows, columns] = new.clip(0, white).astype(fine.dtype)

    # What is fetched is known and what is written is not, so the chunks do not see each other.
    together(fetch, range(0, len(pixels), CHUNK))


def _between(length: int, points: int, step: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return for each of `length` pixels the two grid points that it lies between, and how near it is to each."""
    place = (np.arange(length) + 0.5) / step - 0.5
    first = np.floor(place).astype(np.int64)
    return [
        ((first + beyond).clip(0, points - 1), (1 - np.abs(place - (first + beyond))).astype(np.float32))
        for beyond in (0, 1)
    ]


def _flat(image: np.ndarray) -> tuple[np.ndarray, int]:
    """Return a view of H x W x C as a list of colours, and how many of them there are from row to row.

    `image` may be part of a wider one, whose other columns are then in the list, too.
    """
    (height, width, channels), (line, pixel, _) = image.shape, image.strides
    pitch = line // pixel
    return np.lib.stride_tricks.as_strided(image, ((height - 1) * pitch + width, channels), image.strides[1:]), pitch


_NEARBY = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))


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
