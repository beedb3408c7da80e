"""The matrix, cell by cell: finished ones are skipped, half-finished ones go on, failing ones stop no other."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from inpaint.core.atomic_files import atomic_write
from inpaint.core.errors import InpaintError, OutputError, RecipeError
from inpaint.core.trainers import Callback
from inpaint.training.data.training_data import open_training_data
from inpaint.training.experiment.cell import CellDirectory, run_cell
from inpaint.training.experiment.directory import ExperimentDirectory
from inpaint.training.experiment.measure import Bench, Progress
from inpaint.training.experiment.plan import Cell, Plan, load_plan
from inpaint.training.experiment.report import write_report
from inpaint.training.json_files import write_json
from inpaint.training.run.processes import process_count
from inpaint.training.run.session import Options

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
    directory = ExperimentDirectory(options.out)
    _open(plan, directory, options, resume=resume)
    if resume:
        options.tell(_standing(cells, directory))
    options = replace(options, tell=_once(options.tell))
    failures: dict[str, str] = {}
    for number, cell in enumerate(cells, 1):
        folder = CellDirectory(directory.cell(cell.name))
        if folder.is_finished(cell.recipe.schedule.steps):
            continue
        if options.deadline is not None and time.monotonic() >= options.deadline:
            return _report(plan, cells, bench, directory, failures, stopped=True)
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            folder.failure_file.unlink(missing_ok=True)
            with watch(cell, number, len(cells)) as watcher:
                whole = run_cell(cell, folder.path, bench, options, [watcher], progress)
        except Exception as error:
            # Out of memory, a diverged loss, a bug in one family: the rest of the night must not be lost.
            told = str(error) if isinstance(error, InpaintError) else f"{type(error).__name__}: {error}"
            failures[cell.name] = " ".join(told.split())
            folder.path.mkdir(parents=True, exist_ok=True)
            with atomic_write(folder.failure_file) as file:
                file.write(f"{failures[cell.name]}\n".encode())
            whole = True
        if not whole:
            return _report(plan, cells, bench, directory, failures, stopped=True)
        _report(plan, cells, bench, directory, failures, stopped=False)
    return _report(plan, cells, bench, directory, failures, stopped=False)


def _open(plan: Plan, directory: ExperimentDirectory, options: Options, *, resume: bool) -> None:
    """Make the folder of an experiment, or check that it holds the same one; note where the data is."""
    out, file = directory.path, directory.plan_file
    if not resume:
        directory.check_free()
    elif file.exists() and load_plan(str(file)) != plan:
        raise OutputError(f"{out} holds another experiment than this plan says; give another --out.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        origin = options.origin()
        write_json(directory.origin_file, {key: origin[key] for key in ("data", "val", "shapes", "backbones")})
        if not file.exists():
            with atomic_write(file) as stream:
                stream.write(plan.to_toml().encode())
    except OSError as error:
        raise OutputError(f"The folder {out} cannot be written ({error.strerror}).") from error


def _once(tell: Callable[[str], object]) -> Callable[[str], object]:
    """Return what tells a sentence only once: what is true of a picture is true of it in every cell."""
    told: set[str] = set()

    def tell_once(sentence: str) -> None:
        if sentence not in told:
            told.add(sentence)
            tell(sentence)

    return tell_once


def _standing(cells: list[Cell], directory: ExperimentDirectory) -> str:
    """Say where an experiment goes on."""
    folders = {cell.name: CellDirectory(directory.cell(cell.name)) for cell in cells}
    rest = [cell for cell in cells if not folders[cell.name].is_finished(cell.recipe.schedule.steps)]
    finished = f"{len(cells) - len(rest)} of {len(cells)} trainings are finished"
    if not rest:
        return f"{finished}."
    step = folders[rest[0].name].run.last_step() or 0
    return f"{finished}; {rest[0].name} goes on after step {step} of {rest[0].recipe.schedule.steps}."


def _report(
    plan: Plan,
    cells: list[Cell],
    bench: Bench,
    directory: ExperimentDirectory,
    failures: dict[str, str],
    *,
    stopped: bool,
) -> Outcome:
    write_report(plan, cells, bench, directory.path)
    finished = sum(CellDirectory(directory.cell(c.name)).is_finished(c.recipe.schedule.steps) for c in cells)
    return Outcome(len(cells), finished, failures, stopped)
