"""Photographs that are validated on, and therefore not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from inpaint.training.data.sources import Source

EVERY = 10
"""At most one photograph in so many is held out."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureSubset:
    """Some photographs of a source, in random access."""

    source: Source
    indices: Sequence[int] | np.ndarray

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.indices)

    def read(self, index: int) -> bytes:
        """Return one encoded picture."""
        return self.source.read(int(self.indices[index]))

    def place(self, index: int) -> str:
        """Say where one picture is."""
        return self.source.place(int(self.indices[index]))

    def path(self, index: int) -> PurePath:
        """Return the path of one picture, as its source does."""
        return self.source.path(int(self.indices[index]))

    def name(self, index: int) -> str:
        """Name one picture as its source does."""
        return self.source.name(int(self.indices[index]))


def held_count(pictures: int, most: int) -> int:
    """Return how many of so many pictures a new training holds out: at most `most`, and none where there are few."""
    return min(most, pictures // EVERY)


def hold_out(source: Source, count: int) -> tuple[Source, Source]:
    """Return the photographs to train on, and `count` evenly spaced ones to validate on; with 0, all for both."""
    if not count:
        return source, source
    held = np.linspace(0, len(source) - 1, count).astype(int)
    return PictureSubset(source, np.setdiff1d(np.arange(len(source)), held)), PictureSubset(source, held)
