"""`inpaint compose`: put an object from one photograph into another."""

import json
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from inpaint.cli._files import protect, target_beside
from inpaint.cli._joint import Method, load_method, print_notes
from inpaint.cli._options import Device


class Around(StrEnum):
    """What becomes of the photograph inside the box."""

    KEEP = "keep"
    INPAINT = "inpaint"


def compose(
    background: Annotated[Path, typer.Argument(help="The photograph that the object goes into.", show_default=False)],
    object: Annotated[Path, typer.Option("--object", help="The photograph that holds the object.", show_default=False)],
    at: Annotated[
        str,
        typer.Option(
            metavar="X,Y[,W,H]",
            help="Where the object's box goes, in pixels from the top left; without W,H it keeps its size.",
            show_default=False,
        ),
    ],
    object_box: Annotated[
        str | None,
        typer.Option(metavar="X,Y,W,H", help="A box around the object, which is cut out of it.", show_default=False),
    ] = None,
    object_mask: Annotated[
        Path | None,
        typer.Option(help="A picture of the object photograph's size instead: white is object.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write, or a folder. Otherwise BACKGROUND.composed.png. Replaced if it exists.",
        ),
    ] = None,
    around: Annotated[
        Around,
        typer.Option(help="The photograph's own pixels around the object are kept, or the rest of the box inpainted."),
    ] = Around.KEEP,
    strength: Annotated[float, typer.Option(min=0, max=1, help="How far the object's colours are fitted.")] = 1.0,
    method: Annotated[
        Method, typer.Option(help="joint: the network. transfer: colour statistics, and an inpainting model.")
    ] = Method.JOINT,
    model: Annotated[
        str | None, typer.Option(help="Name of a model for the method, or an .onnx file.", show_default=False)
    ] = None,
    segmenter_model: Annotated[
        str, typer.Option("--segmenter", help="Network that cuts out: cutout, or an .onnx file.")
    ] = "cutout",
    device: Annotated[Device, typer.Option(help="auto takes an NVIDIA GPU where one works.")] = Device.AUTO,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; otherwise one per physical core.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --output replace one of the photographs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a sentence.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Put an object into a photograph: cut it out, scale it, fit its colours, and blend it in.

    Pixels outside the box stay as they are, to the bit, except in JPEG files.
    """
    target = target_beside(background, "composed", output)
    protect(target, {"photograph": background, "object's photograph": object, "mask": object_mask}, force)
    from inpaint.core.composition import Composition, compose_file, parse_box, parse_numbers
    from inpaint.core.segmenting import load_segmenter

    composition = Composition(
        background=background,
        object=object,
        at=parse_numbers(at, 2, 4),
        output=target,
        object_box=None if object_box is None else parse_box(object_box),
        object_mask=object_mask,
        around="inpaint" if around is Around.INPAINT else "keep",
        strength=strength,
    )
    start = time.perf_counter()
    engine = load_method(method, model, device, threads, fills=around is Around.INPAINT)
    segmenter = None if object_box is None or object_mask is not None else load_segmenter(segmenter_model, threads)
    done = compose_file(composition, engine, segmenter)
    seconds = round(time.perf_counter() - start, 3)
    composed, notes = done.composed, [*(engine.notes if engine else ()), *done.notes]
    box = [composed.box.left, composed.box.top, composed.box.width, composed.box.height]
    if as_json:
        record = {
            "output": str(target),
            "box": box,
            "changed_pixels": int(composed.mask.sum()),
            "method": composed.method,
            "model": engine.contract.name if engine else None,
            "seconds": seconds,
            "notes": notes,
        }
        typer.echo(json.dumps(record))
    elif not quiet:
        typer.echo(f"{target}: the object lies at {','.join(map(str, box))}, in {seconds:.1f} s")
    if not quiet:
        print_notes(notes)
