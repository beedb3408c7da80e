"""The inner loops of texture synthesis, compiled by numba.

Pictures are canvases of H x W x C float32 with a margin of `radius` pixels, passed flat; a place is a flat index of a
pixel, `width` is the canvas's. A patch is the square of `radius` pixels around a place. Sources are places where
`usable` is not 0, whose patches lie inside the canvas; targets are listed in `places`, and `number` finds them again.
"""

from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np

BIG = np.float32(1e30)
LOYAL = np.float32(0.3)
"""Share of its cost that moving a shift must save: neighbours should stay together."""
MULTIPLIER, INCREMENT, HALF = np.uint64(6364136223846793005), np.uint64(1442695040888963407), np.uint64(32)
"""Of a linear congruential generator with 64 bits (Knuth, MMIX), whose upper half is used."""
_image, _bytes, _whole, _int = "float32[::1]", "uint8[::1]", "int32[::1]", "int64"


def _compiled(signature: str | None = None) -> Callable[[Callable], Any]:
    """Compile a function for these types, or for what it is called with; kept on disk where there is a place for it."""

    def compile_function(function: Callable) -> Any:
        compiler: Any = nb.njit
        try:
            return compiler(signature, cache=True, fastmath=True, nogil=True)(function)
        except RuntimeError:  # neither the package's folder nor the user's cache can be written
            return compiler(signature, fastmath=True, nogil=True)(function)

    return compile_function


@_compiled(f"float32({_image}, {_image}, {_int}, {_int}, {_int}, {_int}, {_int}, float32)")
def distance(image, weights, target, source, width, channels, radius, best):
    """Return the weighted squared difference of two patches; something above `best` once it is that."""
    total = np.float32(0)
    length = (2 * radius + 1) * channels
    for dy in range(-radius, radius + 1):
        a = (target + dy * width - radius) * channels
        b = (source + dy * width - radius) * channels
        part = np.float32(0)
        for k in range(length):
            d = image[a + k] - image[b + k]
            part += weights[a + k] * d * d
        total += part
        if total >= best:
            return total
    return total


@_compiled(
    f"void({_image}, {_image}, {_bytes}, {_whole}, {_whole}, {_whole}, {_image}, {_int}, {_int}, {_int}, {_int}, "
    f"{_int}, float32, {_int})"
)
def search(image, weights, usable, places, number, match, cost, width, channels, radius, rounds, reach, loyal, seed):
    """Improve the matches of target patches in place (Barnes et al., PatchMatch, SIGGRAPH 2009).

    Every target tries what its neighbours have, moved along with it, and random places around its own match, at most
    `reach` away. `loyal`: share of its cost that a random place must save; 0 takes any better one.
    """
    size = len(usable)
    height = size // width
    state = np.uint64(seed) * MULTIPLIER + INCREMENT
    n = len(places)
    for i in range(n):
        p = match[i]
        tries = 0
        while (p < 0 or p >= size or usable[p] == 0) and tries < 1000:
            state = state * MULTIPLIER + INCREMENT
            p = nb.int32((state >> HALF) * np.uint64(size) >> HALF)
            tries += 1
        if p < 0 or p >= size or usable[p] == 0:
            p = 0
            while usable[p] == 0:
                p += 1
        match[i] = p
        cost[i] = distance(image, weights, places[i], p, width, channels, radius, BIG)
    for turn in range(rounds):
        step = -1 if turn % 2 == 0 else 1
        for j in range(n):
            i = j if turn % 2 == 0 else n - 1 - j
            place = places[i]
            best, where = cost[i], match[i]
            for k in range(2):
                away = step * width if k == 0 else step
                q = number[place + away]
                if q < 0:
                    continue
                p = match[q] - away
                if p != where and usable[p] != 0:
                    c = distance(image, weights, place, p, width, channels, radius, best)
                    if c < best:
                        best, where = c, p
            span = reach
            while span >= 1:
                y, x = where // width, where % width
                state = state * MULTIPLIER + INCREMENT
                y += nb.int64((state >> HALF) * np.uint64(2 * span + 1) >> HALF) - span
                state = state * MULTIPLIER + INCREMENT
                x += nb.int64((state >> HALF) * np.uint64(2 * span + 1) >> HALF) - span
                span //= 2
                if y < 0 or x < 0 or y >= height or x >= width:
                    continue
                p = y * width + x
                if usable[p] != 0 and p != where:
                    least = best * (np.float32(1) - loyal)
                    c = distance(image, weights, place, p, width, channels, radius, least)
                    if c < least:
                        best, where = c, p
            cost[i], match[i] = best, where


