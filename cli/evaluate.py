"""`inpaint eval`: score models and classical methods on photographs with known truth."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from inpaint.cli._options import Device


def evaluate(
    models: Annotated[
        list[str],
        typer.Argument(help="Models by name or .onnx file, or telea, navier-stokes.", show_default=False),
    ],
    data: Annotated[str, typer.Option(help="Photographs: a folder or .tar shards.", show_default=False)],
    distance: Annotated[
        str, typer.Option(help="Network of the perceptual distance: alex, squeeze, vgg (LPIPS) or vgg19 (plain).")
    ] = "alex",
    backbones: Annotated[
        Path | None, typer.Option(help="Folder of backbone weights (safetensors); otherwise they are downloaded.")
    ] = None,
    size: Annotated[int, typer.Option(min=64, help="Pictures are cropped to squares of this side.")] = 256,
    seed: Annotated[int, typer.Option(help="Decides the holes.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Use only the first so many pictures.")] = None,
    device: Annotated[Device, typer.Option(help="auto takes an NVIDIA GPU where one works.")] = Device.CPU,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array instead of a table.")] = False,
) -> None:
    """Fill seeded holes, 10 to 35 % of each picture, and compare with what was there."""
    from inpaint.cli._extras import require_train

    require_train()
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    from inpaint.training import evaluation

    if distance not in ("alex", "squeeze", "vgg", "vgg19"):
        raise typer.BadParameter("choose alex, squeeze, vgg or vgg19", param_hint="--distance")
    measure = evaluation.Distance(distance, backbones)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("filling", total=evaluation.count_pictures(data, limit))
        scores = evaluation.evaluate(
            models,
            data,
            measure,
            size=size,
            seed=seed,
            limit=limit,
            device=device.value,
            progress=lambda done: progress.update(task, completed=done),
        )
    if as_json:
        typer.echo(json.dumps([asdict(score) for score in scores], indent=2))
        return
    table = Table(title=f"{scores[0].pictures} pictures at {size} px, holes of seed {seed}")
    for column in ("method", f"distance ({distance}) ↓", "SSIM ↑", "PSNR dB ↑", "l1 in hole ↓"):
        table.add_column(column, justify="left" if column == "method" else "right")
    for score in scores:
        table.add_row(
            score.name, f"{score.distance:.4f}", f"{score.ssim:.4f}", f"{score.psnr:.2f}", f"{score.l1_hole:.4f}"
        )
    Console().print(table)
