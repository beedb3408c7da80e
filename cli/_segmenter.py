"""The part of `inpaint train` that trains segmenters, which have no phases and no adversary."""

import json
import tomllib
from pathlib import Path

import typer


def train_it(data: str | None, out: Path | None, settings: list[str], max_minutes: float | None, resume: bool) -> None:
    """Train a segmenter, and say what comes next."""
    from rich.console import Console
    from rich.progress import Progress

    from inpaint.training.segmenter import read_settings, train_segmenter

    if out is None:
        raise typer.BadParameter("say where the run goes, such as --out runs/x", param_hint="--out")
    record = {}
    if resume and (out / "segmenter.json").exists():
        record = json.loads((out / "segmenter.json").read_text("utf-8"))
    data = data or record.pop("data", None)
    if data is None:
        raise typer.BadParameter("say where the segmented photographs are", param_hint="--data")
    recipe = read_settings(record, [_parse(setting) for setting in settings])
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("segmenter", total=recipe.steps)
        finished = train_segmenter(
            recipe,
            data,
            out,
            resume=resume,
            max_minutes=max_minutes,
            watcher=lambda step, loss: progress.update(task, completed=step, description=f"loss {loss:.3f}"),
        )
    if finished < recipe.steps:
        typer.echo(f"Stopped after step {finished}. Go on with: inpaint train segmenter --resume --out {out}")
    else:
        typer.echo(f"Finished {finished} steps. Export the model with: inpaint export {out} -o cutout.onnx")


def _parse(setting: str) -> tuple[str, object]:
    key, _, text = setting.partition("=")
    try:
        return key, tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return key, text
