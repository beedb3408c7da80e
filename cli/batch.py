"""`inpaint batch`: fill many photographs in one go."""

from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from inpaint.cli import _options
from inpaint.cli._options import Device

SOME_FAILED = 3
"""Exit code when some photographs failed and the others are done."""

WITH_TABLE = ("compositions", "output", "resume", "force", "device", "threads", "as_json", "quiet", "verbose")
"""Names of what may stand beside --compositions."""


class BatchFormat(StrEnum):
    """What results are written as: `Format`, or by the photograph."""

    AUTO = "auto"
    SAME = "same"
    PNG = "png"
    TIFF = "tiff"
    WEBP = "webp"
    BMP = "bmp"
    JPEG = "jpg"
    JXL = "jxl"


class BatchCommand(TyperCommand):
    """Lets `--ray` stand without its address, which Typer has no option for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words after `inpaint batch`."""
        return super().parse_args(ctx, _with_address(args))


def _with_address(args: list[str]) -> list[str]:
    """Put `local` behind a `--ray` that no address follows."""
    done: list[str] = []
    for at, word in enumerate(args):
        done.append(word)
        if word == "--ray":
            after = args[at + 1] if at + 1 < len(args) else ""
            host, colon, port = after.rpartition(":")
            if not (after in ("auto", "local") or (host and colon and port.isdigit())):
                done.append("local")
    return done


def batch(
    context: typer.Context,
    images: Annotated[
        list[Path] | None,
        typer.Argument(help="Photographs, or folders of photographs (sub-folders included).", show_default=False),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder for the results. Created if missing.", show_default=False
        ),
    ] = ...,  # type: ignore[assignment]
    mask: Annotated[
        str | None,
        typer.Option(
            "--masks",
            "--mask",
            "-m",
            metavar="DIR|FILE|#PART|alpha",
            help="A folder with a mask of the same name for each photograph (dog.png or dog_mask.png for dog.jpg), in "
            "the same sub-folder. Or one mask for all. Or #4, the fourth channel of each photograph; #page=2, its "
            "second page; or the word alpha, its transparent parts.",
            show_default=False,
            rich_help_panel=_options.HOLE,
        ),
    ] = None,
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
    detail: _options.DetailOption = _options.Detail.AUTO,
    seed: _options.Seed = 0,
    tile: _options.Tile = False,
    list_file: Annotated[
        typer.FileText | None,
        typer.Option(
            "--list",
            metavar="FILE",
            help="A text file with one photograph per line; - reads standard input.",
            encoding="utf-8-sig",  # Windows puts a mark before the first name
            errors="surrogateescape",  # a name of a file need not be text
        ),
    ] = None,
    compositions: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE.csv",
            help="Insert objects instead of filling: a CSV table, each line like one `inpaint compose`.",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[
        BatchFormat,
        typer.Option(
            "--output-format",
            "--format",
            help="File format of the results. auto: PNG, or TIFF for a TIFF, both lossless. same: as the photograph.",
        ),
    ] = BatchFormat.AUTO,
    resume: Annotated[
        bool, typer.Option("--resume", help="Skip photographs whose results are complete and unchanged.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace existing files even if no earlier batch wrote them.")
    ] = False,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="[ADDRESS]",
            help="Fill on a Ray cluster: auto or HOST:PORT. Without an address a local cluster is started.",
            show_default=False,
        ),
    ] = None,
    model: _options.Model = "default",
    device: _options.DeviceOption = Device.AUTO,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of CPU threads (processes with --ray). Default: one per core.", show_default=False
        ),
    ] = None,
    as_json: _options.AsJson = False,
    quiet: _options.Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print a line for every photograph.")] = False,
) -> None:
    """Fill many photographs. A failure does not stop the others; DIR/manifest.jsonl records every result."""
    from inpaint.cli._batch_report import BatchReport

    if compositions is not None:
        from inpaint.cli._batch_compositions import run_table

        _check_table_alone(context)
        make_report = partial(BatchReport, quiet=quiet, verbose=verbose, as_json=as_json, verb="composed")
        done = run_table(compositions, output, device, threads, resume=resume, force=force, make_report=make_report)
        if done.failures:
            raise typer.Exit(SOME_FAILED)
        return
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
    from inpaint.core.batch import (
        Manifest,
        Settings,
        collect,
        load_batch_engine,
        read_list,
        refuse,
        run_here,
        run_on_ray,
    )
    from inpaint.core.batch.fingerprints import take_fingerprint
    from inpaint.core.engines.devices import expected
    from inpaint.core.errors import MaskError
    from inpaint.weights import resolve
    from inpaint.weights.paths import is_folder, is_there

    if not images and list_file is None:
        raise typer.BadParameter("Name photographs or folders, or give --list.", param_hint="IMAGES")
    masks = choice.file if choice.file is not None and is_folder(choice.file) else None
    if choice.file is not None and not is_there(choice.file):
        raise MaskError(f"There is no file or folder {choice.file}; check --mask.")
    settings = Settings(
        choice=replace(choice, file=None if masks else choice.file and choice.file.absolute()),
        masks=masks and masks.absolute(),
        grow=grow,
        feather=feather,
        detail=detail.value,
        seed=seed,
        tile=tile,
    )
    items = collect(
        images or [],
        output,
        partial(_suffix, output_format),
        skip=[choice.file] if choice.file else [],
        listed=read_list(list_file) if list_file else [],
    )
    path = resolve(model, expected(device.value))
    key = settings.key(take_fingerprint(path).sha256)

    with Manifest(output) as manifest:
        waiting = manifest.open_items(items, settings, key) if resume else items
        taken = manifest.begin((item.target for item in waiting), force=force)
        report = BatchReport(len(items), len(items) - len(waiting), quiet=quiet, verbose=verbose, as_json=as_json)
        take_down = report.recording(manifest)
        try:
            with report:
                for item in waiting:
                    if item.target in taken:
                        take_down(refuse(item.image, item.target, key))
                waiting = [item for item in waiting if item.target not in taken]
                if ray is not None:
                    run_on_ray(
                        waiting,
                        settings,
                        take_down,
                        model=path.absolute(),
                        address=ray,
                        device=device.value,
                        processes=threads,
                        key=key,
                        stop=report.stop,
                    )
                elif waiting:
                    engine, beside = load_batch_engine(path, device.value, threads, len(waiting))
                    report.note(*engine.notes)
                    run_here(waiting, settings, engine, take_down, beside=beside, key=key, stop=report.stop)
        except BaseException:
            report.close(manifest.path, cut_short=True)
            raise
        report.close(manifest.path)
    if report.failures:
        raise typer.Exit(SOME_FAILED)


def _check_table_alone(context: typer.Context) -> None:
    """Raise `typer.BadParameter` when something was given beside --compositions that a table has no use for."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name not in WITH_TABLE and source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(
                "A table says itself what goes where; leave this out.", param_hint=parameter.opts[0]
            )


def _suffix(wanted: BatchFormat, image: Path) -> str:
    """Return the suffix of the result for a photograph."""
    from inpaint.core.images.read_write import WRITABLE, filled_name

    if wanted is BatchFormat.AUTO or (wanted is BatchFormat.SAME and image.suffix.lower() not in WRITABLE):
        return Path(filled_name(image)).suffix
    if wanted is BatchFormat.SAME:
        return image.suffix
    return f".{wanted.value}"
