"""`inpaint fill`: fill the hole of a photograph."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inpaint.cli import _options
from inpaint.cli._options import Device

if TYPE_CHECKING:
    from inpaint.core.filling import Progress


def fill(
    image: Annotated[
        Path, typer.Argument(help="The photograph: JPEG, PNG, TIFF, WebP, AVIF, HEIF or BMP.", show_default=False)
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
            help="File to write, or a folder. Otherwise IMAGE.filled.png (of a TIFF: .tif) beside the photograph. "
            "Replaced if it exists.",
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="Name of a model, or an .onnx file.")] = "default",
    device: Annotated[Device, typer.Option(help="auto takes an NVIDIA GPU where one works.")] = Device.AUTO,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; otherwise one per physical core.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --output replace the photograph or the mask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a sentence.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Fill the hole of a photograph. Pixels outside the hole stay as they are, to the bit, except in JPEG files."""
    choice = _options.mask_choice(mask, invert, box, color, tolerance, threshold)
    target = _target(image, output)
    _protect(target, {"photograph": image, "mask": choice.file}, force)
    from inpaint.core.engine import load_engine
    from inpaint.core.filling import fill_pixels
    from inpaint.core.image import check_output, read_image, write_image
    from inpaint.core.mask_choice import build_mask

    seconds: dict[str, float] = {}
    with _timed(seconds, "read"):
        photo = read_image(image)
        hole = build_mask(photo, choice)
        # What is transparent now may be opaque in the result, which a JPEG can hold.
        check_output(photo.with_pixels(photo.pixels, hole.levels > 0) if hole.opaque else photo, target)
    with _timed(seconds, "load"):
        engine = load_engine(model, device.value, threads)
    with _timed(seconds, "fill"), _progress(quiet) as progress:
        filled = fill_pixels(
            photo.pixels,
            hole.levels,
            engine,
            grow=grow,
            feather=feather,
            progress=progress,
            empty=photo.empty,
            in_place=True,
        )
    with _timed(seconds, "write"):
        result = photo.with_pixels(filled.pixels, opaque=filled.mask if hole.opaque else None)
        lost = write_image(result, target)

    notes = list(dict.fromkeys([*photo.notes, *hole.notes, *engine.notes, *filled.notes, *lost]))
    if as_json:
        record = {
            "output": str(target),
            "width": photo.size[0],
            "height": photo.size[1],
            "hole_pixels": int(filled.mask.sum()),
            "regions": [[*region.window, round(region.scale, 6)] for region in filled.regions],
            "device": filled.engine.device,
            "provider": filled.engine.provider,
            "model": engine.contract.name,
            "seconds": seconds,
            "notes": notes,
        }
        typer.echo(json.dumps(record))
    elif not quiet:
        count = len(filled.regions)
        typer.echo(
            f"{target}: {count} region{'' if count == 1 else 's'} filled on the {filled.engine.device.upper()} "
            f"in {sum(seconds.values()):.1f} s"
        )
    if not quiet:
        for note in notes:
            typer.secho(f"Note: {note}", fg=typer.colors.YELLOW, err=True)


def _target(image: Path, output: Path | None) -> Path:
    """Return the file to write. The default is in a format without loss, because known pixels survive in it."""
    from inpaint.core.image import filled_name

    name = filled_name(image)
    if output is None:
        return image.with_name(name)
    return output / name if output.is_dir() else output


def _protect(target: Path, inputs: dict[str, Path | None], force: bool) -> None:
    """Raise `OutputError` when `target` is one of the inputs, under whatever name, and was not asked to be replaced."""
    from inpaint.core.errors import OutputError

    for what, path in inputs.items():
        if not force and path and target.exists() and path.exists() and target.samefile(path):
            raise OutputError(f"{target} is the {what} itself; give another --output, or --force to replace it.")


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
