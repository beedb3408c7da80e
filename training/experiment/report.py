"""One page of Markdown around the numbers of an experiment: the tables that paper 002 plans, curves and fills."""

import re
from pathlib import Path

import numpy as np

from inpaint.core.atomic_files import atomic_write
from inpaint.training.evaluation.metrics import Metric
from inpaint.training.experiment.cell import CellDirectory
from inpaint.training.experiment.measure import SHOWN, Bench
from inpaint.training.experiment.plan import IRREGULAR, Cell, Hole, Plan
from inpaint.training.experiment.plots import curves_over_sides, curves_over_steps, read_strip, side_by_side
from inpaint.training.experiment.scores import Entry, ScoreTable, Spread, common_step, over_seeds, write_csv

HOLE = 255
"""Holes are shown white."""


def write_report(plan: Plan, cells: list[Cell], bench: Bench, out: Path) -> None:
    """Write report.md, scores.csv and plots/ of an experiment as far as it has come."""
    table = ScoreTable(plan, cells, out, bench.judge.columns)
    write_csv(table, out / "scores.csv")
    lines = [f"# {plan.name}", "", plan.description, "", *_conditions(plan, bench), "", *_progress(cells, out)]
    for name, entries in table.groups():
        lines += ["", f"## {name}", *_group(table, name, entries, cells, bench, out)]
    with atomic_write(out / "report.md") as file:
        file.write(("\n".join(lines) + "\n").encode())


def _conditions(plan: Plan, bench: Bench) -> list[str]:
    measure, distance = plan.measure, bench.judge.distance
    sides = ", ".join(f"{side:g}" for side in measure.sides)
    also = ", and again with several irregular holes" if measure.irregular else ""
    looks = f"The perceptual distance is {distance.title}. " if distance else ""
    return [
        f"Measured every {measure.every} steps on {len(bench.photographs(64))} photographs of "
        f"`{Path(bench.location).name}`, each with one square hole whose side is {sides} of the picture's{also}; the "
        f"same holes for all (seed {measure.seed}). Numbers are of what is inside the hole, colours in [0, 1], means "
        f"over the photographs and over the seeds {', '.join(map(str, plan.seeds))}, with the range from seed to seed "
        f"in brackets. {looks}FID and Inception score, where they were measured, are of whole pictures. Everything is "
        "in [scores.csv](scores.csv), and the plan in [plan.toml](plan.toml)."
    ]


def _progress(cells: list[Cell], out: Path) -> list[str]:
    """Say which cells are finished, and what became of the others."""
    finished, rest = 0, []
    for cell in cells:
        directory, steps = CellDirectory(out / "cells" / cell.name), cell.recipe.schedule.steps
        scores = directory.scores()
        if directory.failure is not None:
            rest.append(f"- {cell.name} failed: {directory.failure}")
        elif scores and scores[-1].step == steps:
            finished += 1
        else:
            rest.append(f"- {cell.name} is at step {scores[-1].step if scores else 0} of {steps}")
        for file in directory.damaged():
            rest.append(f"- {cell.name}: scores/{file.name} is damaged, and was left out; delete it")
    return [f"{finished} of {len(cells)} trainings are finished.", *([""] if rest else []), *rest]


def _group(table: ScoreTable, name: str, entries: list[Entry], cells: list[Cell], bench: Bench, out: Path) -> list[str]:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    compared, metrics = table.lines(entries), table.metrics
    largest = table.plan.measure.sides[-1]
    text: list[str] = []
    step = common_step(compared)
    if step is not None:
        for side in reversed(table.plan.measure.sides):
            text += ["", f"Holes with {side:g} of the side, step {step}:", ""]
            text += _table(compared, metrics, step, side, table.plan.compare)
        if any(entry.side == IRREGULAR for entry in entries):
            text += ["", f"Several irregular holes, step {step}:", ""]
            text += _table(compared, metrics, step, IRREGULAR, table.plan.compare)
        curves_over_sides(compared, metrics, step, out / "plots" / f"{slug}-sides.png")
        text += ["", f"![{name}: metrics over the size of the hole](plots/{slug}-sides.png)"]
    curves_over_steps(compared, metrics, largest, out / "plots" / f"{slug}-steps.png")
    text += ["", f"Holes with {largest:g} of the side, after every {table.plan.measure.every} steps:", ""]
    text += [f"![{name}: metrics over the steps](plots/{slug}-steps.png)"]
    for metric in metrics:
        text += ["", *_by_step(compared, metric, largest, table.plan.compare)]
    if _fills(compared, bench, out, out / "plots" / f"{slug}-fills.png"):
        text += ["", f"![{name}: fills of the largest hole](plots/{slug}-fills.png)"]
    return text


def _table(compared: dict[str, list[Entry]], metrics: list[Metric], step: int, side: Hole, axis: str) -> list[str]:
    """One row per compared value, one column per metric, the best in bold."""
    rows = [f"| {axis} | " + " | ".join(f"{metric.title} {metric.arrow}" for metric in metrics) + " |"]
    rows.append("|---" * (len(metrics) + 1) + "|")
    numbers = {
        value: [over_seeds(entries, metric, step=step, side=side) for metric in metrics]
        for value, entries in compared.items()
    }
    for value, spreads in numbers.items():
        texts = []
        for column, (metric, spread) in enumerate(zip(metrics, spreads, strict=True)):
            rivals = [row[column] for row in numbers.values()]
            texts.append(_number(spread, metric, bold=_is_best(spread, rivals, metric)))
        rows.append(f"| {value} | " + " | ".join(texts) + " |")
    return rows


def _by_step(compared: dict[str, list[Entry]], metric: Metric, side: Hole, axis: str) -> list[str]:
    """One row per compared value, one column per step."""
    steps = sorted({entry.step for entries in compared.values() for entry in entries})
    rows = [f"| {metric.title} {metric.arrow}, by {axis} and step | " + " | ".join(map(str, steps)) + " |"]
    rows.append("|---" * (len(steps) + 1) + "|")
    for value, entries in compared.items():
        spreads = [over_seeds(entries, metric, step=step, side=side) for step in steps]
        rows.append(f"| {value} | " + " | ".join(_number(spread, metric) for spread in spreads) + " |")
    return rows


def _number(spread: Spread | None, metric: Metric, *, bold: bool = False) -> str:
    if spread is None:
        return "-"
    text = f"{spread.mean:.{metric.digits}f}"
    text = f"**{text}**" if bold else text
    return text if spread.seeds < 2 else f"{text} [{spread.low:.{metric.digits}f}, {spread.high:.{metric.digits}f}]"


def _is_best(spread: Spread | None, rivals: list[Spread | None], metric: Metric) -> bool:
    known = [rival.mean for rival in rivals if rival is not None]
    if spread is None or len(known) < 2:
        return False
    return spread.mean == (max(known) if metric.better == "higher" else min(known))


def _fills(compared: dict[str, list[Entry]], bench: Bench, out: Path, path: Path) -> bool:
    """Draw the last fills of the first seed of every compared value under the photographs and their holes."""
    strips = {}
    for value, entries in compared.items():
        file = CellDirectory(out / "cells" / entries[0].cell.name).fills_file
        if file.exists():
            strips[value] = read_strip(file)
    if not strips:
        return False
    recipe = next(iter(compared.values()))[0].cell.recipe
    samples = bench.samples(recipe, bench.config.sides[-1], SHOWN)
    holes = [np.where(sample.hole[..., None], np.uint8(HOLE), sample.picture) for sample in samples]
    side_by_side({"photograph": [sample.picture for sample in samples], "hole": holes, **strips}, path)
    return True
