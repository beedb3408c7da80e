"""`inpaint harmonize`: fit the colours of an object that was pasted into a photograph."""

from pathlib import Path
from typing import Annotated

import typer

from inpaint.cli._files import protect, target_beside
from inpaint.cli._joint import Method, load_method, print_notes
from inpaint.cli._options import Device


def harmonize(
    image: Annotated[Path, typer.Argument(help="The photograph with the object in it.", show_default=False)],
    mask: Annotated[
        Path, typer.Option("--mask", "-m", help="A picture of the same size: white is the object.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File to write, or a folder. Otherwise IMAGE.harmonized.png. Replaced if it exists."
        ),
    ] = None,
    invert: Annotated[bool, typer.Option("--invert", help="Black is the object.")] = False,
    strength: Annotated[float, typer.Option(min=0, max=1, help="How far the colours are fitted.")] = 1.0,
    method: Annotated[Method, typer.Option(help="joint: the network. transfer: colour statistics.")] = Method.JOINT,
    model: Annotated[
        str | None, typer.Option(help="Name of a joint model, or an .onnx file.", show_default=False)
    ] = None,
    device: Annotated[Device, typer.Option(help="auto takes an NVIDIA GPU where one works.")] = Device.AUTO,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; otherwise one per physical core.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --output replace the photograph or the mask.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Give a pasted object the colours of its surroundings. Pixels outside its mask stay as they are, to the bit."""
    target = target_beside(image, "harmonized", output)
    protect(target, {"photograph": image, "mask": mask}, force)
    from inpaint.core.harmonizing import harmonize as fit_colours
    from inpaint.core.image import check_output, read_image, write_image
    from inpaint.core.joint import JointEngine
    from inpaint.core.mask import read_alpha

    photo = read_image(image)
    check_output(photo, target)
    alpha = read_alpha(mask, photo.size, invert)
    engine = load_method(method, model, device, threads, fills=False)
    assert engine is None or isinstance(engine, JointEngine)
    fitted = fit_colours(photo.pixels, alpha, engine, strength=strength)
    notes = [*photo.notes, *(engine.notes if engine else ()), *write_image(photo.with_pixels(fitted), target)]
    if not quiet:
        typer.echo(f"{target}: {int((alpha > 0.5).sum())} pixels of the object fitted by the method {method.value}")
        print_notes(notes)
