"""Texture synthesis in a hole, from coarse to fine, stopping wherever one wants to look.

Expectation-maximisation over scales as in Wexler, Shechtman and Irani, Space-Time Completion of Video (PAMI 2007):
find for each patch over the hole the known patch most like it, let the matches vote on the colours, repeat, and go to
the next finer scale, whose first estimate is fetched from the finer picture through the doubled shifts.
"""

from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np

from inpaint.core.texture.scale import Picture, Scale, halve, has_sources, numbers, with_texture

THIN = 2.0
"""Pixels from the rim to the middle of the hole at the coarsest scale."""
LEAST_SIDE = 24
"""Pixels that the coarsest scale has at least along its shorter side."""
FEWEST = 64
"""Sources that a scale must have to begin with."""
COMPARISONS = 600_000
"""Comparisons at most when the coarsest scale is filled from its rim."""
LAST_SHARE = 0.1
"""`Settings.share` of the last vote, whose means of matches that disagree are what is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What may differ between candidates."""

    radius: int = 3
    """Patches have 2 radius + 1 pixels a side."""
    texture: bool = True
    """Compare texture beside colours."""
    rounds: tuple[int, ...] = (1, 3, 5)
    """Rounds of matching and voting at the finest scale, the next, and all others."""
    passes: int = 2
    """Passes of the search in a round."""
    reach: tuple[int, ...] = (0, 32)
    """Pixels that the random search reaches from a match, by scale as above. Without it whole pieces stay together at
    the finest scale, and the fill is as crisp as they are."""
    loyal: tuple[float, ...] = (0.3, 0.3, 0.0)
    """Share of its cost that a match from elsewhere must save to be taken: the more, the larger the pieces. By
    scale as above, like the next."""
    share: tuple[float, ...] = (0.2, 0.2, 0.6)
    """How sharp a vote is: matches count by exp(-cost / (share x 75th percentile of the costs))."""
    sharp: float = 0.003
    """Above 0, votes are for the commonest colour more than for the mean; squared colour difference."""


def pyramid(picture: Picture) -> list[Picture]:
    """Return a picture of three colours with its texture channels, and its copies at half the size and so on.

    It ends where the hole's middle is close to its rim.
    """
    image = np.where(picture.unknown[..., None], np.float32(0), with_texture(picture.image, picture.unknown))
    pictures = [replace(picture, image=image)]
    while min(pictures[-1].hole.shape) >= LEAST_SIDE and _depth(pictures[-1].hole) > THIN:
        smaller = halve(pictures[-1])
        if not smaller.hole.any():
            break
        pictures.append(smaller)
    return pictures


def restrict(pictures: list[Picture], allowed: np.ndarray) -> list[Picture]:
    """Return the pictures of a pyramid with less to copy from: also not what is False in `allowed` (H x W bool)."""
    result = []
    for picture in pictures:
        if picture.hole.shape != allowed.shape:
            size = picture.hole.shape[::-1]
            share = cv2.resize(allowed.view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA)
            allowed = share >= 128
        result.append(replace(picture, allowed=picture.allowed & allowed))
    return result