@_compiled(f"void({_image}, {_image}, {_bytes}, {_whole}, {_whole}, {_image}, {_int}, {_int}, {_int}, float32)")
def vote(image, estimate, hole, number, match, share, width, channels, radius, sharp):
    """Write the weighted mean of what the patches over each pixel of the hole put there into `estimate`.

    `share`: how much each patch counts. With `sharp` above 0 a second mean follows, in which colours count less the
    further they are from the first: exp(-d² / sharp).
    """
    first = np.zeros(channels, np.float32)
    total = np.zeros(channels, np.float32)
    for p in range(len(hole)):
        if hole[p] == 0:
            continue
        rounds = 2 if sharp > 0 else 1
        least = np.float32(0)
        for turn in range(rounds):
            for c in range(channels):
                first[c] = total[c]
                total[c] = 0
            weight = np.float32(0)
            for dy in range(-radius, radius + 1):
                for dx in range(-radius, radius + 1):
                    away = dy * width + dx
                    q = number[p - away]
                    if q < 0:
                        continue
                    w = share[q]
                    at = (match[q] + away) * channels
                    if turn == 1:
                        d = np.float32(0)
                        for c in range(3):
                            e = image[at + c] - first[c]
                            d += e * e
                        w *= np.exp(-d / sharp)
                    for c in range(channels):
                        total[c] += w * image[at + c]
                    weight += w
            if turn == 0:
                least = np.float32(1e-4) * weight
            # Where nothing is near the first mean, what is left of the weights is too little to divide by.
            if weight > 0 and weight >= least:
                for c in range(channels):
                    total[c] /= weight
            else:
                for c in range(channels):
                    total[c] = first[c] if turn == 1 else estimate[p * channels + c]
        for c in range(channels):
            estimate[p * channels + c] = total[c]
            first[c] = 0


@_compiled(f"void({_image}, {_image}, {_bytes}, {_bytes}, {_bytes}, {_whole}, {_whole}, {_int}, {_int}, {_int})")
def peel(image, weights, filled, hole, inside, sources, origin, width, channels, radius):
    """Fill the hole layer by layer from its rim, in place; `origin` gets the place that each pixel came from.

    Each pixel is the centre of the source among `sources` whose patch agrees best with what is filled already.
    """
    layer = np.empty(len(hole), np.int32)
    side = 2 * radius + 1
    while True:
        n = 0
        for p in range(len(hole)):
            if hole[p] != 0 and filled[p] == 0 and inside[p] != 0:
                around = 0
                for dy in range(-1, 2):
                    for dx in range(-1, 2):
                        around += filled[p + dy * width + dx]
                if around >= 2:
                    layer[n] = p
                    n += 1
        if n == 0:
            return
        mask = np.zeros(side * side * channels, np.float32)
        for i in range(n):
            p = layer[i]
            k = 0
            for dy in range(-radius, radius + 1):
                for dx in range(-radius, radius + 1):
                    at = p + dy * width + dx
                    for c in range(channels):
                        mask[k] = weights[at * channels + c] if filled[at] != 0 else np.float32(0)
                        k += 1
            best, where = BIG, sources[0]
            for s in range(len(sources)):
                total = np.float32(0)
                k = 0
                for dy in range(-radius, radius + 1):
                    a = (p + dy * width - radius) * channels
                    b = (sources[s] + dy * width - radius) * channels
                    part = np.float32(0)
                    for j in range(side * channels):
                        d = image[a + j] - image[b + j]
                        part += mask[k + j] * d * d
                    k += side * channels
                    total += part
                    if total >= best:
                        break
                if total < best:
                    best, where = total, sources[s]
            origin[p] = where
        for i in range(n):
            p = layer[i]
            for c in range(channels):
                image[p * channels + c] = image[origin[p] * channels + c]
        for i in range(n):
            filled[layer[i]] = 1


