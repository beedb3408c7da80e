"""Watchers of an evaluation: one keeps the worst cases for the report, one saves every fill."""

import heapq
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.core.atomic_files import atomic_write
from inpaint.core.errors import OutputError
from inpaint.training.encoding import hole_png, to_webp
from inpaint.training.evaluation.metrics import METRICS
from inpaint.training.evaluation.results import Scored
from inpaint.training.unique_names import file_stem, free_name

LONGEST = 512
"""Longest side of a picture in the report."""


@dataclass(frozen=True, slots=True)
class Case:
    """One photograph for the report, encoded."""

    scored: Scored
    size: tuple[int, int]
    """Width and height of the pictures in pixels."""
    truth: bytes
    """WebP."""
    hole: bytes
    """PNG: opaque where the hole is."""
    middle: int
    """How far from the left the middle of the hole is, in per cent: where a divider shows most."""
    fills: dict[str, bytes]
    """WebP by label."""


class Worst:
    """Keeps the worst cases of every method, and forgets all others as it goes."""

    def __init__(self, labels: list[str], metric: str, each: int) -> None:
        """Choose what is kept: by `metric` the `each` worst cases of each method."""
        self.metric = metric
        self.each = each
        self.heaps: dict[str, list[tuple[float, int]]] = {label: [] for label in labels}
        self.cases: dict[int, Case] = {}
        self.seen = 0

    def __call__(self, scored: Scored, truth: np.ndarray, hole: np.ndarray, fills: dict[str, np.ndarray]) -> None:
        """Take a scored photograph in, if it is bad enough."""
        number, self.seen = self.seen, self.seen + 1
        badness = METRICS[self.metric].badness
        for label, heap in self.heaps.items():
            heapq.heappush(heap, (badness(scored.rows[label][self.metric]), number))
            if len(heap) > self.each:
                heapq.heappop(heap)
        kept = {number for heap in self.heaps.values() for _, number in heap}
        if number in kept:
            self.cases[number] = encode(scored, truth, hole, fills)
        self.cases = {number: case for number, case in self.cases.items() if number in kept}

    def worst_first(self) -> list[Case]:
        """Return the kept cases, the worst of the first method first."""
        first = next(iter(self.heaps))
        badness = METRICS[self.metric].badness
        return sorted(self.cases.values(), key=lambda case: badness(case.scored.rows[first][self.metric]), reverse=True)


def encode(scored: Scored, truth: np.ndarray, hole: np.ndarray, fills: dict[str, np.ndarray]) -> Case:
    """Encode the pictures of a case, no longer than `LONGEST`."""
    height, width = hole.shape
    scale = min(1.0, LONGEST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return Case(
        scored,
        size,
        to_webp(truth, size),
        hole_png(hole, size),
        round(100 * float((np.flatnonzero(hole) % width).mean() + 0.5) / width),
        {label: to_webp(pixels, size) for label, pixels in fills.items()},
    )


class FillSaver:
    """Writes every fill to `fills/METHOD/`, every truth to `truth/` and every hole to `holes/`, called alike."""

    def __init__(self, folder: Path, labels: list[str]) -> None:
        """Make the folders in `folder`. Raises `OutputError`."""
        names: dict[str, str] = {}
        for label in labels:
            names[label] = free_name(names.values(), file_stem(label.strip("./")))
        self.folders = {label: folder / "fills" / name for label, name in names.items()}
        self.truth, self.holes = folder / "truth", folder / "holes"
        try:
            for path in (*self.folders.values(), self.truth, self.holes):
                path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"The folder {folder} cannot be written ({error.strerror}).") from error

    def __call__(self, scored: Scored, truth: np.ndarray, hole: np.ndarray, fills: dict[str, np.ndarray]) -> None:
        """Save one photograph's."""
        file = f"{file_stem(scored.name)}.png"
        _save(truth, self.truth / file)
        _save(hole, self.holes / file)
        for label, pixels in fills.items():
            _save(pixels, self.folders[label] / file)


def _save(pixels: np.ndarray, path: Path) -> None:
    with atomic_write(path) as file:
        Image.fromarray(pixels).save(file, "PNG")
