"""All numbers of an experiment in one table, and what the report asks of it."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from inpaint.core.atomic_files import atomic_write
from inpaint.training.evaluation.metrics import METRICS, Metric
from inpaint.training.evaluation.metrics import Row as Scored
from inpaint.training.experiment.cell import CellDirectory
from inpaint.training.experiment.plan import Cell, Hole, Plan

REPORTED = ("l1_hole", "l2_hole", "psnr_hole", "ssim_hole", "lpips_hole", "is", "fid")
"""Columns of the report: inside the hole, so that holes of different sizes compare. The CSV has the others, too."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell at one step with holes of one kind."""

    cell: Cell
    step: int
    side: Hole
    """Side of the square hole, or "irregular"."""
    pictures: int
    scores: Scored


@dataclass(frozen=True, slots=True)
class Spread:
    """A number over the seeds."""

    mean: float
    low: float
    high: float
    seeds: int


class ScoreTable:
    """Every measurement that there is so far."""

    def __init__(self, plan: Plan, cells: Sequence[Cell], out: Path, measured: Sequence[Metric]) -> None:
        """Read the scores of all cells of the experiment in `out`. measured: all metrics, by their titles in tables."""
        self.plan = plan
        self.metrics = [metric for metric in measured if metric.key in REPORTED]
        """The columns of the report."""
        self.entries = [
            Entry(cell, scores.step, side, scores.pictures, row)
            for cell in cells
            for scores in CellDirectory(out / "cells" / cell.name).scores()
            for side, row in scores.rows.items()
        ]

    def groups(self) -> Iterator[tuple[str, list[Entry]]]:
        """Yield what is compared with one another: the entries that agree on every axis but `compare`."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            others = [value for axis, value in entry.cell.values.items() if axis != self.plan.compare]
            found.setdefault(", ".join(others) or self.plan.name, []).append(entry)
        yield from found.items()

    def lines(self, entries: Iterable[Entry]) -> dict[str, list[Entry]]:
        """Sort entries by their value on the compared axis, in the order of the plan."""
        entries = list(entries)
        found = {value: [e for e in entries if e.cell.values[self.plan.compare] == value] for value in self.values}
        return {value: line for value, line in found.items() if line}

    @property
    def values(self) -> tuple[str, ...]:
        """Return the values of the compared axis."""
        return self.plan.axes[self.plan.compare]


def over_seeds(entries: Iterable[Entry], metric: Metric, *, step: int, side: Hole) -> Spread | None:
    """Return a metric at one step and kind of hole, over the seeds; None where it was not measured."""
    found = [e.scores[metric.key] for e in entries if (e.step, e.side) == (step, side) and metric.key in e.scores]
    return Spread(fmean(found), min(found), max(found), len(found)) if found else None


def common_step(lines: dict[str, list[Entry]]) -> int | None:
    """Return the last step at which every line was measured; None if there is none."""
    steps = [{entry.step for entry in line} for line in lines.values()]
    return max(set.intersection(*steps), default=None) if steps else None


def write_csv(table: ScoreTable, path: Path) -> None:
    """Write one row per cell, step and kind of hole, with every number that was measured."""
    axes = list(table.plan.axes)
    keys = [key for key in METRICS if any(key in entry.scores for entry in table.entries)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["cell", *axes, "seed", "step", "side", "pictures", *keys])
    for entry in table.entries:
        numbers = [entry.scores.get(key, "") for key in keys]
        place = [entry.cell.values[axis] for axis in axes]
        writer.writerow([entry.cell.name, *place, entry.cell.seed, entry.step, entry.side, entry.pictures, *numbers])
    with atomic_write(path) as file:
        file.write(text.getvalue().encode())