@_compiled()
def align(window, gap, blocked, shifts):
    """Return shifts (h x w x 2) moved to where the window agrees best with itself: see `carry`.

    `window`: H x W x 3 of any type, with the enlarged coarse fill in its hole; `gap`: h x w, which shifts count;
    `blocked`: H x W. Tried are each shift and those of its four neighbours, moved by at most a pixel.
    """
    height, width = blocked.shape
    rows, columns = gap.shape
    result = shifts.copy()
    for y in range(rows):
        for x in range(columns):
            if gap[y, x] == 0:
                continue
            best, down, across = np.float32(1e30), shifts[y, x, 0], shifts[y, x, 1]
            own = np.float32(1e30)
            for k in range(-1, 5):
                ny = y + (k == 1) - (k == 2)
                nx = x + (k == 3) - (k == 4)
                if ny < 0 or nx < 0 or ny >= rows or nx >= columns or gap[ny, nx] == 0:
                    continue
                if k > 0 and shifts[ny, nx, 0] == shifts[y, x, 0] and shifts[ny, nx, 1] == shifts[y, x, 1]:
                    continue
                for move in range(9):
                    if (k < 0) != (move == 4 and k <= 0):  # its own shift as it is comes first, and once
                        continue
                    my = shifts[ny, nx, 0] + move // 3 - 1
                    mx = shifts[ny, nx, 1] + move % 3 - 1
                    total = np.float32(0)
                    if (move != 4 or k > 0) and own < np.float32(1e29):
                        total += LOYAL * own
                    for dy in range(-3, 5, 2):
                        for dx in range(-3, 5, 2):
                            ty, tx = 2 * y + dy, 2 * x + dx
                            if ty < 0 or tx < 0 or ty >= height or tx >= width:
                                continue
                            sy, sx = ty + my, tx + mx
                            if sy < 0 or sx < 0 or sy >= height or sx >= width or blocked[sy, sx] != 0:
                                total = np.float32(1e30)
                                break
                            for c in range(3):
                                d = np.float32(window[ty, tx, c]) - np.float32(window[sy, sx, c])
                                total += d * d
                        if total >= best:
                            break
                    if total < best:
                        best, down, across = total, my, mx
                    if k < 0:
                        own = total
            result[y, x, 0], result[y, x, 1] = down, across
    return result


@_compiled()
def copy(window, hole, blocked, gap, shifts, result, half):
    """Copy each pixel of the hole (H x W) of a window from where the shifts (h x w x 2) of its blocks point, in place.

    Between blocks with different shifts the colours go over within a block. A pixel for which all of that is blocked
    keeps what it has. `result`: H x W x 2, gets the shift of each pixel; `half`: 0.5 for whole numbers, to round them.
    """
    height, width = hole.shape
    rows, columns = gap.shape
    total = np.zeros(3, np.float64)
    for y in range(height):
        above = (y - 1) // 2
        down = np.float64(y) / 2 - 0.25 - above
        for x in range(width):
            if hole[y, x] == 0:
                continue
            left = (x - 1) // 2
            right = np.float64(x) / 2 - 0.25 - left
            weight, most = 0.0, 0.0
            total[:] = 0
            for k in range(4):
                ny = min(max(above + k // 2, 0), rows - 1)
                nx = min(max(left + k % 2, 0), columns - 1)
                if gap[ny, nx] == 0:
                    continue
                my, mx = shifts[ny, nx, 0], shifts[ny, nx, 1]
                sy, sx = y + my, x + mx
                if sy < 0 or sx < 0 or sy >= height or sx >= width or blocked[sy, sx] != 0:
                    continue
                share = (down if k // 2 else 1 - down) * (right if k % 2 else 1 - right)
                share *= share
                for c in range(3):
                    total[c] += share * window[sy, sx, c]
                weight += share
                if share > most:
                    most = share
                    result[y, x, 0], result[y, x, 1] = my, mx
            if weight > 0:
                for c in range(3):
                    window[y, x, c] = total[c] / weight + half
