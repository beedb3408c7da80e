"""The report for people: one HTML file with the tables, and the worst cases under sliders."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from inpaint.training.evaluation.gallery import Case
from inpaint.training.evaluation.metrics import Metric
from inpaint.training.evaluation.results import Evaluation, Mean, Scored
from inpaint.training.evaluation.tables import Conditions
from inpaint.training.html_pages import render

TEXTURE = "Texture of the hole"
TRUTH = "photograph"
"""What the page calls the truth."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a table."""

    text: str
    error: str
    """Its standard error, or empty."""
    order: str
    """The number by which the table is sorted, as JavaScript reads it; what is no number comes last."""
    best: bool


def report_page(evaluation: Evaluation, conditions: Conditions, about: dict[str, str], cases: Sequence[Case]) -> str:
    """Return the page. `cases` come worst first; `about` says by label what each method is."""
    parts = evaluation.bins()
    return render(
        "report.html",
        conditions=conditions,
        about=about,
        methods=evaluation.methods,
        groups=_groups(evaluation.columns),
        columns=[column for _, group in _groups(evaluation.columns) for column in group],
        means={method: _cells(evaluation, method) for method in evaluation.methods},
        parts=[(name, len(part), {m: _cells(evaluation, m, part) for m in evaluation.methods}) for name, part in parts],
        per_picture=[column for column in evaluation.columns if column.per_picture],
        ranking=evaluation.ranking,
        cases=cases,
        truth=TRUTH,
        texture=TEXTURE,
    )


def _groups(columns: Sequence[Metric]) -> list[tuple[str, list[Metric]]]:
    """Sort the columns under the headings of the table."""
    groups = {TEXTURE: [], "Inside the hole": [], "Whole picture": [], "All pictures together": []}
    for column in columns:
        if column.key.startswith(("crispness", "frechet")):
            groups[TEXTURE].append(column)
            continue
        inside = "Inside the hole" if column.key.endswith("_hole") else "Whole picture"
        groups[inside if column.per_picture else "All pictures together"].append(column)
    return [(name, group) for name, group in groups.items() if group]


def _cells(evaluation: Evaluation, method: str, part: tuple[Scored, ...] | None = None) -> dict[str, Cell]:
    means = evaluation.summary(method, part)
    cells = {}
    for column in evaluation.columns:
        mean = means.get(column.key)
        if mean is not None:
            cells[column.key] = _cell(mean, column, evaluation.best(column, part) == method)
    return cells


def _cell(mean: Mean, column: Metric, best: bool) -> Cell:
    if math.isnan(mean.value):
        return Cell("n/a", "", "Infinity" if column.better != "higher" else "-Infinity", False)
    order = column.badness(mean.value) if column.better == "near 1" else mean.value
    error = "" if math.isnan(mean.error) else f"± {mean.error:.{column.digits}f}"
    return Cell(f"{mean.value:.{column.digits}f}", error, repr(order), best)
