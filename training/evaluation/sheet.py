"""A contact sheet of an evaluation: one row a photograph, one column a method, the hole first and the truth last."""

import io
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inpaint.core.atomic_files import atomic_write, check_writable
from inpaint.core.errors import ImageError, OutputError
from inpaint.training.evaluation.metrics import Metric
from inpaint.training.evaluation.results import Scored

FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
QUALITY = 85
SIDE = 256
"""Longest side of a picture in the sheet."""
ROWS = 6
"""Photographs in the sheet unless somebody names them."""
GAP = 6
BAND = 24
"""Height of a line of text."""
PAPER, INK = 255, 40
GREY, EDGE = 128, 255
"""What the hole is drawn in: neutral, so that it does not tint what is seen beside it; the edge finds it on grey."""


def choose(names: Sequence[str], wanted: Sequence[str] = (), rows: int = ROWS) -> list[str]:
    """Return the photographs of a sheet: those wanted, or `rows` of all spread evenly, the first one included.

    Raises `ImageError` for one that is not among them.
    """
    for name in wanted:
        if name not in names:
            raise ImageError(f"There is no photograph {name} in this evaluation; its first is {names[0]}.")
    rows = min(rows, len(names))
    return list(wanted) or [names[len(names) * row // rows] for row in range(rows)]


class Sheet:
    """Keeps the chosen photographs of an evaluation as it goes, and lays them out at the end."""

    def __init__(self, path: Path, labels: Sequence[str], names: Sequence[str], metric: Metric | None) -> None:
        """Check the file before any work.

        - `names`: the photographs, in the order of the rows;
        - `metric`: whose number stands below each fill, if any.

        Raises `OutputError` for a file that is there already, cannot be written, or is of another format.
        """
        if path.suffix.lower() not in FORMATS:
            raise OutputError(f"A sheet cannot be written as {path.name}; call it .jpg, .png or .webp.")
        if path.exists():
            raise OutputError(f"{path} exists already; give another --sheet, or delete it first.")
        check_writable(path)
        self.path = path
        self.headings = ["given", *labels, "photograph"]
        self.metric = metric
        self.rows: dict[str, list[tuple[Image.Image, str]] | None] = dict.fromkeys(names)

    def __call__(self, scored: Scored, truth: np.ndarray, hole: np.ndarray, fills: dict[str, np.ndarray]) -> None:
        """Take a scored photograph in, if it was chosen."""
        if scored.name not in self.rows:
            return
        row = [(_small(show_hole(truth, hole)), f"{scored.name}, {scored.area:.0%} hole")]
        for label, pixels in fills.items():
            number = "" if self.metric is None else f"{scored.rows[label][self.metric.key]:.{self.metric.digits}f}"
            row.append((_small(pixels), number))
        self.rows[scored.name] = [*row, (_small(truth), "")]

    def lay_out(self) -> Image.Image:
        """Return the sheet: equally wide columns under their headings, a line of text below every row."""
        rows = [row for row in self.rows.values() if row is not None]
        wide = max(picture.width for row in rows for picture, _ in row)
        tall = [max(picture.height for picture, _ in row) for row in rows]
        note = f"Below each fill: {self.metric.title}, {self.metric.better} is better." if self.metric else ""
        width = GAP + len(self.headings) * (wide + GAP)
        sheet = Image.new("RGB", (width, BAND + sum(tall) + len(rows) * BAND + (BAND if note else 0)), (PAPER,) * 3)
        lefts = [GAP + column * (wide + GAP) for column in range(len(self.headings))]
        for left, heading in zip(lefts, self.headings, strict=True):
            _write(sheet, heading, left, 0, wide)
        top = BAND
        for row, height in zip(rows, tall, strict=True):
            for left, (picture, text) in zip(lefts, row, strict=True):
                sheet.paste(picture, (left, top))
                _write(sheet, text, left, top + height, wide)
            top += height + BAND
        _write(sheet, note, GAP, top, width - 2 * GAP)
        return sheet

    def write(self) -> None:
        """Write the sheet, whole or not at all. Raises `OutputError`."""
        encoded = io.BytesIO()
        self.lay_out().save(encoded, FORMATS[self.path.suffix.lower()], quality=QUALITY, optimize=True)
        with atomic_write(self.path) as file:
            file.write(encoded.getvalue())


def show_hole(truth: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return a photograph (H x W x 3 uint8) with its hole (H x W bool) in grey under a white edge."""
    given = truth.copy()
    given[hole] = GREY
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    given[hole & (cv2.erode(hole.astype(np.uint8), cross) == 0)] = EDGE
    return given


def _small(pixels: np.ndarray) -> Image.Image:
    """Return H x W x 3 uint8 as a picture, made smaller where it is longer than `SIDE`."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return picture


def _write(sheet: Image.Image, text: str, left: int, top: int, width: int) -> None:
    """Put a line of text into a band; one that is too wide for its column is set smaller, and then cut."""
    size = 16
    while size > 10 and ImageFont.load_default(size).getlength(text) > width:
        size -= 1
    font = ImageFont.load_default(size)
    while text and font.getlength(text) > width:
        text = text[:-1]
    ImageDraw.Draw(sheet).text((left, top + BAND // 2), text, fill=(INK,) * 3, font=font, anchor="lm")
