"""Remove an object: find it in its box, grow it by a margin and its shadow, and fill what is left.

Not called `remove`, because `inpaint.core.remove` is the function.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from inpaint.core.engines.engine import Engine
from inpaint.core.errors import MaskError
from inpaint.core.filling.fill import Detail, Filled, Progress, fill_pixels
from inpaint.core.filling.mask import grow as grow_mask
from inpaint.core.filling.regions import Box, widened
from inpaint.core.filling.tone_curve import curve_of
from inpaint.core.objects.cutout import clip_box, cut_out
from inpaint.core.objects.segmenting import SegmenterEngine

FOOT = 1 / 4
"""The lowest part of an object, from which its shadow is thought to start; as a share of its height."""
POSSIBLE = 0.02
"""Probability from which on a pixel of the box may belong to the object, and is removed with it."""
LITTLE = 0.25
"""Share of a box below which what was found in it is suspected to be only a part of the object."""


def remove(
    pixels: np.ndarray,
    boxes: Sequence[Box],
    engine: Engine,
    segmenter: SegmenterEngine | None = None,
    *,
    grow: int | None = None,
    shadow: int = 0,
    whole_box: bool = False,
    feather: int = 0,
    detail: Detail = "auto",
    progress: Progress | None = None,
    empty: np.ndarray | None = None,
) -> Filled:
    """Remove the objects in some boxes of a photograph.

    - `pixels`: H x W x 3 RGB of uint8, uint16, or floats in [0, 1]; not changed;
    - `boxes`: one around each object;
    - `segmenter`: helps to find the objects in their boxes; None = GrabCut alone;
    - `grow`: how many pixels beyond the object's edge are replaced too; None = 2 % of its box, at least 3;
    - `shadow`: how many pixels beyond its foot, to all sides, where a shadow or a reflection lies;
    - `whole_box`: take all that is in the boxes for the object;
    - `feather`, `detail`, `progress`, `empty`: as for `fill_pixels`, as is what is returned and raised; boxes in
      none of which an object is found raise `MaskError`.
    """
    mask, notes = find_objects(pixels, boxes, segmenter, grow=grow, shadow=shadow, whole_box=whole_box)
    filled = fill_pixels(pixels, mask, engine, feather=feather, detail=detail, progress=progress, empty=empty)
    return replace(filled, notes=(*notes, *filled.notes))


def find_objects(
    pixels: np.ndarray,
    boxes: Sequence[Box],
    segmenter: SegmenterEngine | None = None,
    *,
    grow: int | None = None,
    shadow: int = 0,
    whole_box: bool = False,
) -> tuple[np.ndarray, list[str]]:
    """Return the hole that removing the objects leaves, H x W bool, and notes; arguments as for `remove`."""
    hole, notes = np.zeros(pixels.shape[:2], bool), []
    for box in (clip_box(box, pixels.shape) for box in boxes):
        found = np.zeros_like(hole)
        found[box.slices] = True
        if not whole_box:
            # Only the surroundings that the cut-out looks at, so that a large photograph costs no more.
            found = np.zeros_like(hole)
            near = widened(box, box.height // 2 + 8, box.width // 2 + 8, pixels.shape)
            inner = box.inside(near)
            part = pixels[near.slices]
            seen = curve_of(part, np.zeros(part.shape[:2], bool), inner).encode(part)
            found[near.slices] = _whole_object(seen, inner, segmenter)
            notes += _suspicions(float(found[box.slices].mean()), box)
        margin = max(3, round(max(box.height, box.width) / 50)) if grow is None else grow
        hole |= grow_mask(found, margin)
        if shadow:
            hole |= grow_mask(_foot(found, box), shadow)
    if not hole.any():
        raise MaskError(" ".join(notes) or "Say what is to be removed: give a box around it.")
    return hole, notes


def _whole_object(pixels: np.ndarray, box: Box, segmenter: SegmenterEngine | None) -> np.ndarray:
    """Return every pixel that may be part of the object in a box, H x W bool.

    What is left of an object is seen at once, and its colours run into the fill; a little background that goes with it
    is not missed. So the network's faintest suspicion counts, where for a cut-out it has to be sure.
    """
    found = cut_out(pixels, box, segmenter) > 0.1
    return found if segmenter is None else found | (segmenter.run(pixels, box) > POSSIBLE)


def _suspicions(share: float, box: Box) -> list[str]:
    """Return a note on how little of a box was found to be an object, if it is."""
    if share == 0:
        return [f"No object was found in the box at {box.left},{box.top}; take the whole box instead."]
    if share < LITTLE:
        return [
            f"Only {round(100 * share)}% of the box at {box.left},{box.top} was taken for the object; if something is "
            "left of it, take the whole box."
        ]
    return []


def _foot(found: np.ndarray, box: Box) -> np.ndarray:
    """Return the lowest part of what was found in a box."""
    rows = np.flatnonzero(found[box.slices].any(axis=1)) + box.top
    foot = found.copy()
    if len(rows):
        foot[: int(rows[-1] - FOOT * (rows[-1] - rows[0]))] = False
    return foot
