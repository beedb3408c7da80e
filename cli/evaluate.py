"""`inpaint eval`: score models and classical methods on photographs with known truth."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inpaint.cli import _options
from inpaint.cli._options import Device, MaskKind

if TYPE_CHECKING:
    from inpaint.training.evaluation.metrics import Metric
    from inpaint.training.evaluation.results import Evaluation, Scored
    from inpaint.training.evaluation.tables import Conditions


def evaluate(
    models: Annotated[
        list[str],
        typer.Argument(
            help="Models by name, .onnx file or run directory, optionally followed by +auto or +texture for that "
            "--detail of `inpaint fill`; telea, navier-stokes, biharmonic, pypatchmatch, gmic; or a folder of pictures "
            "that are already filled.",
            show_default=False,
        ),
    ],
    data: Annotated[str, typer.Option(help="Photographs: a folder or .tar shards.", show_default=False)],
    masks: Annotated[
        Path | None,
        typer.Option(help="Folder of masks, such as `inpaint masks` writes. Default: draw random ones."),
    ] = None,
    holes: Annotated[MaskKind, typer.Option(help="Kind of the random masks. objects needs --masks.")] = MaskKind.MIXED,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the masks, and of the letters of --blind.")] = 0,
    metrics: Annotated[
        str, typer.Option(help="What is measured: crispness, frechet, l1, l2, psnr, ssim, lpips, fid, is, or all.")
    ] = "crispness,frechet,l1,l2,psnr,ssim,lpips",
    distance: Annotated[
        str, typer.Option(help="Network of the perceptual distance: alex, squeeze, vgg (LPIPS) or vgg19 (plain).")
    ] = "alex",
    features: Annotated[str, typer.Option(help="Network of frechet: mobilenet or squeeze.")] = "mobilenet",
    backbones: Annotated[
        Path | None,
        typer.Option(help="Folder of network weights for frechet, lpips, fid and is. Default: download them."),
    ] = None,
    size: Annotated[int, typer.Option(min=64, help="Pictures are cropped to squares of this side.")] = 256,
    whole: Annotated[bool, typer.Option("--whole", help="Use whole photographs at full size, not squares.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Use only the first N pictures.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for report.html, CSV, JSON and the masks.")
    ] = None,
    cases: Annotated[int, typer.Option(min=0, help="Worst cases of each method shown in the report.")] = 12,
    keep_fills: Annotated[bool, typer.Option("--keep-fills", help="Also save every fill, original and hole.")] = False,
    sheet: Annotated[
        Path | None,
        typer.Option(
            help="Contact sheet to write, a .jpg, .png or .webp: hole, fills, photograph. With --blind a folder."
        ),
    ] = None,
    blind: Annotated[
        bool,
        typer.Option(
            "--blind",
            help="Write one sheet per photograph into the folder of --sheet, with letters instead of names, and the "
            "key for `inpaint study score` beside that folder.",
        ),
    ] = False,
    show: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Name of a photograph to show in the sheet. Can be repeated. Default: six, or all with --blind.",
        ),
    ] = None,
    device: _options.DeviceOption = Device.CPU,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """Fill the same holes with every method and compare the fills with the original."""
    from inpaint.cli._extras import require_train

    require_train()
    from rich.console import Console
    from rich.progress import Progress

    from inpaint.core.errors import InpaintError
    from inpaint.training.evaluation import metrics as measures
    from inpaint.training.evaluation.command import Request, run

    try:
        groups = measures.parse_groups(metrics)
    except InpaintError as error:
        raise typer.BadParameter(str(error), param_hint="--metrics") from error
    if distance not in ("alex", "squeeze", "vgg", "vgg19"):
        raise typer.BadParameter("choose alex, squeeze, vgg or vgg19", param_hint="--distance")
    if features not in ("mobilenet", "squeeze"):
        raise typer.BadParameter("choose mobilenet or squeeze", param_hint="--features")
    if holes is MaskKind.OBJECTS and masks is None:
        raise typer.BadParameter("freeze them first: inpaint masks objects --shapes DIR", param_hint="--holes")
    if keep_fills and out is None:
        raise typer.BadParameter("give --out DIR as well", param_hint="--keep-fills")
    if show and sheet is None:
        raise typer.BadParameter("give --sheet FILE as well", param_hint="--show")
    if blind and sheet is None:
        raise typer.BadParameter("give --sheet DIR as well", param_hint="--blind")
    request = Request(
        methods=tuple(models),
        data=data,
        masks=masks,
        kind=holes.value,
        seed=seed,
        groups=groups,
        distance=distance,
        features=features,
        backbones=backbones,
        size=size,
        whole=whole,
        limit=limit,
        out=out,
        cases=cases,
        keep_fills=keep_fills,
        sheet=sheet,
        show=tuple(show or ()),
        blind=blind,
        device=device.value,
    )
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("filling", total=None)
        evaluation, conditions, record = run(
            request,
            lambda done, total: progress.update(task, completed=done, total=total),
            lambda note: progress.console.print(f"Note: {note}", style="yellow", markup=False, highlight=False),
        )
    if as_json:
        typer.echo(json.dumps(record, indent=2))
    else:
        _print_table(evaluation, conditions)
        if out is not None:
            typer.echo(f"{out / 'report.html'}")
        if sheet is not None and blind:
            typer.echo(f"{sheet}: one sheet for each photograph; hand these to the judges.")
            typer.echo(
                f"{sheet.with_name(f'{sheet.name}.key.json')}: the key; keep it to yourself until all have ranked."
            )
        elif sheet is not None:
            typer.echo(f"{sheet}")


def _print_table(evaluation: "Evaluation", conditions: "Conditions") -> None:
    """Print one row per metric, which fits a terminal, and what the first of them is for holes of every size."""
    from rich.console import Console
    from rich.table import Table

    side = f"{conditions.size} px" if conditions.size else "full size"
    seed = "" if conditions.seed is None else f" of seed {conditions.seed}"
    masks = f"masks {conditions.masks_sha256[:12]}"
    if conditions.area is not None:
        masks += ", {:.0%} to {:.0%} hole".format(*conditions.area)
    table = Table(
        title=f"{conditions.pictures} pictures at {side}, {conditions.masks} holes{seed}",
        caption=", ".join(filter(None, (masks, conditions.features, conditions.distance))),
    )
    table.add_column("")
    for method in evaluation.methods:
        table.add_column(method, justify="right", overflow="fold")
    for column in evaluation.columns:
        table.add_row(f"{column.title} {column.arrow}", *_cells(evaluation, column))
    ranking, bins = evaluation.ranking, evaluation.bins()
    if ranking is not None and len(bins) > 1:
        table.add_section()
        for name, part in bins:
            table.add_row(f"{ranking.title}, holes of {name}", *_cells(evaluation, ranking, part))
    Console().print(table)


def _cells(evaluation: "Evaluation", column: "Metric", part: "tuple[Scored, ...] | None" = None) -> list[str]:
    """Return a metric's mean for every method, the best one bold."""
    best = evaluation.best(column, part)
    values = {method: evaluation.summary(method, part)[column.key].value for method in evaluation.methods}
    texts = {method: f"{value:.{column.digits}f}" for method, value in values.items()}
    return [f"[bold]{text}[/]" if method == best else text for method, text in texts.items()]
