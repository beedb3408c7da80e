"""`inpaint cutout`: an object as a picture of its own, transparent around it."""

import time
from pathlib import Path
from typing import Annotated

import typer

from inpaint.cli import _options
from inpaint.cli._files import target_beside
from inpaint.cli._report import report


def cutout(
    image: Annotated[Path, typer.Argument(help="The photograph.", **_options.PHOTO)],
    box: Annotated[str, typer.Option(metavar="X,Y,W,H", help="A box around the object, in pixels from the top left.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write, or a folder. Default: IMAGE.cutout.png (.tif for a TIFF). Replaced if it exists.",
        ),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Keep the size of the photograph, instead of cropping to the object.")
    ] = False,
    segmenter: Annotated[str, typer.Option(help="Network that finds the object: cutout, or an .onnx file.")] = "cutout",
    threads: _options.Threads = None,
    force: Annotated[bool, typer.Option("--force", help="Allow --output to replace the photograph.")] = False,
    as_json: _options.AsJson = False,
    quiet: _options.Quiet = False,
) -> None:
    """Cut an object out of a photograph: find it in its box, and make everything around it transparent."""
    target = target_beside(image, "cutout", output)
    place = _options.read_box(box)
    from inpaint.core.atomic_files import check_apart
    from inpaint.core.images.read_write import check_output, read_image, write_image
    from inpaint.core.objects.cutout_photo import cutout_photo
    from inpaint.core.objects.segmenting import find_segmenter

    if not force:
        check_apart(target, {"photograph": image}, has_force=True)
    start = time.perf_counter()
    photo = read_image(image)
    check_output(photo, target)
    finder, missing = find_segmenter(segmenter, threads)
    done = cutout_photo(photo, place, finder, whole=whole)
    lost = write_image(done, target)
    report(
        f"{target}: {done.size[0]} x {done.size[1]} pixels",
        {
            "output": str(target),
            "width": done.size[0],
            "height": done.size[1],
            "seconds": round(time.perf_counter() - start, 3),
        },
        [*photo.notes, *missing, *lost],
        as_json=as_json,
        quiet=quiet,
    )
