"""`inpaint train`: train a model from a recipe."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inpaint.cli import _train_options
from inpaint.cli._interrupts import RememberedInterrupt
from inpaint.cli._options import Device

if TYPE_CHECKING:
    from inpaint.training.recipe import Recipe
    from inpaint.training.run.session import Options


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(
            help="Name of a recipe, a .toml file, or segmenter. Not needed with --resume, which uses the run's own.",
            show_default=False,
            autocompletion=_train_options.complete_recipe,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="Photographs: a folder, .tar shards, or shard URLs. With --resume: the run's own."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run directory, such as runs/x.")] = None,
    val: Annotated[
        str | None, typer.Option(help="Photographs to validate on. Default: hold out sixteen of --data.")
    ] = None,
    shapes: _train_options.Shapes = None,
    start_from: Annotated[
        str | None,
        typer.Option(
            "--start-from",
            metavar="MODEL",
            help="Start with the weights of a run, a Hub repository or a model, such as default.",
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change one setting of the recipe, such as data.default.size=128."
        ),
    ] = None,
    backbones: _train_options.Backbones = None,
    device: _train_options.TrainingDevice = Device.AUTO,
    workers: _train_options.Workers = None,
    max_minutes: _train_options.MaxMinutes = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue from the last checkpoint in --out.")] = False,
    auto_resume: Annotated[
        bool, typer.Option("--auto-resume", help="Continue if --out has a checkpoint, otherwise start anew.")
    ] = False,
    compile_networks: Annotated[
        bool, typer.Option("--compile", help="Compile the networks with torch.compile.")
    ] = False,
    cuda_graphs: Annotated[
        bool, typer.Option("--cuda-graphs", help="Record each step as a CUDA graph: faster if steps are short.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check everything except backbone downloads and print the plan; no training."),
    ] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="With --dry-run: read every picture, and name the unusable ones.")
    ] = False,
) -> None:
    """Train a model from a recipe. Ctrl-C saves a checkpoint and prints how to continue."""
    from inpaint.cli._extras import require_train
    from inpaint.weights.paths import is_there

    require_train()
    if deep and not dry_run:
        raise typer.BadParameter(
            "it goes with --dry-run: a training reads its pictures as it comes to them", param_hint="--deep"
        )
    # Without a recipe it is the run itself that says what it is.
    if recipe == "segmenter" or (recipe is None and resume and out is not None and is_there(out / "segmenter.json")):
        from inpaint.cli._segmenter import refuse, train_it

        refuse(
            {"--val": val, "--shapes": shapes, "--start-from": start_from, "--backbones": backbones}
            | {"--workers": workers, "--compile": compile_networks, "--cuda-graphs": cuda_graphs}
        )
        train_it(
            data,
            out,
            setting or [],
            device=device.value,
            max_minutes=max_minutes,
            resume=resume,
            auto_resume=auto_resume,
            dry_run=dry_run,
            deep=deep,
        )
        return
    if out is None and not dry_run:
        raise typer.BadParameter("say where the run goes, such as --out runs/x", param_hint="--out")
    if resume and out is None:
        raise typer.BadParameter("say which run to go on with", param_hint="--out")
    if resume and start_from:
        raise typer.BadParameter(
            "with --resume a training has its weights; leave one of the two out", param_hint="--start-from"
        )
    with RememberedInterrupt() as interrupt:
        # First what takes no torch: it is five seconds before its first word.
        resume, data, val, shapes, backbones = _check_first(
            recipe, out, data, val, shapes, backbones, setting, resume=resume, auto_resume=auto_resume
        )
        from inpaint.cli._progress import TrainingProgress
        from inpaint.training.recipe import load_recipe
        from inpaint.training.run.directory import RunDirectory
        from inpaint.training.run.processes import is_first, process_count
        from inpaint.training.run.session import Options, deadline_in, run_training

        interrupt.check()
        if resume:
            assert out is not None
            settled = RunDirectory(out).recipe(setting)
            if recipe is not None:
                _compare(load_recipe(recipe, setting), settled, recipe, out)
        else:
            assert recipe is not None
            settled = load_recipe(recipe, setting)
        options = Options(
            data=data,
            out=out or Path(),  # of a dry run, which writes nothing
            val=val,
            shapes=shapes,
            start_from=start_from,
            backbones=backbones,
            device=device.value,
            workers=workers,
            deadline=deadline_in(max_minutes),
            resume=resume,
            again=auto_resume,
            compile=compile_networks,
            cuda_graphs=cuda_graphs,
        )
        if dry_run:
            _print_plan(settled, options, deep=deep)
            return
        with TrainingProgress(settled, processes=process_count(), visible=is_first()) as progress:
            interrupt.check()
            if resume and out is not None and is_first():
                progress.note(f"Goes on after step {RunDirectory(out).last_step()} of {settled.schedule.steps}.")
            finished = run_training(settled, replace(options, tell=progress.note), [progress])
    progress.conclude(
        finished,
        settled.schedule.steps,
        resume=f"inpaint train --resume --out {out}",
        export=f"inpaint export {out} -o model.onnx",
    )


def _check_first(
    recipe: str | None,
    out: Path | None,
    data: str | None,
    val: str | None,
    shapes: str | None,
    backbones: Path | None,
    settings: list[str] | None,
    *,
    resume: bool,
    auto_resume: bool,
) -> tuple[bool, str, str | None, str | None, Path | None]:
    """Check what can be checked without torch.

    Returns whether the training goes on with a run, and where data, validation data, label maps and backbones are:
    as they were given, or else as the run knows them.
    """
    from inpaint.training.data.sources import check_location
    from inpaint.training.run.directory import RunDirectory
    from inpaint.training.toml_files import changed_table, shipped

    rundir = None if out is None else RunDirectory(out)
    # No process can write a first checkpoint before all have come past here: all of them decide alike.
    resume = resume or (auto_resume and rundir is not None and rundir.last_step() is not None)
    origin, table = {}, {}
    if resume and rundir is not None:
        rundir.check_resumable()
        origin = rundir.origin()
    elif recipe is None:
        raise typer.BadParameter(f"choose one of {', '.join(shipped('recipes'))}, or a .toml file", param_hint="RECIPE")
    elif rundir is not None:
        rundir.check_free(again=auto_resume)
    if recipe is not None:
        table = changed_table("recipes", recipe, settings)
    data = data or origin.get("data")
    if data is None:
        raise typer.BadParameter("say where the photographs are", param_hint="--data")
    val, shapes = val or origin.get("val"), shapes or origin.get("shapes")
    for location in (data, val, shapes):
        if location is not None and "composites" not in table:  # those come in other layouts
            check_location(location)
    return resume, data, val, shapes, backbones or (Path(origin["backbones"]) if origin.get("backbones") else None)


def _compare(named: "Recipe", settled: "Recipe", name: str, out: Path) -> None:
    """Refuse to go on with a run when another recipe is named than its own, and say where the two differ otherwise."""
    from inpaint.cli._report import print_notes
    from inpaint.core.errors import RecipeError
    from inpaint.training.run.processes import is_first

    if named.name != settled.name:
        raise RecipeError(f"{out} was trained with the recipe {settled.name!r}; leave the recipe out to go on with it.")
    different = [field for field in type(named).model_fields if getattr(named, field) != getattr(settled, field)]
    if different and is_first():
        print_notes(
            [
                f"{out} goes on with its own recipe, which differs from {name} in {', '.join(different)}; "
                "--set changes it from here on."
            ]
        )


def _print_plan(recipe: "Recipe", options: "Options", *, deep: bool) -> None:
    """Say what would be trained, without training. deep: after reading all of the data."""
    from inpaint.training.run.dry_run import open_everything

    checked = open_everything(recipe, options)
    if deep:
        from inpaint.cli._dataset_check import check_all

        check_all(checked.material.checks(), options.workers)
    networks = checked.trainer.generator, checked.trainer.discriminators
    weights = [sum(p.numel() for p in net.parameters()) / 1e6 for net in networks]
    typer.echo(recipe.to_toml())
    typer.echo(f"# {checked.material} in {options.data}")
    typer.echo(f"# {checked.material.validated_on}")
    if options.start_from:
        typer.echo(f"# starts with the weights of {options.start_from}")
    if options.resume:
        typer.echo(f"# goes on after step {checked.step}")
    typer.echo(f"# generator {weights[0]:.2f} M weights, discriminators {weights[1]:.2f} M weights")
    for phase in recipe.phases:
        size = recipe.data[phase.data].size
        holes = "" if phase.side is None else f", holes {round(size * phase.side)} px"
        rates = f"lr {phase.lr:g}, adversarial {phase.adversarial:g}"
        typer.echo(f"# {phase.name}: {phase.steps} steps at {size} px{holes}, {rates}")
