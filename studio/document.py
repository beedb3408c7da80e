"""An open photograph: its pixels as they are now, what was changed, and its original behind the changes."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from inpaint.core.filling.regions import Box, box_around
from inpaint.core.images.photo import Photo
from inpaint.studio.strokes import Piece


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """One change of a photograph that can be taken back: a box of it before and after."""

    box: Box
    before: np.ndarray
    after: np.ndarray
    label: str
    """What was done, in a word or two."""
    choices: tuple[np.ndarray, ...] = ()
    """Other contents of the box to choose from, `after` among them, the best first; empty where there is no choice."""


@dataclass(slots=True, eq=False)
class Document:
    """A photograph that is open in the studio. Its file is never written to."""

    path: Path
    photo: Photo
    """As it was read; `photo.pixels` are overwritten by every change."""
    version: int = 0
    """Grows with every change of the pixels."""
    done: list[Patch] = field(default_factory=list)
    undone: list[Patch] = field(default_factory=list)
    pieces: dict[int, Piece] = field(default_factory=dict)
    """Found objects by number."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    """Held while pixels or patches are looked at or changed."""
    hidden: Patch | None = None
    """What stood where a fill is being computed right now: until it is complete, this is what people see."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.photo.size

    @property
    def changed(self) -> bool:
        """Whether anything differs from the file."""
        return bool(self.done)

    @contextmanager
    def changing(self, mask: np.ndarray, label: str) -> Iterator[np.ndarray]:
        """Give the pixels to be changed in place where `mask` (H x W bool) is True; put them back on an error."""
        box = box_around(mask)
        pixels = self.photo.pixels
        with self.lock:
            before = pixels[box.slices].copy()
            self.hidden = Patch(box, before, before, label)
        try:
            yield pixels
        except BaseException:
            with self.lock:
                pixels[box.slices] = before
                self.hidden = None
            raise
        with self.lock:
            self._remember(Patch(box, before, pixels[box.slices].copy(), label))
            self.hidden = None

    def put(self, box: Box, after: np.ndarray, label: str) -> None:
        """Put finished pixels into a box: box.height x box.width x 3, of the photograph's dtype."""
        with self.lock:
            target = self.photo.pixels[box.slices]
            patch = Patch(box, target.copy(), after, label)
            target[:] = after
            self._remember(patch)

    def offer(self, others: Sequence[np.ndarray]) -> None:
        """Let the last change be replaced by one of `others`, each of the same shape as its box."""
        with self.lock:
            last = self.done[-1]
            self.done[-1] = replace(last, choices=(last.after, *others))

    def choose(self, number: int) -> Patch | None:
        """Replace the last change by one of its choices; None where there is no such choice."""
        with self.lock:
            if not self.done or self.hidden is not None or not 0 <= number < len(self.done[-1].choices):
                return None
            patch = self.done[-1] = replace(self.done[-1], after=self.done[-1].choices[number])
            self.photo.pixels[patch.box.slices] = patch.after
            self.undone.clear()
            self.version += 1
            return patch

    def _remember(self, patch: Patch) -> None:
        self.done.append(patch)
        self.undone.clear()
        self.version += 1

    def undo(self) -> Patch | None:
        """Take the last change back; None if there is none."""
        return self._move(self.done, self.undone, "before")

    def redo(self) -> Patch | None:
        """Do again what was taken back last; None if there is nothing."""
        return self._move(self.undone, self.done, "after")

    def _move(self, source: list[Patch], target: list[Patch], side: str) -> Patch | None:
        with self.lock:
            if not source or self.hidden is not None:
                return None
            patch = source.pop()
            self.photo.pixels[patch.box.slices] = getattr(patch, side)
            target.append(patch)
            self.version += 1
            return patch

    def crop(self, box: Box, *, original: bool = False) -> np.ndarray:
        """Return a copy of a box that lies inside, as it is now, or as it was in the file."""
        with self.lock:
            pixels = self.photo.pixels[box.slices].copy()
            if self.hidden is not None:
                _lay(pixels, box, self.hidden.box, self.hidden.before)
            for patch in reversed(self.done) if original else ():
                _lay(pixels, box, patch.box, patch.before)
            return pixels


def _lay(pixels: np.ndarray, box: Box, other: Box, colours: np.ndarray) -> None:
    """Put the part of the box `other` that lies in `box` over its pixels."""
    top, left = max(box.top, other.top), max(box.left, other.left)
    bottom = min(box.top + box.height, other.top + other.height)
    right = min(box.left + box.width, other.left + other.width)
    if top < bottom and left < right:
        part = colours[top - other.top : bottom - other.top, left - other.left : right - other.left]
        pixels[top - box.top : bottom - box.top, left - box.left : right - box.left] = part
