"""Numbers that say what is wrong with a fill; the chooser weighs them.

All are made to be compared between fills of the same hole, at the small scale where candidates are compared.
"""

from collections.abc import Callable

import cv2
import numpy as np

from inpaint.core.texture.scale import Picture, Scale

Features = Callable[[np.ndarray], list[np.ndarray]]
"""From a picture, H x W x 3 float32 RGB in [0, 1], to maps h x w x C float32 of a network, finest first."""

PATCH = 3
"""Radius of the patches that are looked for elsewhere."""
RING = 40
"""Pixels around the hole that are its surroundings."""
BLUR = 3.0
"""Standard deviation in pixels of soft colours."""
CELLS = 1000, 2000
"""Cells of a map at most that are looked for, and among which."""


def measure(
    fill: np.ndarray, hole: np.ndarray, unknown: np.ndarray, network: np.ndarray | None, features: Features | None
) -> dict[str, float]:
    """Return the numbers of a fill by name.

    - `fill`: H x W x 3 float32 RGB in [0, 1]; `hole`, `unknown`: H x W bool as in `Picture`;
    - `network`: what the network would fill, of the same size, or None;
    - `features`: maps of which the first two are used, or None.
    """
    known = ~unknown
    away = cv2.distanceTransform((~hole).view(np.uint8), cv2.DIST_L2, 5)
    ring = known & (away <= RING) & (away > 1)
    if not ring.any():
        ring = known
    patch, rim = _patch_costs(fill, hole, unknown)
    found = {
        "patch": patch,
        "patch rim": rim,
        "edge": _edge(fill, hole, known, ring),
        "crisp": _crispness(fill, hole, ring),
        "network": _from_network(fill, hole, network),
        "colour": _strange_colours(fill, hole, known, away),
    }
    if features is not None:
        first, second = features(fill)[:2]
        names = [f"layer {number} {what}" for number in (1, 2) for what in ("ring", "anywhere", "step")]
        values = [value for maps in (first, second) for value in _seen(maps, hole, known, away)]
        found |= dict(zip(names, values, strict=True))
    return found


