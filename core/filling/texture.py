"""Texture for one region of a photograph: which window it comes from, and what was chosen."""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from inpaint.core.engines.features import bundled_features
from inpaint.core.errors import MaskError
from inpaint.core.filling.mask import bounds
from inpaint.core.filling.mask_file import read_mask
from inpaint.core.filling.regions import Box, Region, widened
from inpaint.core.filling.tone_curve import curve_of
from inpaint.core.texture import Result, synthesize

REACH = 64
"""Pixels around a region's hole that texture may come from, at least."""
LONG = 4
"""The same at most, in sizes of the hole: around a long wire nothing is looked for at the other end of the picture."""
MOST_SEED = 2**31 - 1
"""The largest seed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sampling:
    """How texture is found."""

    seed: int = 0
    """Other seeds, from 0 to 2147483647, give other fills; the same one the same."""
    variations: int = 1
    """How many fills are made."""
    source: np.ndarray | None = None
    """H x W bool: where texture may come from; None for anywhere."""
    avoid: np.ndarray | None = None
    """H x W bool: where texture may not come from."""

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise `ValueError` for numbers out of range and masks of another shape, `MaskError` for an empty `source`."""
        if not 0 <= self.seed <= MOST_SEED:
            raise ValueError(f"seed must be from 0 to {MOST_SEED}, got {self.seed}")
        if self.variations < 1:
            raise ValueError(f"variations must be at least 1, got {self.variations}")
        for name, mask in (("source", self.source), ("avoid", self.avoid)):
            if mask is not None and (mask.shape != shape[:2] or mask.dtype != np.bool_):
                raise ValueError(f"{name} must be {shape[:2]} bool, got {mask.shape} {mask.dtype}")
        if self.source is not None and not self.source.any():
            raise MaskError("The mask of where texture may come from is empty; paint that area white.")

    @property
    def unasked(self) -> bool:
        """Whether nothing was asked for: one fill, from anywhere, of the first seed."""
        return self.seed == 0 and self.variations == 1 and not self.limited

    @property
    def limited(self) -> bool:
        """Whether texture may not come from everywhere."""
        return self.source is not None or self.avoid is not None

    def allowed(self, mask: np.ndarray, box: Box) -> np.ndarray:
        """Return what may be copied in a box of a photograph with this mask, bool of the box's size."""
        allowed = ~mask[box.slices]
        if self.source is not None:
            allowed &= self.source[box.slices]
        if self.avoid is not None:
            allowed &= ~self.avoid[box.slices]
        return allowed


def read_sampling(
    size: tuple[int, int],
    *,
    seed: int = 0,
    variations: int = 1,
    copy_from: Path | None = None,
    not_from: Path | None = None,
) -> Sampling:
    """Return a sampling whose masks are read from files, for a photograph of `size` (width, height).

    Their greys count as white from the middle on. Raises `MaskError` for a file that is no mask of this photograph.
    """
    masks = []
    for path in (copy_from, not_from):
        mask = None if path is None else read_mask(path, size)[0]
        masks.append(mask if mask is None or mask.dtype == np.bool_ else mask >= 128)
    return Sampling(seed=seed, variations=variations, source=masks[0], avoid=masks[1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Texture:
    """What was copied into the hole of one region."""

    box: Box
    """The region's hole."""
    fills: tuple[Result, ...]
    """The best first, at least one."""

    def show(self, pixels: np.ndarray, mask: np.ndarray, number: int) -> None:
        """Put a fill into the photograph in place, or the last one if there are not so many."""
        pixels[self.box.slices][mask[self.box.slices]] = self.fills[min(number, len(self.fills) - 1)].colours


def put_texture(
    pixels: np.ndarray,
    mask: np.ndarray,
    unknown: np.ndarray,
    region: Region,
    sampling: Sampling,
    *,
    follow: bool,
) -> Texture | None:
    """Replace the network's fill of a region in place by texture; None where there is nothing to copy.

    - `pixels`: H x W x 3, with the network's fill in the hole; `mask`: H x W bool, the whole hole;
    - `unknown`: H x W bool, what does not show what surrounds the hole: parts of it without texture yet, and what
      nobody sees;
    - `follow`: texture may follow what the network fills.

    Raises `MaskError` when `sampling` leaves nothing to copy.
    """
    for reach in _reaches(mask, region.hole):
        box = widened(region.hole, reach, reach, mask.shape)
        if sampling.source is not None:
            box = _around(box, sampling.source)
        hole = np.zeros((box.height, box.width), np.bool_)
        inner = region.hole.inside(box)
        hole[inner.slices] = mask[region.hole.slices]
        window, hidden = pixels[box.slices], unknown[box.slices]
        mapped = window.dtype.kind == "f"
        curve = curve_of(window, hidden | hole, inner)
        found = synthesize(
            curve.encode(window) if mapped else window,
            hole,
            hidden,
            white=1.0 if mapped else curve.high,
            structure=True,
            follow=follow,
            features=bundled_features(),
            allowed=sampling.allowed(mask, box),
            seed=sampling.seed,
            count=sampling.variations,
        )
        if found:
            if mapped:
                found = [replace(one, colours=curve.decode(one.colours)) for one in found]
            texture = Texture(box=region.hole, fills=tuple(found))
            texture.show(pixels, mask, 0)
            return texture
        if (box.height, box.width) == mask.shape:
            break
    if sampling.limited:
        raise MaskError("Where texture may come from there is no known square of 7 x 7 pixels; allow a larger area.")
    return None


def _reaches(mask: np.ndarray, box: Box) -> list[int]:
    """Return how far around a region's hole texture is looked for, and then, in vain, how much further."""
    framed = np.pad(mask[box.slices], 1).view(np.uint8)
    size = 2 * int(cv2.distanceTransform(framed, cv2.DIST_C, 3).max())
    reach = max(REACH, min(max(box.height, box.width), LONG * size))
    return [reach, 4 * reach, max(mask.shape)]


def _around(box: Box, source: np.ndarray) -> Box:
    """Return the smallest box around `box` and where texture may come from."""
    found = bounds(source)
    assert found is not None
    rows, columns = found
    top, left = min(box.top, rows.start), min(box.left, columns.start)
    bottom, right = max(box.top + box.height, rows.stop), max(box.left + box.width, columns.stop)
    return Box(top, left, bottom - top, right - left)
