"""`inpaint experiment`: train and compare a matrix of recipes."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inpaint.cli import _train_options
from inpaint.cli._options import Device

if TYPE_CHECKING:
    from inpaint.training.experiment.plan import Plan


def experiment(
    plan: Annotated[
        str,
        typer.Argument(
            help="Name of a plan, or a .toml file.", show_default=False, autocompletion=_train_options.complete_plan
        ),
    ],
    data: Annotated[
        str | None, typer.Option(help="Photographs to train on: a folder, .tar shards, or shard URLs.")
    ] = None,
    val: Annotated[str | None, typer.Option(help="Photographs to measure on: a folder or .tar shards.")] = None,
    shapes: _train_options.Shapes = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the experiment, such as runs/matrix.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one setting of the plan, such as measure.pictures=50."),
    ] = None,
    backbones: _train_options.Backbones = None,
    device: _train_options.TrainingDevice = Device.AUTO,
    workers: _train_options.Workers = None,
    max_minutes: _train_options.MaxMinutes = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Skip the trainings that are finished in --out, and continue the rest.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every recipe, print the matrix, train nothing.")
    ] = False,
) -> None:
    """Train every recipe of a plan, measure each every K steps, write a report. Ctrl-C saves; --resume continues."""
    from inpaint.cli._extras import require_train

    require_train()
    from inpaint.cli._progress import ExperimentProgress
    from inpaint.core.errors import InpaintError
    from inpaint.training.experiment.plan import load_plan
    from inpaint.training.experiment.runner import run_experiment
    from inpaint.training.run.session import Options, deadline_in

    settled = load_plan(plan, setting)
    if dry_run:
        _print_matrix(settled)
        return
    for value, option, what in (
        (data, "--data", "where the photographs to train on are"),
        (val, "--val", "where the photographs to measure on are"),
        (out, "--out", "where the experiment goes, such as --out runs/matrix"),
    ):
        if value is None:
            raise typer.BadParameter(f"say {what}", param_hint=option)
    assert data is not None
    assert out is not None
    options = Options(
        data=data,
        out=out,
        val=val,
        shapes=shapes,
        backbones=backbones,
        device=device.value,
        workers=workers,
        deadline=deadline_in(max_minutes),
    )
    progress = ExperimentProgress()
    outcome = run_experiment(settled, options, progress.watch, progress=progress.measuring, resume=resume)
    typer.echo(f"{outcome.finished} of {outcome.cells} trainings finished. Report: {out / 'report.md'}")
    if outcome.stopped:
        # As it was typed: the plan's cells depend on nearly every option.
        typed = [word for word in sys.argv[1:] if word != "--resume"]
        typer.echo(f"Go on with: {shlex.join(['inpaint', *typed, '--resume'])}")
    if progress.interrupted:
        raise typer.Exit(130)
    if outcome.failures:
        first, sentence = next(iter(outcome.failures.items()))
        others = f" ({len(outcome.failures) - 1} more in the report)" if len(outcome.failures) > 1 else ""
        raise InpaintError(f"{first} failed: {sentence}{others}")


def _print_matrix(plan: "Plan") -> None:
    """Say what would be trained, without training."""
    cells = plan.cells()
    typer.echo(plan.to_toml())
    for cell in cells:
        schedule = cell.recipe.schedule
        typer.echo(
            f"# {cell.name}: {cell.recipe.name}, {schedule.steps} steps in {len(schedule.phases)} phases at "
            f"{cell.recipe.native_size} px"
        )
    sizes = ", ".join(f"{side:g}" for side in plan.measure.sides)
    also = ", and with several irregular holes" if plan.measure.irregular else ""
    typer.echo(
        f"# {len(cells)} trainings, measured every {plan.measure.every} steps with holes of {sizes} of the side{also}"
    )