class Synthesis:
    """The state of one synthesis: at which scale it is, and what its matches are."""

    def __init__(self, pictures: list[Picture], settings: Settings, seed: int, *, varied: bool = False) -> None:
        """Prepare the scales.

        - `pictures`: from `pyramid`, the finest first;
        - `varied`: begin with a random half of the sources, so that the seed decides on structure, too.
        """
        radius, enough = settings.radius, 1
        while enough < len(pictures) and has_sources(pictures[enough], radius=radius, least=FEWEST):
            enough += 1
        pictures = pictures[:enough] if settings.texture else [picture.plain() for picture in pictures[:enough]]
        self.pictures = pictures
        self.settings = settings
        self.seed = seed
        self.varied = varied
        self.level = len(pictures)
        """Of the scale that is done; 0 is the finest."""
        self.scale: Scale | None = None
        self.match = np.empty(0, np.int32)
        """Place of each target patch's source in the canvas of the scale."""
        self.cost = np.empty(0, np.float32)
        self.share = np.empty(0, np.float32)
        """How much each match counted in the last vote."""

    def run(self, level: int = 0, estimate: np.ndarray | None = None) -> np.ndarray:
        """Go on to a scale (0 = finest) and return the window there, h x w x 3 float32, with its hole filled.

        estimate: h x w x 3 float32 of the size of that scale; begin there, with these colours in the hole.
        """
        level = min(level, len(self.pictures) - 1)
        if estimate is not None:
            self.level = level + 1
            self._begin(Scale(self.pictures[level], self.settings.radius), estimate)
            self._fit(last=level == 0, level=level, rounds=max(self.settings.rounds), reach=64)
            self.level = level
        while self.level > level:
            above, self.level = self.scale, self.level - 1
            scale = Scale(self.pictures[self.level], self.settings.radius)
            if above is None:
                self._peel(scale)
            else:
                self._inherit(above, scale)
            at = self.level
            reach, rounds = _at(self.settings.reach, at), _at(self.settings.rounds, at)
            self._fit(last=at == 0, level=at, rounds=rounds, reach=32 if above is None else reach)
        assert self.scale is not None
        return self.scale.colours

    def resume(self, start: np.ndarray) -> None:
        """Go to the finest scale at once with the shifts of an earlier fill, H x W x 2 int32; bad ones are replaced."""
        scale = self.scale = Scale(self.pictures[0], self.settings.radius)
        self.level, radius = 0, scale.radius
        # A patch around the hole takes the shift of the pixel of the hole nearest to it.
        outside = (1 - scale.hole).reshape(scale.image.shape[:2])
        _, label = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        pixels = np.zeros(int(label.max()) + 1, np.int64)
        inside = np.flatnonzero(scale.hole)
        labels = np.asarray(label, np.int32).ravel()
        pixels[labels[inside]] = inside
        down, across = np.divmod(pixels[labels[scale.places]], scale.width)
        moved = start[down - radius, across - radius].astype(np.int64)
        rows, columns = np.divmod(scale.places.astype(np.int64), scale.width)
        rows, columns = rows + moved[:, 0], columns + moved[:, 1]
        good = (rows >= 0) & (columns >= 0) & (rows < scale.image.shape[0]) & (columns < scale.width)
        good &= moved.any(axis=1)
        match = np.where(good, rows * scale.width + columns, 0)
        good &= scale.usable[match] > 0
        self.match = np.where(good, match, -1).astype(np.int32)
        self.cost = np.zeros(len(match), np.float32)
        self._vote(np.ones(len(match), np.float32), numbers(scale.places[good], scale.hole.size), good)
        self._fit(last=True, level=0, rounds=self.settings.rounds[0], reach=self.settings.reach[0])

    def shifts(self) -> np.ndarray:
        """Return H x W x 2 int32: rows and columns from each pixel of the hole to the source of the patch around it."""
        scale = self.scale
        assert scale is not None
        inner = slice(scale.radius, -scale.radius)
        rows, columns = np.divmod(scale.places, scale.width)
        down, across = np.divmod(self.match, scale.width)
        canvas = np.zeros((*scale.image.shape[:2], 2), np.int32)
        canvas.reshape(-1, 2)[scale.places] = np.stack([down - rows, across - columns], axis=-1)
        return np.ascontiguousarray(canvas[inner, inner])

    def _peel(self, scale: Scale) -> None:
        """Fill the coarsest scale from its rim inwards."""
        from inpaint.core.texture import patchmatch_kernels as kernels

        sources = np.flatnonzero(scale.usable).astype(np.int32)
        most = max(FEWEST, COMPARISONS // max(1, int(np.count_nonzero(scale.hole))))
        if self.varied:
            most = max(FEWEST, min(most, len(sources) // 2))
        if len(sources) > most:
            sources = np.sort(np.random.default_rng(self.seed).choice(sources, most, replace=False))
        origin = np.full(scale.hole.size, -1, np.int32)
        filled = (scale.weight > 0).view(np.uint8) & scale.inside & (1 - scale.hole)
        kernels.peel(
            scale.flat,
            scale.weights,
            filled,
            scale.hole,
            scale.inside,
            sources,
            origin,
            scale.width,
            scale.channels,
            scale.radius,
        )
        self.scale, self.match = scale, origin[scale.places]
        self.cost = np.zeros(len(scale.places), np.float32)

    def _begin(self, scale: Scale, estimate: np.ndarray) -> None:
        """Put somebody else's colours into the hole, and look for matches from nothing."""
        picture = scale.picture
        colours = np.where(picture.hole[..., None], estimate, picture.image[..., :3])
        image = with_texture(colours, picture.unknown & ~picture.hole) if scale.channels > 3 else colours
        if scale.channels > 3:  # the texture of what is known is known
            image[..., 3:] = picture.image[..., 3:]
        inner = scale.image[scale.radius : -scale.radius, scale.radius : -scale.radius]
        inner[picture.hole] = image[picture.hole]
        self.scale = scale
        self.match = np.full(len(scale.places), -1, np.int32)
        self.cost = np.zeros(len(scale.places), np.float32)

    def _inherit(self, above: Scale, scale: Scale) -> None:
        """Double the shifts of the scale above, and fetch the first estimate through them."""

        radius, (height, width) = scale.radius, scale.picture.hole.shape
        rows, columns = np.divmod(scale.places.astype(np.int64), scale.width)
        parents = (rows - radius) // 2 + radius, (columns - radius) // 2 + radius
        which = above.number[parents[0] * above.width + parents[1]]
        down, across = np.divmod(self.match[which].astype(np.int64), above.width)
        rows, columns = rows + 2 * (down - parents[0]), columns + 2 * (across - parents[1])
        good = (which >= 0) & (rows >= radius) & (rows < height + radius)
        good &= (columns >= radius) & (columns < width + radius)
        match = np.where(good, rows * scale.width + columns, 0)
        good &= scale.usable[match] > 0
        coarse = above.image[radius:-radius, radius:-radius]
        larger = cv2.resize(coarse, (2 * coarse.shape[1], 2 * coarse.shape[0]), interpolation=cv2.INTER_LINEAR)
        inner, hole = scale.image[radius:-radius, radius:-radius], scale.picture.hole
        inner[hole] = larger[:height, :width][hole]
        self.scale, self.match = scale, np.where(good, match, -1).astype(np.int32)
        self.cost = np.zeros(len(match), np.float32)
        self._vote(np.ones(len(match), np.float32), numbers(scale.places[good], scale.hole.size), good)

    def _fit(self, *, last: bool, level: int, rounds: int, reach: int) -> None:
        """Match and vote in turns."""
        from inpaint.core.texture import patchmatch_kernels as kernels

        scale, settings = self.scale, self.settings
        assert scale is not None
        counts = scale.weight[scale.places]
        for turn in range(rounds):
            seed = (self.seed * 64 + level) * 64 + turn
            kernels.search(
                scale.flat,
                scale.weights,
                scale.usable,
                scale.places,
                scale.number,
                self.match,
                self.cost,
                scale.width,
                scale.channels,
                scale.radius,
                settings.passes,
                reach,
                _at(settings.loyal, level),
                seed,
            )
            sharpness = LAST_SHARE if last and turn == rounds - 1 else _at(settings.share, level)
            spread = sharpness * max(float(np.percentile(self.cost, 75)), 1e-7)
            self.share = (counts * (np.exp(-self.cost / spread) + 1e-6)).astype(np.float32)
            self._vote(self.share, scale.number)

    def _vote(self, share: np.ndarray, number: np.ndarray, only: np.ndarray | None = None) -> None:
        from inpaint.core.texture import patchmatch_kernels as kernels

        scale = self.scale
        assert scale is not None
        match, share = (self.match, share) if only is None else (self.match[only], share[only])
        kernels.vote(
            scale.flat,
            scale.flat,
            scale.hole,
            number,
            match,
            share,
            scale.width,
            scale.channels,
            scale.radius,
            self.settings.sharp,
        )


Number = TypeVar("Number", int, float)


def _at(values: tuple[Number, ...], level: int) -> Number:
    """Return what holds at a scale; the last value holds at all further ones."""
    return values[min(level, len(values) - 1)]


def _depth(hole: np.ndarray) -> float:
    """Return the distance from the middle of the hole to its rim; the edge of the window is a rim, too."""
    framed = np.pad(hole, 1).view(np.uint8)
    return float(cv2.distanceTransform(framed, cv2.DIST_L2, 3).max())
