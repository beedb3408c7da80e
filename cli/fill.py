"""`inpaint fill`: fill the hole of a photograph."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inpaint.cli import _options
from inpaint.cli._options import Device, Format
from inpaint.cli._report import report
from inpaint.cli._streams import STREAM, open_streams

if TYPE_CHECKING:
    from inpaint.core.filling.fill import Progress
    from inpaint.core.filling.fill_photo import FilledPhoto


def fill(
    image: Annotated[
        Path,
        typer.Argument(
            help="The photograph: JPEG, PNG, TIFF, WebP, JPEG XL, AVIF, HEIF, OpenEXR or BMP; - reads standard input.",
            **_options.PHOTO,
        ),
    ],
    mask: _options.Mask = None,
    box: _options.Boxes = None,
    color: _options.Color = None,
    tolerance: _options.Tolerance = 10,
    invert: _options.Invert = False,
    threshold: _options.Threshold = None,
    labels: _options.Labels = None,
    soft: _options.Soft = False,
    mask_fit: _options.MaskFit = _options.MaskFitWord.EXACT,
    at_border: _options.AtBorder = False,
    grow: _options.Grow = 0,
    feather: _options.Feather = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write, or a folder, or - for standard output. Default: IMAGE.filled.png (.tif for a TIFF) "
            "beside the photograph. Replaced if it exists.",
        ),
    ] = None,
    output_format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "--output-format",
            help="File format of the result if --output names no file. Default: PNG (TIFF for a TIFF).",
            show_default=False,
        ),
    ] = None,
    detail: _options.DetailOption = _options.Detail.AUTO,
    seed: _options.Seed = 0,
    variations: Annotated[
        int,
        typer.Option(
            min=1,
            max=99,
            help="Number of different fills to write, the best first. The others get -2, -3 and so on in their names.",
            rich_help_panel=_options.TEXTURE,
        ),
    ] = 1,
    copy_from: _options.CopyFrom = None,
    not_from: _options.NotFrom = None,
    tile: _options.Tile = False,
    model: _options.Model = "default",
    device: _options.DeviceOption = Device.AUTO,
    threads: _options.Threads = None,
    force: Annotated[
        bool, typer.Option("--force", help="Allow --output to replace the photograph or the mask.")
    ] = False,
    as_json: _options.AsJson = False,
    quiet: _options.Quiet = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also print what is done and how long it takes.")
    ] = False,
) -> None:
    """Fill a hole in a photograph. Pixels outside the hole do not change at all, except in JPEG files."""
    choice = _options.mask_choice(
        mask,
        invert,
        box,
        color,
        tolerance,
        threshold,
        labels=labels,
        soft=soft,
        fit=mask_fit,
        at_border=at_border,
    )
    if detail is _options.Detail.NETWORK and (seed or variations > 1 or copy_from or not_from):
        raise typer.BadParameter("The network's own fill is always the same; leave out --detail network.")
    if variations > 1 and output == STREAM:
        raise typer.BadParameter("Several fills need files; name one with --output.", param_hint="--variations")
    from inpaint.core.atomic_files import check_apart
    from inpaint.core.engines.engine import load_engine
    from inpaint.core.filling.fill_photo import check_result, fill_photo
    from inpaint.core.filling.mask_sources import build_mask
    from inpaint.core.filling.texture import read_sampling
    from inpaint.core.images.read_write import read_image, write_image
    from inpaint.core.stopwatch import timed

    with open_streams(image, output, output_format) as files:
        choice = choice.inside(files.source)
        targets = [files.target, *(_numbered(files.target, number) for number in range(2, variations + 1))]
        if not force:
            sources = {"photograph": files.source, "mask": choice.file, "--from": copy_from, "--not-from": not_from}
            for target in targets:
                check_apart(target, sources, has_force=True)
        seconds: dict[str, float] = {}
        with timed(seconds, "read"):
            photo = read_image(files.source)
            hole = build_mask(photo, choice)
            sampling = read_sampling(
                photo.size, seed=seed, variations=variations, copy_from=copy_from, not_from=not_from
            )
            check_result(photo, hole, files.target)
        with timed(seconds, "load"):
            engine = load_engine(model, device.value, threads)
        with timed(seconds, "fill"), _progress(quiet) as progress:
            filled = fill_photo(
                photo,
                hole,
                engine,
                grow=grow,
                feather=feather,
                detail=detail.value,
                sampling=sampling,
                progress=progress,
                tile=tile,
            )
        del photo, hole, sampling  # a mask as large as the photograph, which encoding has no use for
        with timed(seconds, "write"):
            lost = write_image(filled.photo, files.target)
            for other, target in zip(filled.others, targets[1:], strict=False):
                write_image(other, target)
    notes = [*engine.notes, *filled.notes, *lost]
    if len(filled.others) + 1 < variations:
        notes.append(f"There are only {len(filled.others) + 1} different fills, because nothing was copied.")

    written = "-" if files.to_stdout else str(files.target)
    if verbose:
        _tell(filled, seconds)
    count = len(filled.regions)
    report(
        f"{written}: {count} region{'' if count == 1 else 's'} filled on the {filled.engine.device.upper()} "
        f"in {sum(seconds.values()):.1f} s",
        {
            "output": written,
            "width": filled.photo.size[0],
            "height": filled.photo.size[1],
            "hole_pixels": filled.hole_pixels,
            "regions": [[*region.window, round(region.scale, 6)] for region in filled.regions],
            "device": filled.engine.device,
            "provider": filled.engine.provider,
            "model": filled.engine.name,
            "texture": [
                {"hole": list(box), "chosen": chosen, "sure": round(sure, 3)} for box, chosen, sure in filled.textures
            ],
            "variations": [str(target) for target in targets[1 : len(filled.others) + 1]],
            "seconds": seconds,
        },
        notes,
        as_json=as_json,
        quiet=quiet,
        err=files.to_stdout,
    )


def _numbered(target: Path, number: int) -> Path:
    """Return the file that a further fill is written to: photo-2.png beside photo.png."""
    return target.with_name(f"{target.stem}-{number}{target.suffix}")


def _tell(filled: "FilledPhoto", seconds: dict[str, float]) -> None:
    """Say on standard error what was done."""
    width, height = filled.photo.size
    share, model = filled.hole_pixels / (width * height), filled.engine
    typer.echo(f"Photograph: {width} x {height}, {filled.photo.pixels.dtype}, hole {share:.2%} of it", err=True)
    typer.echo(f"Model: {model.name} ({model.path}), {model.provider}", err=True)
    for number, region in enumerate(filled.regions, 1):
        box, fed = region.window, region.fed
        typer.echo(
            f"Region {number}: {box.width} x {box.height} at {box.left},{box.top}, filled at {fed[1]} x {fed[0]}",
            err=True,
        )
    for number, (_, chosen, sure) in enumerate(filled.textures, 1):
        typer.echo(f"Texture {number}: {chosen}, {sure:.0%} sure that it is the best of those tried", err=True)
    typer.echo("Seconds: " + ", ".join(f"{what} {value:.3f}" for what, value in seconds.items()), err=True)


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
