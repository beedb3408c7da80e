"""What the greys of a mask mean: which are only nearly black, and how bright its hole is inside.

Programs write masks that are not quite black where nothing is marked (noise, scans, limited range) and not quite white
where the hole is (probabilities, brushes of 90 %). A soft edge is a narrow slope between the two, so what is grey far
from every edge is either noise or a hole that is meant wholly.
"""

from dataclasses import dataclass

import cv2
import numpy as np

WHITE = 255
NEAR_WHITE = 250
"""Levels from this on are white to the eye."""
_LOOKED_AT = 4_000_000
"""Pixels that are looked at, at most: of a larger mask every so many rows and columns."""
_NOISE = 0.12
"""Share of the hole's brightness below which greys far from every edge are noise."""
_EVEN = 0.6
"""The darkest inside of a hole, as a share of its brightest, from which on both are meant as one and the same."""
_GRADIENT = 0.8
"""Correlation of brightness with depth from which on the inside of a hole is a slope."""
_MOSTLY_SOFT = 0.2
"""Share of white in the hole below which hardly anything of it is certain."""
_HAZE, _COVERED = 3.6, 0.25
"""Width in pixels of the edges of a haze, and the share of the picture that it covers at least."""
_MOSTLY_FLAT = 0.3
"""Share of the hole that lies in areas of one grey each, from which on these greys are meant."""
_FEW_GREYS = 8
_PLAIN = 0.05
"""Share of the hole that has the brightest level, from which on that is no tip of a slope."""
_SHARP = 1.5
"""Width in pixels, from a quarter to three quarters of the way up, of an edge that counts as sharp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greys:
    """What the levels 0..255 of a mask mean."""

    black: int = 0
    """Levels up to this one are no hole."""
    white: int = WHITE
    """Levels from this one on are wholly hole."""
    inside: tuple[int, int] | None = None
    """The darkest and brightest grey inside the hole, where that is not white."""
    parts: bool = False
    """Whether some areas are darker than others and all of them are taken as hole."""
    hazy: bool = False
    """Whether much of the hole is grey in a way that no edge explains; it is left as it is."""
    stray: bool = False
    """Whether there is grey far from the hole."""
    certain: float = 1.0
    """Share of white in what is not black."""

    haze: int | None = None
    """Where the mask is a haze all over: the level that parts its darker from its brighter half."""

    @property
    def threshold(self) -> int:
        """The level from which on there is more hole than not."""
        if self.haze is not None:
            return self.haze
        return max(self.black + 1, round((self.black + self.white) / 2))

    @property
    def is_plain(self) -> bool:
        """Whether the levels mean what they say."""
        return self.black == 0 and self.white == WHITE

    def apply(self, levels: np.ndarray) -> np.ndarray:
        """Return H x W uint8 levels with 0 for what is black and 255 for what is wholly hole."""
        if self.is_plain:
            return levels
        steps = (np.arange(256) - self.black) / max(1, self.white - self.black)
        table = np.where(np.arange(256) > self.black, np.rint(steps * WHITE).clip(1, WHITE), 0)
        return cv2.LUT(levels, table.astype(np.uint8))


def judge(levels: np.ndarray) -> Greys:
    """Say what the levels (H x W uint8) of a mask mean; levels that cannot be told apart are left as they are."""
    step = max(1, int(np.ceil(np.sqrt(levels.size / _LOOKED_AT))))
    seen = np.ascontiguousarray(levels[::step, ::step])
    low, high, split = _two_groups(seen)
    if high <= low:
        return Greys()
    hard = seen >= split
    width = _edge_width(seen, hard, high - low)
    sure = float(np.mean(seen[seen > 0] >= NEAR_WHITE))
    if width > _HAZE and sure < _MOSTLY_SOFT and np.mean(seen > _NOISE * WHITE) > _COVERED:
        return Greys(hazy=True, stray=True, certain=sure, haze=split)
    reach = 4 * width + 2
    outside = cv2.distanceTransform((~hard).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    black, dim, stray = _outside(seen, outside > reach, low, high)
    if black is None:  # there is nothing far from an edge
        black = int(np.percentile(seen, 0.1, method="lower"))
    inside = _inside(seen, hard, width)
    white, span, parts = WHITE, None, False
    hazy = stray or inside is None
    if inside is not None:
        white, span = inside[0], inside if inside[0] < NEAR_WHITE else None
    flat = _flat_greys(seen, low + _NOISE * (high - low))
    if flat is not None and flat[0] < min(NEAR_WHITE, 0.97 * flat[1]):
        dim = flat[0] if dim is None else min(dim, flat[0])
    elif dim is not None and width > _HAZE and sure < _MOSTLY_SOFT:
        return Greys(hazy=True, stray=True, certain=sure, haze=split)
    if dim is not None:
        white, parts = min(white, dim), True
    white = max(white, black + 1)
    above = seen[seen > black]
    certain = float(np.mean(above >= min(white, NEAR_WHITE)))
    hazy = hazy or (certain < _MOSTLY_SOFT and width > _SHARP)
    hazy = hazy and not parts
    return Greys(black=black, white=white, inside=span, parts=parts, hazy=hazy, stray=stray, certain=certain)


def _two_groups(seen: np.ndarray) -> tuple[int, int, int]:
    """Return the middle level of what is dark, that of what is bright, and the level that parts them.

    The means of the two groups are as far from the parting level (T. W. Ridler and S. Calvard, Picture Thresholding
    Using an Iterative Selection Method, 1978), whatever their sizes; single pixels of an odd brightness do not count.
    """
    counts = cv2.calcHist([seen], [0], None, [256], [0, 256]).ravel()
    used = np.flatnonzero(counts)
    least, most = int(used[0]), int(used[-1])
    bright = counts[(least + most) // 2 + 1 :].sum()
    above = np.cumsum(counts[::-1])[::-1]  # how many are at least as bright
    most = max(least, int(np.flatnonzero(above >= max(1, 0.002 * bright))[-1]))
    levels = np.arange(256)
    split = (least + most) / 2
    for _ in range(32):
        dark, light = levels <= split, (levels > split) & (levels <= most)
        if not counts[light].sum():
            return least, least, least
        after = (np.average(levels[dark], weights=counts[dark]) + np.average(levels[light], weights=counts[light])) / 2
        if abs(after - split) < 0.5:
            break
        split = after
    dark, light = levels <= split, levels > split
    return _middle(counts, dark), _middle(counts, light), int(split) + 1


def _middle(counts: np.ndarray, which: np.ndarray) -> int:
    """Return the median of the levels that are meant."""
    some = np.where(which, counts, 0).cumsum()
    return int(np.searchsorted(some, some[-1] / 2))


def _edge_width(seen: np.ndarray, hard: np.ndarray, rise: int) -> float:
    """Return how many pixels the edge of the hole takes from a quarter to three quarters of the way up."""
    square = np.ones((3, 3), np.uint8)
    rim = hard & (cv2.erode(hard.view(np.uint8), square) == 0)
    if not rim.any():
        return 1.0
    around = cv2.dilate(seen, square)[rim].astype(np.int32) - cv2.erode(seen, square)[rim]
    return float(np.clip(rise / max(1.0, float(np.median(around))), 1, max(seen.shape)))


def _outside(seen: np.ndarray, far: np.ndarray, low: int, high: int) -> tuple[int | None, int | None, bool]:
    """Return the brightest level that is only nearly black, that of darker areas meant as hole, and what is left over.

    The first is None where nothing is far from an edge, the second where there are no such areas; the last says whether
    there is grey that is neither.

    far: H x W bool, what no soft edge reaches.
    """
    if not far.any():
        return None, None, False
    values = seen[far]
    middle = float(np.median(values))
    spread = middle + 6 * 1.4826 * float(np.median(np.abs(values - middle)))
    floor = min(max(spread, low + _NOISE * (high - low)), (low + high) / 2)
    square = np.ones((3, 3), np.uint8)
    areas = cv2.erode((far & (seen > floor)).view(np.uint8), square)
    dim = None
    if areas.any():
        grey = seen[areas > 0]
        darkest, brightest = np.percentile(grey, (5, 95))
        flat = cv2.dilate(seen, square) == cv2.erode(seen, square)
        if darkest >= _EVEN * brightest or flat[areas > 0].mean() >= 0.5:
            dim = int(darkest)
    noise = values[values <= floor]
    return int(noise.max(initial=0)), dim, dim is None and bool((values > floor).any())


def _flat_greys(seen: np.ndarray, floor: float) -> tuple[int, int] | None:
    """Return the darkest and the brightest of a few flat greys above `floor` of which most of the hole consists."""
    square = np.ones((3, 3), np.uint8)
    core = (cv2.dilate(seen, square) == cv2.erode(seen, square)) & (seen > floor)
    if core.sum() < _MOSTLY_FLAT * np.count_nonzero(seen > floor):
        return None
    counts = cv2.calcHist([seen[core]], [0], None, [256], [0, 256]).ravel()
    greys = np.flatnonzero(counts >= 0.003 * counts.sum())
    return None if len(greys) > _FEW_GREYS else (int(greys[0]), int(greys[-1]))


def _inside(seen: np.ndarray, hard: np.ndarray, width: float) -> tuple[int, int] | None:
    """Return the darkest and the brightest level inside the hole; None where its inside is a slope."""
    depth = cv2.distanceTransform(np.pad(hard, 1, mode="edge").view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[
        1:-1, 1:-1
    ]
    deep = depth > 4 * width + 2
    if deep.sum() < max(16, 0.01 * hard.sum()):
        if width > _SHARP:  # softer than it is wide
            top = int(np.percentile(seen[hard], 98))
            plain = float(np.mean(seen[hard] == seen.max())) > _PLAIN
            top = int(seen.max()) if plain else top
            return (top, top) if plain or top < NEAR_WHITE else (WHITE, WHITE)
        deep = depth > min(3.0, 0.6 * float(depth.max()))
    values = seen[deep]
    least, darkest, brightest = (int(value) for value in np.percentile(values, (0.5, 2, 98), method="lower"))
    if darkest >= NEAR_WHITE:
        return darkest, brightest
    if darkest < _EVEN * brightest:
        return None
    if brightest - darkest > 25 and np.ptp(depth[deep]) > 0:
        slope = float(np.corrcoef(depth[deep], values)[0, 1])
        if slope > _GRADIENT:
            return None
    return (least if least >= _EVEN * brightest else darkest), brightest
