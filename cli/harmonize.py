"""`inpaint harmonize`: fit the colours of an object that was pasted into a photograph."""

import time
from pathlib import Path
from typing import Annotated

import typer

from inpaint.cli import _options
from inpaint.cli._files import target_beside
from inpaint.cli._joint import Method, load_method
from inpaint.cli._options import Device
from inpaint.cli._report import report


def harmonize(
    image: Annotated[Path, typer.Argument(help="The photograph with the object in it.", **_options.PHOTO)],
    mask: Annotated[
        Path, typer.Option("--mask", "-m", help="A picture of the same size: white is the object.", **_options.PHOTO)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write, or a folder. Default: IMAGE.harmonized.png (.tif for a TIFF). Replaced if it exists.",
        ),
    ] = None,
    invert: Annotated[bool, typer.Option("--invert", help="Invert the mask: black is the object.")] = False,
    strength: Annotated[
        float, typer.Option(min=0, max=1, help="How strongly the colours are matched: 0 not at all, 1 fully.")
    ] = 1.0,
    method: Annotated[
        Method, typer.Option(help="joint: the joint network. transfer: colour statistics.")
    ] = Method.JOINT,
    model: Annotated[
        str | None, typer.Option(help="Name of a joint model, or an .onnx file.", show_default=False)
    ] = None,
    device: _options.DeviceOption = Device.AUTO,
    threads: _options.Threads = None,
    force: Annotated[
        bool, typer.Option("--force", help="Allow --output to replace the photograph or the mask.")
    ] = False,
    as_json: _options.AsJson = False,
    quiet: _options.Quiet = False,
) -> None:
    """Match the colours of a pasted object to its surroundings. Pixels outside the mask do not change at all."""
    target = target_beside(image, "harmonized", output)
    from inpaint.core.atomic_files import check_apart
    from inpaint.core.filling.mask_file import read_alpha
    from inpaint.core.images.numbers import check_numbers
    from inpaint.core.images.read_write import check_output, read_image, write_image
    from inpaint.core.objects.harmonizing import harmonize as fit_colours
    from inpaint.core.objects.joint import JointEngine

    if not force:
        check_apart(target, {"photograph": image, "mask": mask}, has_force=True)
    start = time.perf_counter()
    photo = read_image(image)
    check_numbers(photo.pixels, image)
    check_output(photo, target)
    alpha, told = read_alpha(mask, photo.size, invert)
    engine, loaded = load_method(method, model, device, threads, fills=False)
    assert engine is None or isinstance(engine, JointEngine)
    fitted = fit_colours(photo.pixels, alpha, engine, strength=strength, empty=photo.empty)
    done = method if engine else Method.TRANSFER
    notes = [*photo.notes, *told, *loaded, *write_image(photo.with_pixels(fitted), target)]
    pixels = int((alpha > 0.5).sum())
    report(
        f"{target}: {pixels} pixels of the object fitted by the method {done.value}",
        {
            "output": str(target),
            "object_pixels": pixels,
            "method": done.value,
            "model": engine.contract.name if engine else None,
            "seconds": round(time.perf_counter() - start, 3),
        },
        notes,
        as_json=as_json,
        quiet=quiet,
    )
