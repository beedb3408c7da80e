"""Options of every command that trains."""

from pathlib import Path
from typing import Annotated

import typer

from inpaint.cli._options import Device

Shapes = Annotated[
    str | None, typer.Option(help="Label maps (a folder or .tar shards) whose object outlines become holes.")
]
Backbones = Annotated[
    Path | None, typer.Option(help="Folder with backbone weights (safetensors). Default: download them.")
]
TrainingDevice = Annotated[Device, typer.Option("--device", help="auto uses an NVIDIA GPU if there is one.")]
Workers = Annotated[int | None, typer.Option(min=0, help="Number of processes that decode pictures.")]
MaxMinutes = Annotated[float | None, typer.Option(min=0, help="Save a checkpoint and stop after this many minutes.")]


def complete_recipe(typed: str) -> list[str]:
    """Return the names of recipes that begin so."""
    from inpaint.training.toml_files import shipped

    return [name for name in [*shipped("recipes"), "segmenter"] if name.startswith(typed)]


def complete_plan(typed: str) -> list[str]:
    """Return the names of plans that begin so."""
    from inpaint.training.toml_files import shipped

    return [name for name in shipped("plans") if name.startswith(typed)]
