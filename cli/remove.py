"""`inpaint remove`: take an object out of a photograph."""

import time
from pathlib import Path
from typing import Annotated

import typer

from inpaint.cli import _options
from inpaint.cli._files import target_beside
from inpaint.cli._options import Device
from inpaint.cli._report import report


def remove(
    image: Annotated[Path, typer.Argument(help="The photograph.", **_options.PHOTO)],
    box: Annotated[
        list[str],
        typer.Option(
            metavar="X,Y,W,H", help="A box around the object. Repeat it for several objects.", show_default=False
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write, or a folder. Default: IMAGE.removed.png (.tif for a TIFF). Replaced if it exists.",
        ),
    ] = None,
    grow: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="PX",
            help="Also fill this much around the object. Default: 2% of its box.",
            show_default=False,
        ),
    ] = None,
    shadow: Annotated[
        int,
        typer.Option(min=0, metavar="PX", help="Also fill this much around its base, for a shadow or reflection."),
    ] = 0,
    save_mask: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write a mask (PNG) of what is removed, to look at, correct, and use in `inpaint fill`.",
            show_default=False,
        ),
    ] = None,
    whole_box: Annotated[
        bool, typer.Option("--whole-box", help="Remove everything in the box, instead of finding the object in it.")
    ] = False,
    feather: Annotated[
        int, typer.Option(min=0, metavar="PX", help="Soften the edge of the fill, inside the hole.")
    ] = 0,
    detail: _options.DetailOption = _options.Detail.AUTO,
    model: Annotated[str, typer.Option(help="Name of an inpainting model, or an .onnx file.")] = "default",
    segmenter: Annotated[str, typer.Option(help="Network that finds the object: cutout, or an .onnx file.")] = "cutout",
    device: _options.DeviceOption = Device.AUTO,
    threads: _options.Threads = None,
    force: Annotated[bool, typer.Option("--force", help="Allow --output to replace the photograph.")] = False,
    as_json: _options.AsJson = False,
    quiet: _options.Quiet = False,
) -> None:
    """Remove an object from a photograph: find it in its box, and fill the place where it was."""
    target = target_beside(image, "removed", output)
    boxes = [_options.read_box(words) for words in box]
    from inpaint.core.atomic_files import check_apart
    from inpaint.core.engines.engine import load_engine
    from inpaint.core.filling.save_mask import check_mask_output
    from inpaint.core.filling.save_mask import save_mask as write_mask
    from inpaint.core.images.read_write import check_output, read_image, write_image
    from inpaint.core.objects.removing import remove as take_out
    from inpaint.core.objects.segmenting import find_segmenter

    if not force:
        check_apart(target, {"photograph": image}, has_force=True)
    start = time.perf_counter()
    photo = read_image(image)
    check_output(photo, target)
    if save_mask is not None:
        check_apart(save_mask, {"photograph": image, "result": target})
        check_mask_output(save_mask)
    finder, missing = (None, ()) if whole_box else find_segmenter(segmenter, threads)
    engine = load_engine(model, device.value, threads)
    filled = take_out(
        photo.pixels,
        boxes,
        engine,
        finder,
        grow=grow,
        shadow=shadow,
        whole_box=whole_box,
        feather=feather,
        detail=detail.value,
        empty=photo.empty,
    )
    lost = write_image(photo.with_pixels(filled.pixels), target)
    if save_mask is not None:
        write_mask(filled.mask, save_mask)
    count, pixels = len(filled.regions), int(filled.mask.sum())
    report(
        f"{target}: {pixels} pixels in {count} region{'' if count == 1 else 's'} replaced",
        {
            "output": str(target),
            "hole_pixels": pixels,
            "regions": count,
            "device": filled.engine.device,
            "model": filled.engine.name,
            "seconds": round(time.perf_counter() - start, 3),
        },
        [*photo.notes, *missing, *engine.notes, *filled.notes, *lost],
        as_json=as_json,
        quiet=quiet,
    )
