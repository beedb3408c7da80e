"""Texture synthesis in a hole, from coarse to fine.

Expectation-maximisation over scales as in Wexler, Shechtman and Irani, Space-Time Completion of Video (PAMI 2007):
find for each patch over the hole the known patch most like it, let the matches vote on the colours, repeat, and go to
the next finer scale. The network's fill is where it starts, and its blurred colours stay part of every comparison.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from inpaint.core.exemplar.accord import STRUCTURE, accord, astray
from inpaint.core.exemplar.field import Field
from inpaint.core.exemplar.patches import RADIUS, SIDE, Basis
from inpaint.core.exemplar.peel import peel
from inpaint.core.exemplar.pyramid import Picture, halve, hole_size
from inpaint.core.exemplar.scale import Scale, with_margin
from inpaint.core.exemplar.seam import mismatch
from inpaint.core.exemplar.vote import vote

COARSEST = 24
"""Size in pixels that a hole has at most at the coarsest scale, if the window is large enough."""
ROUNDS = (2, 3, 4, 8)
"""Rounds of matching and voting, from the finest scale to the coarsest."""
FEWEST = 400
"""Known patches below which a scale has nothing to offer."""
EXHAUSTIVE = 60_000_000
"""Comparisons up to which a scale is searched exhaustively."""
FADING = 1.3
"""Factor by which a patch counts less for every pixel that it is further from the rim: structure grows inwards."""
REPETITION = 0.5
"""Cost of copying a place once more, where the cost of an ordinary match is 1."""
SHARPNESS = 2.0
"""Of the last vote, whose means of matches that disagree are what is seen."""
LETTING_GO = 0.55
"""Factor by which the network's colours count less from scale to scale."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Texture:
    """What was found for a hole, at the scale of the window that was given."""

    window: np.ndarray
    """H x W x 3 float32: the window with texture in its hole."""
    number: np.ndarray
    """H x W int32: the number of the match centred at a pixel, -1 for none."""
    shifts: np.ndarray
    """N x 2 int32: rows and columns from the centre of each patch to its match."""
    costs: np.ndarray
    """N float32: mean squared difference of each patch and its match, with the guide's part."""
    correction: np.ndarray
    """H x W x 3 float32: what the seam and the network's structure needed, already in `window`; 0 outside the hole."""
    departure: float
    """Mean absolute difference of blurred colours in the hole, before and after: how far the texture had left the
    structure that the network saw, before it was moved back."""
    liveliness: float
    """Mean absolute difference of colours blurred so and four times as much, over what is known: how far the texture
    itself strays."""


def synthesize(window: Picture, seed: int = 0) -> Texture | None:
    """Return texture for the hole of a window filled by the network; None where too little is known to take it from.

    The same input and seed give the same result.
    """
    rng = np.random.default_rng(seed)
    stack = [window]
    while hole_size(stack[-1].hole) > COARSEST and min(stack[-1].hole.shape) >= 8 * SIDE:
        smaller = halve(stack[-1])
        if not smaller.hole.any():
            break
        stack.append(smaller)
    scales = [Scale.of(picture) for picture in stack]
    while scales and np.count_nonzero(scales[-1].usable) < FEWEST:
        scales.pop()
    if not scales:
        return None
    field, above = None, None
    for level in reversed(range(len(scales))):
        scale = scales[level]
        scale.guide[..., :3] *= LETTING_GO ** (len(scales) - 1 - level)
        if field is None or above is None:
            scale.image = peel(scale.image, scale.hole, scale.usable, scale.guide, rng)
        else:
            field = _inherit(field, above, scale, rng)
            _put(scale, field)
        field = _fit(scale, field, ROUNDS[min(level, len(ROUNDS) - 1)], rng)
        above = scale
    assert field is not None
    return _finish(scales[0], field, window)


