"""The part of `inpaint train` that trains segmenters, which have no phases and no adversary."""

import json
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import Progress

from inpaint.cli._progress import Stoppable

if TYPE_CHECKING:
    from inpaint.training.segmenter.train import SegmenterRecipe


class SegmenterProgress(Stoppable):
    """A live line: loss and steps."""

    def __init__(self, steps: int) -> None:
        super().__init__(Progress(console=Console(stderr=True)))
        self.task = self.progress.add_task("segmenter", total=steps)

    def __call__(self, step: int, loss: float) -> bool:
        """Show one finished step; returns whether Ctrl-C has asked to stop."""
        self.begun = True
        self.progress.update(self.task, completed=step, description=f"loss {loss:.3f}")
        return self.interrupted


def refuse(options: dict[str, object]) -> None:
    """Raise `typer.BadParameter` for the first of these options that was given."""
    for name, value in options.items():
        if value is not None and value is not False:
            raise typer.BadParameter("the training of a segmenter has no use for it; leave it out", param_hint=name)


def train_it(
    data: str | None,
    out: Path | None,
    settings: list[str],
    *,
    device: str,
    max_minutes: float | None,
    resume: bool,
    auto_resume: bool,
    dry_run: bool,
    deep: bool,
) -> None:
    """Train a segmenter, and say what comes next."""
    from inpaint.training.segmenter.run_directory import SegmenterRun
    from inpaint.training.segmenter.train import read_settings, train_segmenter

    if out is None and not dry_run:
        raise typer.BadParameter("say where the run goes, such as --out runs/x", param_hint="--out")
    resume = resume or (auto_resume and out is not None and SegmenterRun(out).has_checkpoint())
    record = {}
    if resume:
        if out is None:
            raise typer.BadParameter("say which run to go on with", param_hint="--out")
        record = SegmenterRun(out).read()
    recipe = read_settings(record, [_parse(setting) for setting in settings])
    data = data or record.get("data")
    if data is None:
        raise typer.BadParameter("say where the segmented photographs are", param_hint="--data")
    if dry_run:
        _print_plan(recipe, data, out, device, resume, auto_resume, deep=deep)
        return
    assert out is not None
    with SegmenterProgress(recipe.steps) as progress:
        finished = train_segmenter(
            recipe,
            data,
            out,
            device=device,
            resume=resume,
            again=auto_resume,
            max_minutes=max_minutes,
            watcher=progress,
            tell=progress.note,
        )
    progress.conclude(
        finished,
        recipe.steps,
        resume=f"inpaint train segmenter --resume --out {out}",
        export=f"inpaint export {out} -o cutout.onnx",
    )


def _print_plan(
    recipe: "SegmenterRecipe", data: str, out: Path | None, device: str, resume: bool, auto_resume: bool, *, deep: bool
) -> None:
    """Say what would be trained, without training."""
    from inpaint.training.segmenter.train import draw_batch, prepare

    ready = prepare(recipe, data, out, device=device, resume=resume, again=auto_resume, download=False)
    draw_batch(ready.pictures, recipe, ready.start, [])
    if deep:
        from inpaint.cli._dataset_check import check_all
        from inpaint.training.data.check_pictures import Check

        check_all([Check.of_segments(ready.pictures)])
    for key, value in asdict(recipe).items():
        typer.echo(f"{key} = {json.dumps(value)}")
    typer.echo(f"# {len(ready.pictures)} segmented pictures to train on in {data}")
    typer.echo(f"# {sum(p.numel() for p in ready.network.parameters()) / 1e6:.2f} M weights, on {ready.device.type}")
    if resume:
        typer.echo(f"# goes on after step {ready.start}")


def _parse(setting: str) -> tuple[str, object]:
    key, _, text = setting.partition("=")
    try:
        return key, tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return key, text
