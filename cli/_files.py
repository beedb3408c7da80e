"""Where results go, and that they replace no input unasked."""

from collections.abc import Mapping
from pathlib import Path


def target_beside(image: Path, word: str, output: Path | None) -> Path:
    """Return the file to write: `output`, or IMAGE.WORD.png in that folder, or beside the image.

    A PNG by default, because pixels that did not change survive in it.
    """
    name = f"{image.stem}.{word}.png"
    if output is None:
        return image.with_name(name)
    return output / name if output.is_dir() else output


def protect(target: Path, inputs: Mapping[str, Path | None], force: bool) -> None:
    """Raise `OutputError` when `target` is one of the inputs, under whatever name, and was not asked to be replaced."""
    from inpaint.core.errors import OutputError

    for what, path in inputs.items():
        if not force and path is not None and target.exists() and path.exists() and target.samefile(path):
            raise OutputError(f"{target} is the {what} itself; give another --output, or --force to replace it.")
