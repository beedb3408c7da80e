"""Pictures that are not usable: another takes the place of each, they are named once, and too many end the training.

Which one takes the place depends on the seed and the number of the sample alone, as everything does that a step shows;
so a resumed training sees what an uninterrupted one would have seen.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np

from inpaint.core.errors import DataError, RecipeError

TRIES = 100
"""How many pictures are tried for one sample."""
SHARE = 0.1
"""A training ends where more of its pictures than this are not usable: something else is wrong then."""
ENOUGH = 50
"""How many pictures of a stream, whose length nobody knows, are read before that share means anything."""

Item = TypeVar("Item")


def read_or_replace(
    read: Callable[[int], Item], index: int, count: int, seed: tuple[int, ...], skipped: list[str]
) -> Item:
    """Return what `read` makes of a picture, or of another one where that raises `DataError`.

    index: of `count` pictures the one that is wanted. seed: decides which others are tried. skipped: gets the sentence
    of every picture that was not usable. Raises `RecipeError` when none of `TRIES` pictures was.
    """
    rng = None
    for _ in range(TRIES):
        try:
            return read(index)
        except DataError as error:
            skipped.append(str(error))
            rng = rng or np.random.default_rng(seed)
            index = int(rng.integers(count))
    raise none_usable(skipped)


def none_usable(skipped: list[str]) -> RecipeError:
    """Return the error for a sample that no picture could be found for."""
    return RecipeError(f"No picture that was tried is usable; the last one: {skipped[-1]}")


class SkippedPictures:
    """The pictures that one training could not use, by the sentences that say what is wrong with them."""

    def __init__(
        self, total: int | None = None, tell: Callable[[str], object] = lambda _: None, known: Iterable[str] = ()
    ) -> None:
        """Begin.

        total: how many pictures there are; None for a stream. tell: called with the sentence of every new one. known:
        sentences that were told before the training was resumed.
        """
        self.total = total
        self.tell = tell
        self.told = set(known)
        self.found: set[str] = set()

    def add(self, sentences: Iterable[str], read: int = 0) -> None:
        """Take note of pictures that were skipped; each is told once.

        read: how many pictures of a stream have been read so far, in all its steps. Raises `RecipeError` when more
        than `SHARE` of all pictures are not usable, but never for a single one.
        """
        for sentence in dict.fromkeys(sentences):
            if sentence not in self.told:
                self.told.add(sentence)
                self.tell(sentence)
            self.found.add(sentence)
            total = max(read, ENOUGH) if self.total is None else self.total
            if too_many(len(self.found), total):
                raise RecipeError(
                    f"{len(self.found)} of {total} pictures are not usable, more than a training skips; the last one: "
                    f"{sentence} All are named by `inpaint train` with --dry-run --deep."
                )


def too_many(unusable: int, total: int) -> bool:
    """Say whether so many pictures of all of them end a training. A single one never does."""
    return unusable > max(1, SHARE * total)
