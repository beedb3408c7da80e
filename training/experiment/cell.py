"""One training of an experiment, stretch by stretch: after every K steps it stops, is measured, and goes on.

cells/NAME/run/                     the run directory, as of `inpaint train`
           scores/step-025000.json  what was measured there
           fills.png                the first fills of the largest square at the last measurement, side by side
           failed.txt               why it failed, if it did
"""

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.core.atomic_files import atomic_write
from inpaint.core.errors import RecipeError
from inpaint.core.trainers import Callback
from inpaint.training.evaluation.metrics import Row
from inpaint.training.experiment.measure import Bench, Measured, Progress
from inpaint.training.experiment.plan import IRREGULAR, Cell, Hole
from inpaint.training.json_files import write_json
from inpaint.training.recipe import recipe_digest
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.session import Options, run_training


@dataclass(frozen=True, slots=True)
class Scores:
    """What was measured of one cell at one step."""

    step: int
    pictures: int
    rows: dict[Hole, Row]
    """By kind of hole."""


class CellDirectory:
    """Files of one cell, by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = RunDirectory(path / "run")
        self.failure_file = path / "failed.txt"
        self.fills_file = path / "fills.png"

    def scores_file(self, step: int) -> Path:
        """Name the file of what was measured at a step."""
        return self.path / "scores" / f"step-{step:06d}.json"

    def scores(self) -> list[Scores]:
        """Return everything that was measured so far, in order, without what is in damaged files."""
        return [scores for scores in self._files().values() if scores is not None]

    def damaged(self) -> list[Path]:
        """Return the files of scores that cannot be read."""
        return [path for path, scores in self._files().items() if scores is None]

    def _files(self) -> dict[Path, Scores | None]:
        return {path: _read(path) for path in sorted((self.path / "scores").glob("step-*.json"))}

    def save(self, step: int, measured: Measured) -> None:
        """Write what was measured at a step, the numbers last."""
        with atomic_write(self.fills_file) as file:
            Image.fromarray(np.concatenate(list(measured.shown), axis=1)).save(file, "PNG")
        (self.path / "scores").mkdir(parents=True, exist_ok=True)
        record = {
            "step": step,
            "pictures": measured.pictures,
            "sides": [{"side": kind, "scores": row} for kind, row in measured.rows.items()],
        }
        write_json(self.scores_file(step), record)

    def is_finished(self, steps: int) -> bool:
        """Tell whether the last of `steps` steps has been measured."""
        return _read(self.scores_file(steps)) is not None

    @property
    def failure(self) -> str | None:
        """Say why the cell failed when it was last tried; None if it did not."""
        return self.failure_file.read_text("utf-8").strip() if self.failure_file.exists() else None


def run_cell(
    cell: Cell,
    folder: Path,
    bench: Bench,
    options: Options,
    watchers: Sequence[Callback] = (),
    progress: Progress | None = None,
) -> bool:
    """Train and measure a cell from wherever it is; returns False when a watcher or the clock stopped it early.

    options: of the training; `out` and `resume` are decided here. progress: of each measurement. Raises the errors of
    the parts.
    """
    directory, steps, every = CellDirectory(folder), cell.recipe.schedule.steps, bench.config.every
    run = directory.run
    if run.recipe_file.exists() and not run.steps():
        # It ended before its first checkpoint: there is nothing to go on from.
        shutil.rmtree(run.path)
    if run.recipe_file.exists() and recipe_digest(run.recipe()) != recipe_digest(cell.recipe):
        raise RecipeError(f"{run.path} was trained with another recipe than the plan now asks for; give another --out.")
    while not directory.is_finished(steps):
        done = run.steps()[-1] if run.recipe_file.exists() else 0
        measured = {scores.step for scores in directory.scores()}
        if done and done not in measured and (done % every == 0 or done == steps):
            directory.save(done, bench.measure(run.path, done, cell.recipe, progress))
            continue
        goal = min(steps, done - done % every + every)
        if options.deadline is not None and time.monotonic() >= options.deadline:
            return False
        stretch = replace(options, out=run.path, resume=done > 0)
        if run_training(cell.recipe, stretch, [*watchers, lambda report, goal=goal: report.step == goal]) < goal:
            return False
    return True


def _read(path: Path) -> Scores | None:
    """Return what a file says; None when it is damaged, or not there."""
    try:
        record = json.loads(path.read_text("utf-8"))
        rows: dict[Hole, Row] = {_kind(entry["side"]): dict(entry["scores"]) for entry in record["sides"]}
        return Scores(int(record["step"]), int(record["pictures"]), rows)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _kind(written: object) -> Hole:
    return IRREGULAR if written == IRREGULAR else float(written)  # pyright: ignore[reportArgumentType]
