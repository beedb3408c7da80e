"""`inpaint experiment`: train and compare a matrix of recipes."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inpaint.cli import _train_options
from inpaint.cli._interrupts import RememberedInterrupt
from inpaint.cli._options import Device

if TYPE_CHECKING:
    from inpaint.training.experiment.plan import Plan


def experiment(
    plan: Annotated[
        str | None,
        typer.Argument(
            help="Name of a plan, or a .toml file. Not needed with --resume, which uses the experiment's own.",
            show_default=False,
            autocompletion=_train_options.complete_plan,
        ),
    ] = None,
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
        bool,
        typer.Option("--resume", help="Skip what is finished in --out, and continue the rest. Needs only --out."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every recipe and print the matrix, without training.")
    ] = False,
) -> None:
    """Train every recipe of a plan, measure each every K steps, write a report. Ctrl-C saves; --resume continues."""
    from inpaint.cli._extras import require_train

    require_train()
    with RememberedInterrupt() as interrupt:
        # First what takes no torch: it is five seconds before its first word.
        if dry_run and plan is not None:
            from inpaint.training.toml_files import changed_table

            changed_table("plans", plan, setting)
        else:
            plan, data, val, shapes, backbones = _check_first(
                plan, data, val, shapes, backbones, out, setting, resume=resume
            )
        from inpaint.cli._progress import ExperimentProgress
        from inpaint.core.errors import InpaintError
        from inpaint.training.experiment.plan import load_plan
        from inpaint.training.experiment.runner import run_experiment
        from inpaint.training.run.session import Options, deadline_in

        settled = load_plan(plan, setting)
        interrupt.check()
        if dry_run:
            _print_matrix(settled)
            return
        assert data is not None
        assert out is not None
        progress = ExperimentProgress()
        options = Options(
            data=data,
            out=out,
            val=val,
            shapes=shapes,
            backbones=backbones,
            device=device.value,
            workers=workers,
            deadline=deadline_in(max_minutes),
            tell=progress.note,
        )
        interrupt.check()
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


def _check_first(
    plan: str | None,
    data: str | None,
    val: str | None,
    shapes: str | None,
    backbones: Path | None,
    out: Path | None,
    settings: list[str] | None,
    *,
    resume: bool,
) -> tuple[str, str, str, str | None, Path | None]:
    """Check what can be checked without torch.

    Returns the plan, and where data, validation data, label maps and backbones are: as they were given, or else as the
    experiment knows them.
    """
    from inpaint.training.data.sources import check_location
    from inpaint.training.experiment.directory import ExperimentDirectory
    from inpaint.training.toml_files import changed_table, shipped

    origin: dict[str, str | None] = {}
    if resume and out is not None:
        directory = ExperimentDirectory(out)
        directory.check_resumable()
        origin, plan = directory.origin(), plan or str(directory.plan_file)
    if plan is None:
        raise typer.BadParameter(f"choose one of {', '.join(shipped('plans'))}, or a .toml file", param_hint="PLAN")
    changed_table("plans", plan, settings)
    data, val, shapes = (given or origin.get(key) for given, key in ((data, "data"), (val, "val"), (shapes, "shapes")))
    if data is None:
        raise typer.BadParameter("say where the photographs to train on are", param_hint="--data")
    if val is None:
        raise typer.BadParameter("say where the photographs to measure on are", param_hint="--val")
    if out is None:
        raise typer.BadParameter("say where the experiment goes, such as --out runs/matrix", param_hint="--out")
    if not resume:
        ExperimentDirectory(out).check_free()
    for location in filter(None, (data, val, shapes)):
        check_location(location)
    known = origin.get("backbones")
    return plan, data, val, shapes, backbones or (Path(known) if known else None)


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
