"""PyPatchMatch (PyPI, MIT) as an engine for candidates: of free programs the one whose fills people keep most often.

It copies whole patches, knows 8 bits only, and does not say where it copied from. So its fills are looked up again: for
every patch over the hole the known patch most like it, from which pixels of any depth can be taken.
"""

import threading
from dataclasses import replace
from functools import cache
from typing import Any

import cv2
import numpy as np

from inpaint.core.texture.scale import Picture, Scale

RADIUS = 3
"""Of its patches, as its own examples have it: 7 x 7 pixels."""
ROUNDS, REACH = 8, 64
"""Passes, and pixels that the random search reaches, when its sources are looked up."""

_turn = threading.Lock()
"""The seed is the library's own, for the whole process."""


@cache
def library() -> Any:
    """Return the module `patch_match`; None where it is not installed or does not run on this machine."""
    try:
        from patchmatch import patch_match
    except ImportError:
        return None
    return patch_match if patch_match.patchmatch_available else None


class LibrarySynthesis:
    """The same as `Synthesis` for those who use one: a hole filled at one scale after the other, and its shifts."""

    def __init__(self, pictures: list[Picture], seed: int) -> None:
        """pictures: from `pyramid`, the finest first."""
        self.pictures = [picture.plain() for picture in pictures]
        self.seed = seed
        self._filled: np.ndarray | None = None
        self._level = -1
        """The scale of `_filled`."""

    def run(self, level: int = 0, estimate: np.ndarray | None = None) -> np.ndarray:
        """Return the window at a scale (0 = finest), h x w x 3 float32, with its hole filled anew."""
        level = min(level, len(self.pictures) - 1)
        if self._filled is not None and level == self._level:
            return self._filled  # a small hole is compared at its full size, and finished there
        picture = self.pictures[level]
        part = _part(picture)
        image = np.rint(picture.image[part].clip(0, 1) * 255).astype(np.uint8)
        hole = picture.hole[part]
        blocked = (picture.unknown | ~picture.allowed)[part] & ~hole
        with _turn:
            library().set_random_seed(self.seed)
            made = library().inpaint(
                np.ascontiguousarray(image),
                hole.view(np.uint8) * np.uint8(255),
                global_mask=blocked.view(np.uint8) * np.uint8(255) if blocked.any() else None,
                patch_size=RADIUS,
            )
        filled = picture.image.copy()
        filled[part][hole] = made[hole].astype(np.float32) / np.float32(255)
        self._filled, self._level = filled, level
        return filled

    def shifts(self) -> np.ndarray:
        """Return H x W x 2 int32: rows and columns from each pixel of the hole to the source of the patch around it."""
        from inpaint.core.texture import patchmatch_kernels as kernels

        assert self._filled is not None
        scale = Scale(replace(self.pictures[0], image=self._filled), RADIUS)
        match, cost = np.full(len(scale.places), -1, np.int32), np.zeros(len(scale.places), np.float32)
        kernels.search(
            scale.flat,
            np.ones_like(scale.weights),
            scale.usable,
            scale.places,
            scale.number,
            match,
            cost,
            scale.width,
            scale.channels,
            scale.radius,
            ROUNDS,
            REACH,
            np.float32(0),
            self.seed,
        )
        inner = slice(RADIUS, -RADIUS)
        rows, columns = np.divmod(scale.places, scale.width)
        down, across = np.divmod(match, scale.width)
        canvas = np.zeros((*scale.image.shape[:2], 2), np.int32)
        canvas.reshape(-1, 2)[scale.places] = np.stack([down - rows, across - columns], axis=-1)
        return np.ascontiguousarray(canvas[inner, inner])

    def deepen(self, colours: np.ndarray, shifts: np.ndarray, white: float) -> np.ndarray:
        """Return other colours of the same window with the hole filled in their own depth.

        - `colours`: H x W x 3 float32, values up to `white`;
        - `shifts`: of this synthesis at the finest scale.

        Each pixel is its source's, and the difference that the fill has from that source in 8 bits.
        """
        assert self._filled is not None
        hole = self.pictures[0].hole
        rows, columns = np.nonzero(hole)
        there = rows + shifts[hole][:, 0], columns + shifts[hole][:, 1]
        source = np.rint(self.pictures[0].image[there] * 255) / np.float32(255)
        result = colours.copy()
        result[hole] = colours[there] + (self._filled[hole] - source) * np.float32(white)
        return result


def _part(picture: Picture) -> tuple[slice, slice]:
    """Return the box around the hole and what may be copied: the library's time grows with the picture it is given."""
    useful = (picture.hole | picture.allowed).view(np.uint8)
    left, top, width, height = cv2.boundingRect(useful)
    return slice(top, top + height), slice(left, left + width)
