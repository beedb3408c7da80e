"""The matrix, cell by cell: finished ones are skipped, half-finished ones go on, failing ones stop no other.

out/plan.toml     the plan, every setting spelled out
    cells/NAME/   one folder per cell (see `cell`)
    report.md     with scores.csv and plots/, written anew after every cell
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from inpaint.core.atomic_files import atomic_write
from inpaint.core.errors import InpaintError, OutputError, RecipeError
from inpaint.core.trainers import Callback
from inpaint.training.data.training_data import open_training_data
from inpaint.training.experiment.cell import CellDirectory, run_cell
from inpaint.training.experiment.measure import Bench, Progress
from inpaint.training.experiment.plan import Cell, Plan, load_plan
from inpaint.training.experiment.report import write_report
from inpaint.training.run.processes import process_count
from inpaint.training.run.session import Options

PLAN_FILE = "plan.toml"

Watch = Callable[[Cell, int, int], AbstractContextManager[Callback]]
"""Makes what is told of every step of a cell: the cell, its number from 1, and how many there are."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an experiment stands."""

    cells: int
    finished: int
    failures: dict[str, str]
    """Why a cell failed, by its name."""
    stopped: bool
    """Whether it was interrupted, or ran out of time, before it had tried every cell."""


def run_experiment(
    plan: Plan, options: Options, watch: Watch, *, progress: Progress | None = None, resume: bool = False
) -> Outcome:
    """Train and measure every cell of a plan, and report after each.

    - `options`: `out` is the folder of the experiment, `val` the photographs that are measured on, `deadline` holds for
      everything; `resume` of theirs is not looked at;
    - `watch`, `progress`: told of every step, and of every fill of a measurement;
    - `resume`: go on with what `out` holds.

    Raises `OutputError` and `RecipeError` for what is wrong before anything is trained. What is wrong with one cell is
    in the outcome, and the others are trained all the same.
    """
    if process_count() > 1:
        raise RecipeError(
            "An experiment runs in one process, one training after another; start it without torchrun or accelerate."
        )
    if options.val is None:
        raise RecipeError("An experiment is measured on photographs that are not trained on: give --val.")
    cells = plan.cells()
    bench = Bench(options.val, plan.measure, options.backbones, options.device)  # pyright: ignore[reportArgumentType]
    # What recipes ask of the data is the same but for the outlines, and opening it can take a while.
    for recipe in {cell.recipe.wants_shapes: cell.recipe for cell in cells}.values():
        open_training_data(recipe, options.data, options.val, options.shapes)
    _open(plan, options.out, resume=resume)
    failures: dict[str, str] = {}
    for number, cell in enumerate(cells, 1):
        directory = CellDirectory(options.out / "cells" / cell.name)
        if directory.is_finished(cell.recipe.schedule.steps):
            continue
        if options.deadline is not None and time.monotonic() >= options.deadline:
            return _report(plan, cells, bench, options.out, failures, stopped=True)
        try:
            directory.path.mkdir(parents=True, exist_ok=True)
            directory.failure_file.unlink(missing_ok=True)
            with watch(cell, number, len(cells)) as watcher:
                whole = run_cell(cell, directory.path, bench, options, [watcher], progress)
        except Exception as error:
            # Out of memory, a diverged loss, a bug in one family: the rest of the night must not be lost.
            told = str(error) if isinstance(error, InpaintError) else f"{type(error).__name__}: {error}"
            failures[cell.name] = " ".join(told.split())
            directory.path.mkdir(parents=True, exist_ok=True)
            with atomic_write(directory.failure_file) as file:
                file.write(f"{failures[cell.name]}\n".encode())
            whole = True
        if not whole:
            return _report(plan, cells, bench, options.out, failures, stopped=True)
        _report(plan, cells, bench, options.out, failures, stopped=False)
    return _report(plan, cells, bench, options.out, failures, stopped=False)


def _open(plan: Plan, out: Path, *, resume: bool) -> None:
    """Make the folder of an experiment, or check that it holds the same one."""
    file = out / PLAN_FILE
    if file.exists():
        if not resume:
            raise OutputError(f"{out} holds an experiment already; go on with --resume, or give another --out.")
        if load_plan(str(file)) != plan:
            raise OutputError(f"{out} holds another experiment than this plan says; give another --out.")
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        with atomic_write(file) as stream:
            stream.write(plan.to_toml().encode())
    except OSError as error:
        raise OutputError(f"The folder {out} cannot be written ({error.strerror}).") from error


def _report(
    plan: Plan, cells: list[Cell], bench: Bench, out: Path, failures: dict[str, str], *, stopped: bool
) -> Outcome:
    write_report(plan, cells, bench, out)
    finished = sum(CellDirectory(out / "cells" / cell.name).is_finished(cell.recipe.schedule.steps) for cell in cells)
    return Outcome(len(cells), finished, failures, stopped)
