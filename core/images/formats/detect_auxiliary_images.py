"""Which other pictures and films a file of any format holds beside its picture."""

from pathlib import Path

from inpaint.core.images.formats.auxiliary_images import Kind
from inpaint.core.images.formats.heif_boxes import read_boxes
from inpaint.core.images.formats.jpeg_parts import jpeg_parts


def find_auxiliary_images(path: Path) -> set[Kind]:
    """Return what the file at `path` holds beside its picture."""
    with path.open("rb") as file:
        head = file.read(12)
    if head.startswith(b"\xff\xd8"):
        return jpeg_parts(path)
    if head[4:8] == b"ftyp":
        return read_boxes(path).kinds
    return set()
