"""`-` for a photograph or a result: standard input and output, each through a file, which readers and writers need.

A picture goes to standard output whole or not at all: only once it is complete.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from inpaint.cli._files import target_beside
from inpaint.cli._options import Format

STREAM = Path("-")
"""What stands for standard input and output."""

_SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp", "BMP": ".bmp"}


@dataclass(frozen=True, slots=True)
class Files:
    """What to read and what to write."""

    source: Path
    target: Path
    to_stdout: bool
    """Whether the target becomes standard output, so that nothing else may be printed there."""


@contextmanager
def open_streams(image: Path, output: Path | None, wanted: Format | None) -> Iterator[Files]:
    """Give the files that `image` and `output` mean, which may be `-`, while the block works with them.

    Without an output a photograph from standard input goes to standard output. Raises `ImageError` when standard input
    is empty, `OutputError` when standard output is a terminal, and `typer.BadParameter` for a format beside a
    file name, whose suffix says it.
    """
    output = STREAM if output is None and image == STREAM else output
    from inpaint.weights.paths import is_folder

    if wanted is not None and output is not None and output != STREAM and not is_folder(output):
        raise typer.BadParameter(f"--output names a file, whose suffix is its format: {output}.", param_hint="--format")
    suffix = f".{wanted.value}" if wanted else None
    if STREAM not in (image, output):
        yield Files(image, target_beside(image, "filled", output, suffix), to_stdout=False)
        return
    from inpaint.core.errors import InpaintError, OutputError

    if output == STREAM and sys.stdout is None:
        raise OutputError("Standard output is closed; open it, or give --output a file.")
    if output == STREAM and sys.stdout.isatty():
        raise OutputError("Standard output is a terminal, which shows no pictures; add > FILE, or give --output.")
    with TemporaryDirectory(prefix="inpaint-") as name:
        source = Path(name) / "input" if image == STREAM else image
        names = {str(source): "standard input"} if image == STREAM else {}
        if image == STREAM:
            _save_stdin(source)
        if output == STREAM:
            target = Path(name) / f"output{suffix or _suffix_of(source)}"
            names[str(target)] = "standard output"
        else:
            target = target_beside(Path("stdin") if image == STREAM else image, "filled", output, suffix)
        try:
            yield Files(source, target, to_stdout=output == STREAM)
        except InpaintError as error:
            sentence = str(error)
            for path, meaning in names.items():
                sentence = sentence.replace(path, meaning)
            raise type(error)(sentence[:1].upper() + sentence[1:]) from error
        if output == STREAM:
            with target.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()


def _save_stdin(path: Path) -> None:
    """Write what comes on standard input into a file."""
    from inpaint.core.errors import ImageError

    if sys.stdin is None:
        raise ImageError("Standard input is closed; pipe a photograph into it, as in: inpaint fill - < photo.jpg.")
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    if path.stat().st_size == 0:
        raise ImageError("Standard input is empty; pipe a photograph into it, as in: inpaint fill - < photo.jpg.")


def _suffix_of(path: Path) -> str:
    """Return the suffix of the format that a photograph has, by its content; .png for what is not written."""
    from PIL import Image

    from inpaint.core.images.decode import is_jxl, is_tiff
    from inpaint.core.images.formats.exr import is_exr

    try:
        if is_tiff(path) or is_exr(path):
            return ".tif"
        if is_jxl(path):
            return ".jxl"
        with Image.open(path) as picture:
            return _SUFFIXES.get(str(picture.format), ".png")
    except Exception:  # whatever is wrong with it, reading it will say
        return ".png"
