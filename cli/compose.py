"""`inpaint compose`: put an object from one photograph into another."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from inpaint.cli import _options
from inpaint.cli._files import target_beside
from inpaint.cli._joint import Method, load_method
from inpaint.cli._options import Device
from inpaint.cli._report import report


class Around(StrEnum):
    """What becomes of the photograph inside the box."""

    KEEP = "keep"
    INPAINT = "inpaint"


def compose(
    background: Annotated[Path, typer.Argument(help="The photograph that the object goes into.", **_options.PHOTO)],
    object: Annotated[Path, typer.Option("--object", help="The photograph that holds the object.", **_options.PHOTO)],
    at: Annotated[
        str,
        typer.Option(
            metavar="X,Y[,W,H]",
            help="Where to put the object, in pixels from the top left. Without W,H it keeps its size. In a "
            "transparent PNG or a mask, only the box around the object counts, not the whole canvas.",
            show_default=False,
        ),
    ],
    object_box: Annotated[
        str | None,
        typer.Option(
            metavar="X,Y,W,H",
            help="A box around the object in its photograph; the object is cut out of it.",
            show_default=False,
        ),
    ] = None,
    object_mask: Annotated[
        Path | None,
        typer.Option(
            help="A mask instead of a box: as large as the object's photograph, white is the object.", **_options.PHOTO
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write, or a folder. Default: BACKGROUND.composed.png (.tif for a TIFF). Replaced if it "
            "exists.",
        ),
    ] = None,
    around: Annotated[
        Around,
        typer.Option(help="Around the object: keep the photograph, or inpaint the rest of the box."),
    ] = Around.KEEP,
    strength: Annotated[
        float, typer.Option(min=0, max=1, help="How strongly the object's colours are matched: 0 not at all, 1 fully.")
    ] = 1.0,
    method: Annotated[
        Method, typer.Option(help="joint: the joint network. transfer: colour statistics, plus an inpainting model.")
    ] = Method.JOINT,
    model: Annotated[
        str | None, typer.Option(help="Model name or .onnx file for this method.", show_default=False)
    ] = None,
    segmenter_model: Annotated[
        str, typer.Option("--segmenter", help="Network that cuts the object out: cutout, or an .onnx file.")
    ] = "cutout",
    device: _options.DeviceOption = Device.AUTO,
    threads: _options.Threads = None,
    force: Annotated[bool, typer.Option("--force", help="Allow --output to replace one of the photographs.")] = False,
    as_json: _options.AsJson = False,
    quiet: _options.Quiet = False,
) -> None:
    """Put an object into a photograph: cut it out, scale it, match its colours, and blend it in.

    Pixels outside the box do not change at all, except in JPEG files.
    """
    target = target_beside(background, "composed", output)
    place, cut = _options.read_numbers(at, 2, 4), None if object_box is None else _options.read_box(object_box)
    from inpaint.core.atomic_files import check_apart
    from inpaint.core.objects.composition import Composition, compose_file
    from inpaint.core.objects.segmenting import find_segmenter

    if not force:
        check_apart(
            target, {"photograph": background, "object's photograph": object, "mask": object_mask}, has_force=True
        )
    composition = Composition(
        background=background,
        object=object,
        at=place,
        output=target,
        object_box=cut,
        object_mask=object_mask,
        around="inpaint" if around is Around.INPAINT else "keep",
        strength=strength,
    )
    start = time.perf_counter()
    engine, loaded = load_method(method, model, device, threads, fills=around is Around.INPAINT)
    needless = object_box is None or object_mask is not None
    segmenter, missing = (None, ()) if needless else find_segmenter(segmenter_model, threads)
    done = compose_file(composition, engine, segmenter)
    seconds = round(time.perf_counter() - start, 3)
    composed, notes = done.composed, [*loaded, *missing, *done.notes]
    box = [composed.box.left, composed.box.top, composed.box.width, composed.box.height]
    report(
        f"{target}: the object lies at {','.join(map(str, box))}, in {seconds:.1f} s",
        {
            "output": str(target),
            "box": box,
            "changed_pixels": int(composed.mask.sum()),
            "method": composed.method,
            "model": engine.contract.name if engine else None,
            "seconds": seconds,
        },
        notes,
        as_json=as_json,
        quiet=quiet,
    )
