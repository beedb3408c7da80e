"""`inpaint fill`: fill the hole of a photograph."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inpaint.cli import _options
from inpaint.cli._options import Device, Format
from inpaint.cli._streams import open_streams

if TYPE_CHECKING:
    from inpaint.core.engine import Engine
    from inpaint.core.filling import Progress
    from inpaint.core.photo import Photo
    from inpaint.core.regions import Region


def fill(
    image: Annotated[
        Path,
        typer.Argument(
            help="The photograph: JPEG, PNG, TIFF, WebP, AVIF, HEIF or BMP; - reads standard input.", show_default=False
        ),
    ],
    mask: _options.Mask = None,
    box: _options.Boxes = None,
    color: _options.Color = None,
    tolerance: _options.Tolerance = 10,
    invert: _options.Invert = False,
    threshold: _options.Threshold = None,
    grow: _options.Grow = 0,
    feather: _options.Feather = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write, or a folder, or - for standard output. Otherwise IMAGE.filled.png (of a TIFF: .tif) "
            "beside the photograph. Replaced if it exists.",
        ),
    ] = None,
    output_format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "--output-format",
            help="Of the result, where --output names no file; on standard output otherwise that of the photograph.",
            show_default=False,
        ),
    ] = None,
    detail: _options.DetailOption = _options.Detail.AUTO,
    model: _options.Model = "default",
    device: Annotated[Device, typer.Option(help="auto takes an NVIDIA GPU where one works.")] = Device.AUTO,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; otherwise one per physical core.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --output replace the photograph or the mask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a sentence.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print also what is done, and how long it takes.")
    ] = False,
) -> None:
    """Fill the hole of a photograph. Pixels outside the hole stay as they are, to the bit, except in JPEG files."""
    choice = _options.mask_choice(mask, invert, box, color, tolerance, threshold)
    from inpaint.core.engine import load_engine
    from inpaint.core.files import check_apart
    from inpaint.core.filling import fill_pixels
    from inpaint.core.image import check_output, read_image, write_image
    from inpaint.core.mask_choice import build_mask

    with open_streams(image, output, output_format) as files:
        if not force:
            check_apart(files.target, {"photograph": files.source, "mask": choice.file})
        seconds: dict[str, float] = {}
        with _timed(seconds, "read"):
            photo = read_image(files.source)
            hole = build_mask(photo, choice)
            # What is transparent now may be opaque in the result, which a JPEG can hold.
            check_output(photo.with_pixels(photo.pixels, hole.levels > 0) if hole.opaque else photo, files.target)
        with _timed(seconds, "load"):
            engine = load_engine(model, device.value, threads)
        with _timed(seconds, "fill"), _progress(quiet) as progress:
            filled = fill_pixels(
                photo.pixels,
                hole.levels,
                engine,
                grow=grow,
                feather=feather,
                detail=detail.value,
                progress=progress,
                empty=photo.empty,
                in_place=True,
            )
        photo = photo.with_pixels(filled.pixels, opaque=filled.mask if hole.opaque else None)
        notes = [*photo.notes, *hole.notes, *engine.notes, *filled.notes]
        hole_pixels, regions, last = int(filled.mask.sum()), filled.regions, filled.engine
        del hole, filled  # masks as large as the photograph, which encoding has no use for
        with _timed(seconds, "write"):
            notes += write_image(photo, files.target)

    written = "-" if files.to_stdout else str(files.target)
    notes = list(dict.fromkeys(notes))
    if verbose:
        _tell(photo, hole_pixels, regions, last, seconds)
    if as_json:
        record = {
            "output": written,
            "width": photo.size[0],
            "height": photo.size[1],
            "hole_pixels": hole_pixels,
            "regions": [[*region.window, round(region.scale, 6)] for region in regions],
            "device": last.device,
            "provider": last.provider,
            "model": engine.contract.name,
            "seconds": seconds,
            "notes": notes,
        }
        typer.echo(json.dumps(record), err=files.to_stdout)
    elif not quiet and not files.to_stdout:
        count = len(regions)
        typer.echo(
            f"{written}: {count} region{'' if count == 1 else 's'} filled on the {last.device.upper()} "
            f"in {sum(seconds.values()):.1f} s"
        )
    if not quiet:
        for note in notes:
            typer.secho(f"Note: {note}", fg=typer.colors.YELLOW, err=True)


def _tell(
    photo: "Photo", hole_pixels: int, regions: "Sequence[Region]", model: "Engine", seconds: dict[str, float]
) -> None:
    """Say on standard error what was done."""
    width, height = photo.size
    share = hole_pixels / (width * height)
    typer.echo(f"Photograph: {width} x {height}, {photo.pixels.dtype}, hole {share:.2%} of it", err=True)
    typer.echo(f"Model: {model.contract.name} ({model.path}), {model.provider}", err=True)
    for number, region in enumerate(regions, 1):
        box, fed = region.window, region.fed
        typer.echo(
            f"Region {number}: {box.width} x {box.height} at {box.left},{box.top}, filled at {fed[1]} x {fed[0]}",
            err=True,
        )
    typer.echo("Seconds: " + ", ".join(f"{what} {value:.3f}" for what, value in seconds.items()), err=True)


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Note how long the block took."""
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 3)


@contextmanager
def _progress(quiet: bool) -> Iterator["Progress | None"]:
    """Show a bar on standard error while several regions are filled, if somebody is watching."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("filling", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
