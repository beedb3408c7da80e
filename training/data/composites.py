"""Composites to learn from: an object with strange colours, in a strange box, in its own photograph (paper 000, 4.4).

An object I_o of a photograph I takes the colours of another photograph I_g, is pasted onto I_g, and the box I_b around
it goes back into I. The photograph itself is what both outputs of the network should arrive at.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from inpaint.core.errors import RecipeError
from inpaint.core.filling.regions import box_around
from inpaint.core.objects.reinhard import colour_statistics, transfer_colour
from inpaint.training.data.crops import CropConfig, random_crop
from inpaint.training.data.segments import Segmented


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeConfig:
    """How composites are made. The defaults are the published way, where the paper says it."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    strength: tuple[float, float] = (1.0, 1.0)
    """How far the object's colours go towards I_g's; drawn anew each time."""
    spread: float = 4.0
    """Most by which a channel's spread is multiplied or divided: a flat I_g would leave a silhouette."""
    exposure: float = 0.0
    """Standard deviation of a further change of exposure, in stops: light that differs, besides colour."""
    margin: tuple[float, float] = (0.05, 0.35)
    """How far the box reaches beyond the object on each side, as a share of the object's larger side."""
    room: tuple[float, float] = (1.4, 3.0)
    """The crop is this many times as large as the object, as far as the photograph reaches."""
    area: tuple[float, float] = (0.01, 0.5)
    """Smallest and largest share of the crop that the object may cover; others are skipped if there is a choice."""
    hole: float = 1.0
    """Share of the composites that have a box; the others have the object alone, to harmonize only."""
    hold_back: int = 10
    """Every N-th picture is held out of training for validation; 0 = none."""

    def __post_init__(self) -> None:
        for name, (low, high) in {"strength": self.strength, "margin": self.margin, "area": self.area}.items():
            if not 0 <= low <= high:
                raise RecipeError(f"composites.{name} needs two numbers from 0 up, the smaller first.")
        if not 1 <= self.room[0] <= self.room[1]:
            raise RecipeError("composites.room needs two factors of at least 1, the smaller first.")
        if self.exposure < 0:
            raise RecipeError("composites.exposure is a standard deviation: at least 0.")
        if self.spread < 1 or not 0 <= self.hole <= 1 or self.hold_back < 0 or self.hold_back == 1:
            raise RecipeError("composites needs spread >= 1, hole in 0..1, and hold_back 0 or at least 2.")


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """One sample. All arrays have the size of the crop."""

    image: np.ndarray
    """The photograph I: size x size x 3 uint8."""
    composite: np.ndarray
    """The same with the box I_b in it."""
    hole: np.ndarray
    """size x size bool: the box without the object, to be inpainted."""
    foreground: np.ndarray
    """size x size bool: the object, to be harmonized."""


def make_composite(
    segmented: Segmented, guide: np.ndarray, config: CompositeConfig, crops: CropConfig, rng: np.random.Generator
) -> Composite:
    """Make the composite that a generator state decides.

    segmented: the photograph I with its objects. guide: I_g, H x W x 3 uint8. The crop is square and contains the
    object as far as it fits. Raises `RecipeError` when the photograph has no object.
    """
    image, alpha = _crop_around(segmented, config, crops, rng)
    if crops.flip and rng.random() < 0.5:
        image, alpha = image[:, ::-1], alpha[:, ::-1]
    foreground = alpha > 0.5
    if not foreground.any():  # a sliver that the reduction swallowed
        foreground = alpha >= alpha.max()
    box = _box(foreground, config, rng)
    around = random_crop(Image.fromarray(guide), crops, rng)
    plain = image.astype(np.float32) / 255
    strange = _recolour(plain, foreground, around.astype(np.float32) / 255, config, rng)
    hole = np.zeros_like(foreground)
    behind = plain.copy()
    if rng.random() < config.hole:
        hole[box] = True
        height, width = hole[box].shape
        # The object lies at a random place of I_g, so the box shows a random part of it.
        top, left = (int(rng.integers(0, crops.size - side + 1)) for side in (height, width))
        behind[box] = around[top : top + height, left : left + width].astype(np.float32) / 255
    # The rim of an object is a mixture with what was behind it in the picture it comes from.
    share = np.where(foreground | hole, alpha, 0)[..., None].astype(np.float32)
    composite = share * strange + (1 - share) * behind
    return Composite(
        np.ascontiguousarray(image), np.rint(composite * 255).astype(np.uint8), hole & ~foreground, foreground
    )


