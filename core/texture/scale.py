"""One scale of a window: its picture, and which patches can be copied and which must be found."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

TEXTURE = 8.0
"""Weight of the texture channels beside the colours."""
TEXTURE_BLUR = 4.0
"""Standard deviation in pixels over which texture is averaged."""
BEYOND = 0.3
"""How much pixels count that are only reflected at the window's edge."""
FADING = 1.15
"""Factor by which a pixel counts less for each pixel that it is further from the rim: structure grows inwards."""
DEEPEST = 30
"""Pixels from the rim from which on nothing counts less."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A window at one scale."""

    image: np.ndarray
    """H x W x C float32: three colours in [0, 1], and the texture channels if there are any."""
    hole: np.ndarray
    """H x W bool: to be filled."""
    unknown: np.ndarray
    """H x W bool: means nothing; the hole, and what nobody sees."""
    allowed: np.ndarray
    """H x W bool: may be copied, if it is known."""

    def plain(self) -> "Picture":
        """Return the picture without its texture channels."""
        return replace(self, image=self.image[..., :3])


def with_texture(colours: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Return H x W x 5: the colours and the blurred |dy| and |dx| of their mean where it is known.

    Without these two, a soft estimate of the hole finds soft sources. `colours`: H x W x 3 float32 in [0, 1].
    """
    grey, known = colours.mean(axis=2), (~unknown).astype(np.float32)
    result = np.empty((*unknown.shape, 5), np.float32)
    result[..., :3] = colours
    for axis in (0, 1):
        step, valid = np.zeros_like(grey), np.zeros_like(grey)
        after, before = (np.s_[1:], np.s_[:-1]) if axis == 0 else (np.s_[:, 1:], np.s_[:, :-1])
        valid[after] = known[after] * known[before]
        step[after] = np.abs(grey[after] - grey[before]) * valid[after]
        total, share = (cv2.GaussianBlur(values, (0, 0), TEXTURE_BLUR) for values in (step, valid))
        result[..., 3 + axis] = TEXTURE * total / np.maximum(share, np.float32(1e-4))
    return result


def halve(picture: Picture) -> Picture:
    """Return a picture at half the size; a pixel is known where at least half of what it covers is."""
    known = _even((~picture.unknown).astype(np.float32)[..., None])
    image = _even(picture.image) * known
    count = _quarters(known)
    unknown = count[..., 0] < 2
    hole = (_quarters(_even(picture.hole.astype(np.float32)[..., None]))[..., 0] > 0) & unknown
    allowed = _quarters(_even(picture.allowed.astype(np.float32)[..., None]))[..., 0] >= 2
    return Picture(_quarters(image) / np.maximum(count, np.float32(1e-6)), hole, unknown, allowed)


def _even(array: np.ndarray) -> np.ndarray:
    """Return H x W x C with the last row and column repeated where their number is odd."""
    height, width = array.shape[:2]
    return np.pad(array, ((0, height % 2), (0, width % 2), (0, 0)), "edge") if height % 2 or width % 2 else array


def _quarters(array: np.ndarray) -> np.ndarray:
    """Return the sums of squares of four pixels."""
    rows = array[0::2] + array[1::2]
    return rows[:, 0::2] + rows[:, 1::2]


class Scale:
    """A picture on a canvas with a margin, in the flat form that the kernels take."""

    def __init__(self, picture: Picture, radius: int) -> None:
        width = picture.hole.shape[1]
        self.picture = picture
        self.radius = radius
        self.width = width + 2 * radius
        """Of the canvas."""
        self.channels = picture.image.shape[2]
        self.image = np.ascontiguousarray(_margin(picture.image, radius, cv2.BORDER_REFLECT_101))
        """Canvas with the estimate of the hole in it."""
        hole, unknown = (_margin(part, radius) > 0 for part in (picture.hole, picture.unknown))
        inside = _margin(np.ones(picture.hole.shape, np.uint8), radius) > 0
        blocked = unknown | ~inside | ~(_margin(picture.allowed, radius) > 0)
        usable = ~_spread(blocked, radius)
        self.inside = inside.ravel().view(np.uint8)
        self.hole = hole.ravel().view(np.uint8)
        self.usable = usable.ravel().view(np.uint8)
        """1 where the centre of a patch is that may be copied."""
        self.places = np.flatnonzero(_spread(hole, radius) & inside).astype(np.int32)
        """Centres of the patches that touch the hole."""
        self.number = numbers(self.places, hole.size)
        depth = np.minimum(cv2.distanceTransform(hole.view(np.uint8), cv2.DIST_L2, 3), DEEPEST)
        weight = np.where(hole, np.float32(FADING) ** -depth, np.where(inside, np.float32(1), np.float32(BEYOND)))
        weight[_margin(picture.unknown & ~picture.hole, radius, cv2.BORDER_REFLECT_101) > 0] = 0
        self.weight = weight.astype(np.float32).ravel()
        """How much each pixel counts."""
        self.weights = np.repeat(self.weight, self.channels)

    @property
    def flat(self) -> np.ndarray:
        """The canvas as one row of numbers; writing to it changes the canvas."""
        return self.image.reshape(-1)

    @property
    def colours(self) -> np.ndarray:
        """H x W x 3 float32: the window with the estimate in its hole."""
        inner = slice(self.radius, -self.radius)
        return np.ascontiguousarray(self.image[inner, inner, :3])


def has_sources(picture: Picture, *, radius: int = 3, least: int = 1) -> bool:
    """Return whether a picture has so many patches that may be copied, as `Scale` counts them."""
    if min(picture.hole.shape) <= 2 * radius:
        return False
    inner = slice(radius, -radius)
    return int(np.count_nonzero(~_spread(picture.unknown | ~picture.allowed, radius)[inner, inner])) >= least


def numbers(places: np.ndarray, size: int) -> np.ndarray:
    """Return for each of `size` pixels which of the places it is, int32, -1 for none."""
    result = np.full(size, -1, np.int32)
    result[places] = np.arange(len(places), dtype=np.int32)
    return result


def _margin(array: np.ndarray, radius: int, kind: int = cv2.BORDER_CONSTANT) -> np.ndarray:
    array = array.view(np.uint8) if array.dtype == np.bool_ else array
    return cv2.copyMakeBorder(array, radius, radius, radius, radius, kind)


def _spread(mask: np.ndarray, radius: int) -> np.ndarray:
    """Return H x W bool: where a patch touches the mask."""
    side = 2 * radius + 1
    return cv2.dilate(mask.view(np.uint8), np.ones((side, side), np.uint8)).view(bool)
