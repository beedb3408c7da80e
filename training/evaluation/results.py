"""The numbers of an evaluation, and what they come to: means with their standard errors, per method and hole size."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from inpaint.training.evaluation.metrics import Metric, Row

BIN = 10
"""Width of a hole-area bin in per cent of the picture."""
RANKING = ("lpips_hole", "l1_hole", "ssim_hole", "psnr_hole", "l2_hole", "crispness_hole")
"""By which metric the worst cases are chosen: the first of these that was measured."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The numbers of one photograph."""

    name: str
    area: float
    """Share of the picture that is hole."""
    rows: dict[str, Row]
    """By the labels of the methods."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over pictures."""

    value: float
    error: float
    """Its standard error: the spread over the pictures divided by the root of their number; NaN for one picture, and
    for FID, which has none."""
    pictures: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All numbers of one evaluation."""

    methods: tuple[str, ...]
    columns: tuple[Metric, ...]
    pictures: tuple[Scored, ...]
    together: dict[str, Row]
    """By method, what only all pictures together have: "frechet_hole", "fid", "is", "is_error", ..."""

    @property
    def ranking(self) -> Metric | None:
        """The metric by which cases are called worst; None when nothing was measured that a single picture has."""
        return ranking_of(self.columns)

    def summary(self, method: str, pictures: tuple[Scored, ...] | None = None) -> dict[str, Mean]:
        """Return a method's means by metric, over all pictures or some of them."""
        chosen = self.pictures if pictures is None else pictures
        means = {}
        for column in self.columns:
            if column.per_picture:
                means[column.key] = mean([scored.rows[method][column.key] for scored in chosen])
            elif pictures is None:
                together = self.together[method]
                means[column.key] = Mean(
                    together[column.key], together.get(f"{column.key}_error", math.nan), len(chosen)
                )
        return means

    def bins(self) -> list[tuple[str, tuple[Scored, ...]]]:
        """Sort the pictures by the size of their holes: "10-20%" and so on, without empty bins.

        FID and Inception score have no place here: they say nothing about a handful of pictures.
        """
        found: dict[int, list[Scored]] = {}
        for scored in self.pictures:
            # The tiny amount keeps 0.3, which is a little less in binary, out of the bin below.
            found.setdefault(int(scored.area * 100 / BIN + 1e-9), []).append(scored)
        return [(f"{BIN * i}-{BIN * (i + 1)}%", tuple(found[i])) for i in sorted(found)]

    def best(self, column: Metric, pictures: tuple[Scored, ...] | None = None) -> str | None:
        """Name the method that is best by a metric; None for a single method, or where nothing is a number."""
        values = {method: self.summary(method, pictures).get(column.key) for method in self.methods}
        known = {method: m.value for method, m in values.items() if m is not None and not math.isnan(m.value)}
        if len(known) < 2:
            return None
        return min(known, key=lambda method: column.badness(known[method]))


def ranking_of(columns: Sequence[Metric]) -> Metric | None:
    """Return the first metric of `RANKING` that is among some columns."""
    by_key = {column.key: column for column in columns}
    return next((by_key[key] for key in RANKING if key in by_key), None)


def mean(values: list[float]) -> Mean:
    """Return the mean of some numbers and its standard error."""
    count = len(values)
    centre = math.fsum(values) / count
    if count < 2:
        return Mean(centre, math.nan, count)
    spread = math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (count - 1))
    return Mean(centre, spread / math.sqrt(count), count)