def _crop_around(
    segmented: Segmented, config: CompositeConfig, crops: CropConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a size x size x 3 uint8 crop around one object, and how much of each pixel is that object."""
    height, width = segmented.labels.shape
    areas = segmented.areas()
    share = areas / min(height, width) ** 2
    labels = np.flatnonzero((areas > 0) & (share >= config.area[0]) & (share <= config.area[1]))
    if not len(labels):
        labels = np.array([int(areas.argmax())])
    mask = segmented.labels == int(rng.choice(labels))
    top, left, tall, wide = box_around(mask)
    short = min(height, width)
    # Never enlarged, unless the photograph is smaller than the crop.
    side = round(min(max(max(tall, wide) * rng.uniform(*config.room), crops.size), short))
    window = [
        _place(first, extent, side, limit, rng) for first, extent, limit in ((top, tall, height), (left, wide, width))
    ]
    rows, columns = (slice(start, start + side) for start in window)
    if not mask[rows, columns].any():  # between two parts of an object that is larger than the crop
        middle = rng.choice(np.argwhere(mask))
        window = [max(0, min(int(at) - side // 2, limit - side)) for at, limit in zip(middle, mask.shape, strict=True)]
        rows, columns = (slice(start, start + side) for start in window)
    shape = (crops.size, crops.size)
    image = cv2.resize(segmented.pixels[rows, columns], shape, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(mask[rows, columns].astype(np.float32), shape, interpolation=cv2.INTER_AREA)
    return image, alpha


def _place(first: int, extent: int, side: int, limit: int, rng: np.random.Generator) -> int:
    """Return where a window of `side` starts so that it holds an object's extent, or only parts of it if it must."""
    low, high = sorted((first + extent - side, first))
    low, high = max(low, 0), min(high, limit - side)
    return int(rng.integers(low, high + 1)) if low <= high else max(0, min(low, limit - side))


def _box(foreground: np.ndarray, config: CompositeConfig, rng: np.random.Generator) -> tuple[slice, slice]:
    """Return a box around the object with random margins, inside the crop."""
    top, left, tall, wide = box_around(foreground)
    margins = [max(2, round(max(tall, wide) * rng.uniform(*config.margin))) for _ in range(4)]
    size = foreground.shape[0]
    # Some of the photograph stays in sight on every side where the object allows it: something to go by.
    free = size // 16
    return (
        slice(max(0, min(top - 2, max(top - margins[0], free))), _end(top + tall, margins[1], size, free)),
        slice(max(0, min(left - 2, max(left - margins[2], free))), _end(left + wide, margins[3], size, free)),
    )


def _end(last: int, margin: int, size: int, free: int) -> int:
    return min(size, max(last + 2, min(last + margin, size - free)))


def _recolour(
    image: np.ndarray, foreground: np.ndarray, guide: np.ndarray, config: CompositeConfig, rng: np.random.Generator
) -> np.ndarray:
    """Move the colours of the object, and with them those of the whole picture, towards the guide's."""
    own, other = colour_statistics(image, foreground), colour_statistics(guide)
    limited = np.clip(other[1], own[1] / config.spread, own[1] * config.spread)
    moved = transfer_colour(image, own, (other[0], limited), rng.uniform(*config.strength))
    if config.exposure:
        moved = moved * 2.0 ** np.float32(rng.normal(0, config.exposure))
    return moved.clip(0, 1)