def _fit(scale: Scale, field: Field | None, rounds: int, rng: np.random.Generator) -> Field:
    """Match and vote in turns; the estimate in `scale.image` is replaced."""
    known = np.flatnonzero(scale.usable)
    basis = Basis.of(scale.image, known, rng)
    guide = scale.guide.reshape(-1, scale.guide.shape[2])
    width = basis.components.shape[1]
    sources = np.zeros((scale.usable.size, width + guide.shape[1]), np.float32)
    sources[known, :width] = basis.describe(scale.image, known)
    sources[known, width:] = guide[known]
    targets = np.empty((len(scale.centres), sources.shape[1]), np.float32)
    targets[:, width:] = guide[scale.centres]
    exhaustive = len(known) * len(scale.centres) <= EXHAUSTIVE
    reach = 16
    if field is None:
        field = Field(scale.usable, scale.centres, rng)
        reach = max(scale.usable.shape)
    for turn in range(rounds):
        if turn > 0 or reach == 16:
            field.discourage(REPETITION)
        targets[:, :width] = basis.describe(scale.image, scale.centres)
        if exhaustive:
            field.exhaust(sources, targets)
        else:
            field.measure(sources, targets)
            for _ in range(4 if turn == 0 and reach > 16 else 1):
                field.search(sources, targets, reach)
        _put(scale, field)
    return field


def _weights(scale: Scale, field: Field) -> np.ndarray:
    """Return how much each match counts in the vote, N float32."""
    spread = max(float(np.percentile(field.cost, 75)), 1e-7)
    fading = np.maximum(np.float32(FADING) ** -scale.depth.ravel()[scale.centres], np.float32(1e-6))
    return fading * (np.exp(-field.cost / (2 * spread)) + np.float32(1e-6))


def _put(scale: Scale, field: Field, sharpness: float = 1.0) -> None:
    """Let the matches vote on the hole's colours."""
    pixels = np.flatnonzero(scale.hole)
    colours, _ = vote(scale.image, pixels, field.number, field.match, _weights(scale, field), sharpness)
    scale.image.reshape(-1, 3)[pixels] = colours
    scale.image[:] = with_margin(scale.image[RADIUS:-RADIUS, RADIUS:-RADIUS])


def _inherit(field: Field, above: Scale, scale: Scale, rng: np.random.Generator) -> Field:
    """Return a field for the finer `scale` with the shifts of `field`, which belongs to the scale above, doubled."""
    new = Field(scale.usable, scale.centres, rng)
    height, width = scale.usable.shape
    coarse_width = above.usable.shape[1]
    rows, columns = np.divmod(new.centres, width)
    parents = ((rows - RADIUS) // 2 + RADIUS) * coarse_width + (columns - RADIUS) // 2 + RADIUS
    number = field.number[parents]
    shifts = field.shifts()[number]
    rows, columns = rows + 2 * shifts[:, 0], columns + 2 * shifts[:, 1]
    inside = (number >= 0) & (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    candidate = np.where(inside, rows * width + columns, 0)
    inside &= new.usable[candidate]
    new.match = np.where(inside, candidate, new.match)
    # Patches that the coarser scale had no match for hardly count until they have found one.
    new.cost = np.where(inside, field.cost[number], 100 * field.cost.max() + np.float32(1e-4))
    return new


def _finish(scale: Scale, field: Field, before: Picture) -> Texture:
    """Fit the colours to the seam and to the network's structure, and leave the margin of the canvas away."""
    _put(scale, field, SHARPNESS)
    correction = mismatch(scale.image, scale.hole, field.number, field.match, _weights(scale, field))
    inner = (slice(RADIUS, -RADIUS),) * 2
    correction = np.ascontiguousarray(correction[inner])
    after = (scale.image[inner] + correction).clip(0, 1)
    moved = astray(before.image, after)
    near, far = (cv2.GaussianBlur(before.image, (0, 0), sigma) for sigma in (STRUCTURE, 4 * STRUCTURE))
    liveliness = float(np.abs(near - far)[~before.unknown].mean())
    correction += accord(before.image, after, moved, before.hole, liveliness)
    return Texture(
        window=(scale.image[inner] + correction).clip(0, 1),
        number=np.ascontiguousarray(field.number.reshape(scale.usable.shape)[inner]),
        shifts=field.shifts(),
        costs=field.cost,
        correction=correction,
        departure=float(moved[before.hole].mean()),
        liveliness=liveliness,
    )