def _patch_costs(fill: np.ndarray, hole: np.ndarray, unknown: np.ndarray) -> tuple[float, float]:
    """Return how unlike anything known the hole's patches are at half the size, and those across its rim: logs."""
    from inpaint.core.texture import patchmatch_kernels as kernels

    size = max(1, hole.shape[1] // 2), max(1, hole.shape[0] // 2)
    small, blocked, gap = (
        cv2.resize(part.astype(np.float32), size, interpolation=cv2.INTER_AREA) for part in (fill, unknown, hole)
    )
    blocked = blocked >= 0.5
    gap = (gap >= 0.5) & blocked
    scale = Scale(Picture(np.ascontiguousarray(small), gap, blocked, np.ones_like(gap)), PATCH)
    if not scale.usable.any() or not len(scale.places):
        return 0.0, 0.0
    match, cost = np.full(len(scale.places), -1, np.int32), np.zeros(len(scale.places), np.float32)
    weights = np.ones(scale.image.size, np.float32)
    kernels.search(
        scale.flat,
        weights,
        scale.usable,
        scale.places,
        scale.number,
        match,
        cost,
        scale.width,
        3,
        PATCH,
        4,
        64,
        np.float32(0),
        1,
    )
    unit = max(float(small[~blocked].var(axis=0).sum()) * (2 * PATCH + 1) ** 2, 1e-9)
    outside = ((1 - scale.hole) & scale.inside).reshape(scale.image.shape[:2])
    rim = cv2.dilate(outside, np.ones((2 * PATCH + 1,) * 2, np.uint8)).ravel()[scale.places] > 0
    across = cost[rim].mean() if rim.any() else cost.mean()
    return float(np.log(cost.mean() / unit + 1e-5)), float(np.log(across / unit + 1e-5))


def _edge(fill: np.ndarray, hole: np.ndarray, known: np.ndarray, ring: np.ndarray) -> float:
    """Return the steps of colour across the rim beside those of the surroundings (logarithm)."""
    across, along = [np.zeros(0, np.float32)], [np.zeros(0, np.float32)]
    for first, second in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        step = np.abs(fill[first] - fill[second]).mean(axis=2)
        across.append(step[(hole[first] & known[second]) | (hole[second] & known[first])])
        along.append(step[ring[first] & ring[second]])
    steps, usual = np.concatenate(across), np.concatenate(along)
    if not len(steps) or not len(usual):
        return 0.0
    return float(np.log(steps.mean() / max(usual.mean(), 0.001) + 0.05))


def _crispness(fill: np.ndarray, hole: np.ndarray, ring: np.ndarray) -> float:
    """Return how far the fill's fine detail is from that of the surroundings, either way (logarithm)."""
    lively = np.abs(cv2.Laplacian(fill.mean(axis=2), cv2.CV_32F, ksize=1))
    depth = cv2.distanceTransform(np.pad(hole, 1).view(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    inner = depth > min(2.0, float(depth.max()) / 2)
    return float(abs(np.log(lively[inner].mean() / max(lively[ring].mean(), 0.0004) + 0.02)))


def _from_network(fill: np.ndarray, hole: np.ndarray, network: np.ndarray | None) -> float:
    """Return the mean difference of soft colours in the hole to those of the network."""
    if network is None:
        return 0.0
    return float(np.abs(cv2.GaussianBlur(fill - network, (0, 0), BLUR))[hole].mean())


def _strange_colours(fill: np.ndarray, hole: np.ndarray, known: np.ndarray, away: np.ndarray) -> float:
    """Return how far the fill's soft colours are from the nearest ones of the surroundings."""
    size = max(1, hole.shape[1] // 4), max(1, hole.shape[0] // 4)
    small = cv2.resize(cv2.GaussianBlur(fill, (0, 0), BLUR), size, interpolation=cv2.INTER_AREA)
    share, seen, far = _shares(hole, known, away, size)
    cells, near = small[share > 0.5], small[(seen > 0.95) & (far < RING)]
    if not len(cells) or not len(near):
        return 0.0
    return _nearest(cells, near, spread=3.0)


def _seen(maps: np.ndarray, hole: np.ndarray, known: np.ndarray, away: np.ndarray) -> tuple[float, float, float]:
    """Return how unlike the surroundings, and anything known, a network finds the hole, and how it steps at the rim."""
    maps = maps / np.maximum(maps.std(axis=(0, 1), keepdims=True), np.float32(1e-6))
    size = maps.shape[1], maps.shape[0]
    share, seen, far = _shares(hole, known, away, size)
    cells = maps[share >= min(0.6, float(share.max()))]
    ring, anywhere = maps[(seen > 0.95) & (far < RING)], maps[seen > 0.95]
    here, there = [np.zeros(0, np.float32)], [np.zeros(0, np.float32)]
    for first, second in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        step = np.sqrt(((maps[first] - maps[second]) ** 2).mean(axis=2))
        here.append(step[(share[first] > 0.5) != (share[second] > 0.5)])
        there.append(step[(seen[first] > 0.95) & (seen[second] > 0.95)])
    rim, usual = np.concatenate(here), np.concatenate(there)
    step = float(rim.mean() / max(usual.mean(), 1e-6)) if len(rim) and len(usual) else 1.0
    return _nearest(cells, ring) if len(ring) else 1.0, _nearest(cells, anywhere) if len(anywhere) else 1.0, step


def _shares(
    hole: np.ndarray, known: np.ndarray, away: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each cell of a smaller grid how much of it is hole and known, and how far from the hole it is."""
    share, seen, far = (
        cv2.resize(part.astype(np.float32), size, interpolation=cv2.INTER_AREA) for part in (hole, known, away)
    )
    return share, seen, far


def _nearest(cells: np.ndarray, among: np.ndarray, spread: float | None = None) -> float:
    """Return the mean over the cells of the root mean square difference to the nearest one of `among`."""
    first, second = (
        rows if len(rows) <= most else rows[np.random.default_rng(seed).choice(len(rows), most, replace=False)]
        for rows, most, seed in ((cells, CELLS[0], 1), (among, CELLS[1], 0))
    )
    products = first @ second.T
    square = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None] - 2 * products
    return float(np.sqrt(np.maximum(square.min(axis=1), 0) * ((spread or 1.0) / first.shape[1])).mean())
