"""`inpaint masks`: freeze a set of masks, so that every evaluation uses the same ones."""

from pathlib import Path
from typing import Annotated

import typer

from inpaint.cli._options import MaskKind


def masks(
    kind: Annotated[
        MaskKind,
        typer.Argument(
            help="Kind: rectangles, strokes, mixed (half of each), centre (a quarter of the picture) or objects.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder for the masks.", show_default=False)],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Number of masks.")] = 200,
    size: Annotated[int, typer.Option(min=64, help="Side in pixels.")] = 256,
    area: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Smallest and largest share of the picture that is hole.", show_default="0.10 0.35"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    shapes: Annotated[
        str | None,
        typer.Option(help="For objects: a folder or .tar shards of 8-bit label maps (.png, 0 = background)."),
    ] = None,
) -> None:
    """Write random masks into a folder: PNG files, and masks.json with the seed, their areas and hashes."""
    if kind is MaskKind.OBJECTS and shapes is None:
        raise typer.BadParameter("objects need label maps to take their shapes from", param_hint="--shapes")
    if kind is not MaskKind.OBJECTS and shapes is not None:
        raise typer.BadParameter(f"{kind.value} are not drawn from shapes", param_hint="--shapes")
    if kind is MaskKind.CENTRE and area is not None:
        raise typer.BadParameter("the centre hole is always a quarter of the picture", param_hint="--area")
    from inpaint.training.data.mask_sets import AREA, freeze

    frozen = freeze(out, count, kind=kind.value, size=size, seed=seed, area=area or AREA, shapes=shapes)
    shares = [mask.area for mask in frozen.masks]
    typer.echo(
        f"{len(frozen)} masks in {out}, {min(shares):.0%} to {max(shares):.0%} hole, mean "
        f"{sum(shares) / len(shares):.0%}, sha256 {frozen.sha256[:16]}"
    )
