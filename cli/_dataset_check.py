"""`inpaint train --dry-run --deep`: every picture is read, and those that are not usable are named."""

import os
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from inpaint.training.data.check_pictures import Check


def check_all(checks: "list[Check]", workers: int | None = None) -> None:
    """Read all of the data, name on standard output what is not usable, and say how much that is.

    workers: processes that read; None = one per core. Raises `RecipeError` when a training would end of it.
    """
    from inpaint.core.errors import RecipeError
    from inpaint.training.data.skipped import too_many

    workers = (os.cpu_count() or 1) if workers is None else workers
    columns = TextColumn("reading"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeRemainingColumn()
    for check in checks:
        read, unusable = 0, 0
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("", total=check.count)
            for read, sentence in enumerate(check.sentences(workers), 1):
                progress.update(task, completed=read)
                if sentence is not None:
                    unusable += 1
                    typer.echo(f"# {sentence}")
        typer.echo(f"# {read} {check.what} read, {unusable} not usable")
        if too_many(unusable, read):
            raise RecipeError(f"{unusable} of {read} {check.what} are not usable, more than a training skips.")
        if unusable and unusable == read:
            raise RecipeError(f"None of the {read} {check.what} is usable.")
