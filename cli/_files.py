"""Where results go."""

from pathlib import Path


def target_beside(image: Path, word: str, output: Path | None, suffix: str | None = None) -> Path:
    """Return the file to write: `output`, or IMAGE.WORD.png in that folder, or beside the image; of a TIFF, a TIFF.

    Both formats keep exactly what did not change. suffix: of another one that was asked for.
    """
    from inpaint.core.images.read_write import filled_name
    from inpaint.weights.paths import is_folder

    name = filled_name(image, word)
    if suffix is not None:
        name = Path(name).with_suffix(suffix).name
    if output is None:
        return image.parent / name
    return output / name if is_folder(output) else output
