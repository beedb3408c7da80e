"""Random holes to train on: rectangles as in the papers, free-form strokes, outlines of real objects."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inpaint.core.errors import RecipeError
from inpaint.training.data.object_shapes import Shapes

if TYPE_CHECKING:  # it would bring torch, without which masks can be drawn
    from inpaint.core.trainers import Phase

ATTEMPTS = 20
"""How often a mask outside the area limits is drawn again before it is taken as it is."""
SMALLEST_OBJECT = 0.02
"""Share of the image that an object's outline covers at least; less is a dot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoleConfig:
    """One hole policy. The defaults are those of paper 000, section 4.1: one or two rectangles."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    rectangles: tuple[int, int] = (1, 2)
    """Fewest and most rectangles in a mask."""
    side: tuple[float, float] = (0.25, 0.5)
    """Shortest and longest side of a rectangle, as fractions of the image's side; both sides drawn apart."""
    centred: bool = False
    """Put every rectangle into the middle of the picture, as the Context Encoder needs it."""
    strokes: float = 0.0
    """Share of the masks that are free-form strokes instead of rectangles."""
    stroke_width: tuple[float, float] = (0.04, 0.16)
    """Thinnest and thickest stroke, as fractions of the image's side."""
    objects: float = 0.0
    """Share of the masks that are outlines of objects, taken from the label maps that the training is given."""
    area: tuple[float, float] = (0.0, 0.6)
    """Smallest and largest share of the image that may be hole; a mask outside is drawn again."""

    def __post_init__(self) -> None:
        if not 1 <= self.rectangles[0] <= self.rectangles[1]:
            raise RecipeError("holes.rectangles needs two numbers, the first at least 1 and not above the second.")
        for name, (low, high) in {"side": self.side, "stroke_width": self.stroke_width}.items():
            if not 0 < low <= high <= 1:
                raise RecipeError(f"holes.{name} needs two fractions between 0 and 1, the smaller first.")
        if min(self.strokes, self.objects) < 0 or self.strokes + self.objects > 1:
            raise RecipeError("holes.strokes and holes.objects are shares: at least 0, and together at most 1.")
        if not 0 <= self.area[0] < self.area[1] <= 1:
            raise RecipeError("holes.area needs two fractions between 0 and 1, the smaller first.")


def holes_of(phase: "Phase", policies: Mapping[str, HoleConfig]) -> HoleConfig:
    """Return the hole policy of a phase, with the side that the phase prescribes."""
    policy = policies[phase.holes]
    return policy if phase.side is None else replace(policy, side=(phase.side, phase.side))


def draw_holes(
    config: HoleConfig,
    size: int,
    rng: np.random.Generator,
    shapes: Shapes | None = None,
    skipped: list[str] | None = None,
) -> np.ndarray:
    """Draw one mask: size x size bool, True = hole. The same generator state gives the same mask.

    shapes: where outlines come from. skipped: as `Shapes.draw` takes it. Raises `RecipeError` when outlines are wanted
    and not there, or not usable.
    """
    mask = np.zeros((size, size), dtype=bool)
    for _ in range(ATTEMPTS):
        kind = rng.random()
        if kind < config.strokes:
            mask = _strokes(config, size, rng)
        elif kind < config.strokes + config.objects:
            mask = _object(config, size, rng, shapes, skipped)
        else:
            mask = _rectangles(config, size, rng)
        if mask.any() and config.area[0] <= mask.mean() <= config.area[1]:
            break
    return mask


def _rectangles(config: HoleConfig, size: int, rng: np.random.Generator) -> np.ndarray:
    mask = np.zeros((size, size), dtype=bool)
    for _ in range(rng.integers(config.rectangles[0], config.rectangles[1] + 1)):
        height, width = (max(1, round(size * rng.uniform(*config.side))) for _ in range(2))
        if config.centred:
            top, left = (size - height) // 2, (size - width) // 2
        else:
            top, left = rng.integers(0, size - height + 1), rng.integers(0, size - width + 1)
        mask[top : top + height, left : left + width] = True
    return mask


def _strokes(config: HoleConfig, size: int, rng: np.random.Generator) -> np.ndarray:
    """One to four strokes of a round brush, each a path that turns a little at every corner."""
    canvas = np.zeros((size, size), dtype=np.uint8)
    for _ in range(rng.integers(1, 5)):
        width = max(1, round(size * rng.uniform(*config.stroke_width)))
        point, angle = rng.uniform(0, size, 2), rng.uniform(0, 2 * np.pi)
        for _ in range(rng.integers(2, 8)):
            angle += rng.uniform(-1.2, 1.2)
            length = size * rng.uniform(0.05, 0.25)
            after = np.clip(point + length * np.array([np.cos(angle), np.sin(angle)]), 0, size - 1)
            cv2.line(canvas, _pixel(point), _pixel(after), 255, width)
            cv2.circle(canvas, _pixel(after), width // 2, 255, cv2.FILLED)
            point = after
    return canvas > 0


def _object(
    config: HoleConfig, size: int, rng: np.random.Generator, shapes: Shapes | None, skipped: list[str] | None
) -> np.ndarray:
    if shapes is None:
        raise RecipeError("The recipe wants object-shaped holes; say where label maps are with --shapes.")
    return shapes.draw(size, (max(config.area[0], SMALLEST_OBJECT), config.area[1]), rng, skipped)


def _pixel(point: np.ndarray) -> tuple[int, int]:
    return int(point[0]), int(point[1])
