"""The numbers of an evaluation as files for programs: JSON with everything, CSV per picture and per method."""

import csv
import io
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from inpaint.core.atomic_files import atomic_write
from inpaint.training.evaluation.results import Evaluation, Mean
from inpaint.training.json_files import write_json


@dataclass(frozen=True, slots=True)
class Conditions:
    """What has to be the same for two evaluations to be comparable."""

    inpaint: str
    """Version."""
    data: str
    """Name of the folder or shards."""
    pictures: int
    size: int | None
    """Side of the squares in pixels; None = whole photographs."""
    masks: str
    """How they were drawn, or "files"."""
    seed: int | None
    """Of the masks; None for masks from elsewhere."""
    area: tuple[float, float] | None
    """Smallest and largest share of hole that was asked for; None where nobody asked."""
    masks_sha256: str
    """Hash of the mask set."""
    distance: str | None
    """Name of the perceptual distance."""
    paired: str = "order"
    """By what each photograph got its mask: "name" or "order"."""
    features: str | None = None
    """Name of the network of the hole's Fréchet distance."""


def to_record(evaluation: Evaluation, conditions: Conditions, about: dict[str, str]) -> dict[str, Any]:
    """Return everything as one JSON object; a number that does not exist is null.

    about: what each method is, by label.
    """
    return {
        "format": "inpaint-evaluation",
        "version": 1,
        "conditions": asdict(conditions),
        "metrics": {column.key: f"{column.explanation} Better: {column.better}." for column in evaluation.columns},
        "methods": [
            {
                "name": method,
                "about": about.get(method, ""),
                "mean": _means(evaluation.summary(method)),
                "by_area": {name: _means(evaluation.summary(method, part)) for name, part in evaluation.bins()},
            }
            for method in evaluation.methods
        ],
        "pictures": [
            {"name": scored.name, "area": scored.area, "scores": scored.rows} for scored in evaluation.pictures
        ],
    }


def _means(means: dict[str, Mean]) -> dict[str, Any]:
    return {
        key: {"value": _number(mean.value), "standard_error": _number(mean.error), "pictures": mean.pictures}
        for key, mean in means.items()
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def write_tables(folder: Path, evaluation: Evaluation, conditions: Conditions, about: dict[str, str]) -> list[Path]:
    """Write scores.json, methods.csv (means, also by hole area) and pictures.csv into a folder; return their paths."""
    files = [folder / name for name in ("scores.json", "methods.csv", "pictures.csv")]
    keys = [column.key for column in evaluation.columns]
    parts = [("all", None), *evaluation.bins()]
    methods = [
        {"method": method, "hole_area": name, "pictures": len(part or evaluation.pictures)}
        | {key: mean.value for key, mean in evaluation.summary(method, part).items()}
        for method in evaluation.methods
        for name, part in parts
    ]
    _write_csv(files[1], ["method", "hole_area", "pictures", *keys], methods)
    each = [column.key for column in evaluation.columns if column.per_picture]
    pictures = [
        {"picture": scored.name, "area": scored.area, "method": method} | scored.rows[method]
        for scored in evaluation.pictures
        for method in evaluation.methods
    ]
    _write_csv(files[2], ["picture", "area", "method", *each], pictures)
    # Last: a folder with it holds a finished evaluation, which is never written over.
    write_json(files[0], to_record(evaluation, conditions, about))
    return files


def _write_csv(path: Path, fields: list[str], rows: list[dict[str, Any]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fields, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with atomic_write(path) as file:
        file.write(text.getvalue().encode())
