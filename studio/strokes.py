"""From what was drawn on the page to a mask: brush strokes, lassos, boxes and found objects, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from inpaint.core.errors import MaskError
from inpaint.core.filling.regions import Box

POINTS = 200_000
"""Most points of all strokes together."""
_SHIFT = 4
"""Fractional bits in which OpenCV takes coordinates: a sixteenth of a pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A part of a mask that a network found: where it lies, and box.height x box.width bool, True = object."""

    box: Box
    mask: np.ndarray


def draw_mask(strokes: Sequence[Mapping[str, Any]], size: tuple[int, int], pieces: Mapping[int, Piece]) -> np.ndarray:
    """Return the mask that strokes make together, H x W bool, True = hole.

    - `strokes`: each with `kind` and, where true, `erase`; "brush" has `points` ([x, y] in pixels of the photograph,
      whose upper left corner is 0, 0) and `radius`; "lasso" has `points`; "box" has `box` (x, y, width, height);
      "object" has `id`, a key of `pieces`;
    - `size`: width and height of the photograph.

    Raises `MaskError` for strokes of another form.
    """
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    try:
        if sum(len(stroke.get("points", ())) for stroke in strokes) > POINTS:
            raise MaskError("These are too many strokes at once; fill what is painted, then go on.")
        for stroke in strokes:
            _draw(mask, stroke, pieces)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, cv2.error, AttributeError) as error:
        raise MaskError("The page sent strokes that cannot be read; reload the page.") from error
    return mask.view(bool)


def _draw(mask: np.ndarray, stroke: Mapping[str, Any], pieces: Mapping[int, Piece]) -> None:
    value = 0 if stroke.get("erase") else 1
    kind = stroke["kind"]
    if kind == "brush":
        _draw_brush(mask, _points(stroke), float(stroke["radius"]), value)
    elif kind == "lasso":
        cv2.fillPoly(mask, [_fixed(_points(stroke))], value, shift=_SHIFT)
    elif kind == "box":
        left, top, width, height = (round(float(number)) for number in stroke["box"])
        mask[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = value
    elif kind == "object":
        piece = pieces[int(stroke["id"])]
        mask[piece.box.slices][piece.mask] = value
    else:
        raise ValueError(kind)


def _draw_brush(mask: np.ndarray, points: np.ndarray, radius: float, value: int) -> None:
    """Draw discs of this radius along a path. `cv2.line` takes whole thicknesses only, and discs round its ends off."""
    if not 0 < radius <= 20_000:
        raise ValueError(radius)
    fixed = _fixed(points)
    for centre in fixed:
        cv2.circle(mask, centre, max(1, round(radius * 2**_SHIFT)), value, cv2.FILLED, shift=_SHIFT)
    for start, end in pairwise(fixed):
        cv2.line(mask, start, end, value, max(1, round(2 * radius)), shift=_SHIFT)


def _points(stroke: Mapping[str, Any]) -> np.ndarray:
    points = np.array(stroke["points"], np.float64).reshape(-1, 2)
    if not len(points) or not np.isfinite(points).all() or np.abs(points).max() > 1e6:
        raise ValueError("points")
    return points


def _fixed(points: np.ndarray) -> np.ndarray:
    """Return points as OpenCV counts them: pixel centres are whole numbers there, and halves on the page."""
    return np.rint((points - 0.5) * 2**_SHIFT).astype(np.int32)
