"""Blind sheets: one picture a photograph, with every method's fill under a letter, and the key in a file of its own.

The first panel is the photograph with its hole in grey. The others are the fills around the hole, and below them,
small, the whole pictures. The truth is not shown: who removes something does not see it either.
"""

import io
import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inpaint.core.atomic_files import atomic_write, check_writable, make_folder
from inpaint.core.errors import OutputError
from inpaint.training.evaluation.results import Scored
from inpaint.training.evaluation.sheet import show_hole
from inpaint.training.study.sheet_key import SheetKey
from inpaint.training.unique_names import file_stem
from inpaint.weights.paths import is_folder, is_there, matching

SIDE = 1600
"""Longest side of a sheet in pixels."""
AROUND = 0.5
"""How much is shown on each side of the hole, in parts of its longer side."""
LEAST = 64
"""The least that is shown on each side of the hole, in pixels."""
LARGEST = 4.0
"""How many times a small hole is enlarged at most."""
GAP = 8
BAND = 30
"""Height of a line of letters."""
PAPER, INK = 255, 20

Panel = tuple[str, np.ndarray]
"""What is written above a picture, and the picture, H x W x 3 uint8."""


class BlindSheets:
    """Writes a sheet for each chosen photograph of an evaluation as it goes."""

    def __init__(self, folder: Path, labels: Sequence[str], names: Sequence[str], seed: int) -> None:
        """Check the places of sheets and key, and write the key.

        - `folder`: is made; the key goes beside it, `sheets.key.json` for `sheets`, so that the folder can be handed
          to whoever judges;
        - `names`: the photographs that get a sheet;
        - `seed`: decides the letters.

        Raises `OutputError` when there are sheets or a key already or the place cannot be written, and `InpaintError`
        for too few or too many methods.
        """
        self.folder = folder
        self.key_file = folder.with_name(f"{folder.name}.key.json")
        self.key = SheetKey.new(folder.name, seed, labels, names)
        check_writable(self.key_file)
        if is_there(self.key_file):
            raise OutputError(
                f"{self.key_file} is the key of other sheets; delete it with them, or name another folder."
            )
        if is_there(folder) and not is_folder(folder):
            raise OutputError(f"{folder} is a file; blind sheets go into a folder, one for each photograph.")
        if matching(folder, "*.png"):
            raise OutputError(f"{folder} holds pictures already; give another --sheet, or delete them first.")
        make_folder(folder)
        # First, because sheets without their key would be of no use.
        self.key.write(self.key_file)

    def __call__(self, scored: Scored, truth: np.ndarray, hole: np.ndarray, fills: dict[str, np.ndarray]) -> None:
        """Write the sheet of a scored photograph, if it is to have one. Raises `OutputError`."""
        letters = self.key.photographs.get(scored.name)
        if letters is None:
            return
        encoded = io.BytesIO()
        lay_out(scored.name, truth, hole, {letter: fills[method] for letter, method in letters.items()}).save(
            encoded, "PNG"
        )
        with atomic_write(self.folder / f"{file_stem(scored.name)}.png") as file:
            file.write(encoded.getvalue())


def lay_out(name: str, truth: np.ndarray, hole: np.ndarray, fills: dict[str, np.ndarray]) -> Image.Image:
    """Return one sheet, no side longer than `SIDE`.

    - `truth`: H x W x 3 uint8, of which only what is outside the `hole` (H x W bool) is shown;
    - `fills`: by letter, H x W x 3 uint8 each.
    """
    given = show_hole(truth, hole)
    window = around(hole)
    panels = [(f"{name}: what was given", given), *((letter, pixels[window]) for letter, pixels in fills.items())]
    smalls = list(fills.items())
    columns = _columns(len(panels))
    rows = math.ceil(len(panels) / columns)
    narrow = (SIDE - GAP) // len(smalls) - GAP
    strip = _boxes(smalls, narrow, SIDE // 5)
    low = max(height for _, height in strip)
    width = (SIDE - GAP) // columns - GAP
    height = min(width, (SIDE - low - (rows + 1) * (BAND + GAP) - GAP) // rows)
    large = _boxes(panels, width, height)
    tall = [max(h for _, h in large[row * columns : (row + 1) * columns]) for row in range(rows)]
    sheet = Image.new("RGB", (SIDE, sum(tall) + low + (rows + 1) * (BAND + GAP)), (PAPER,) * 3)
    top = 0
    for row in range(rows):
        part = slice(row * columns, (row + 1) * columns)
        _put(sheet, panels[part], large[part], top, width)
        top += BAND + tall[row] + GAP
    _put(sheet, smalls, strip, top, narrow)
    return sheet


def around(hole: np.ndarray) -> tuple[slice, slice]:
    """Return the rows and columns that show the hole (H x W bool) and what surrounds it."""
    left, top, width, height = cv2.boundingRect(hole.astype(np.uint8))
    rim = max(LEAST, round(AROUND * max(width, height)))
    return (
        slice(max(0, top - rim), min(hole.shape[0], top + height + rim)),
        slice(max(0, left - rim), min(hole.shape[1], left + width + rim)),
    )


def _columns(panels: int) -> int:
    """Return how many panels stand side by side."""
    return 2 if panels == 4 else min(3, panels)


def _boxes(panels: Sequence[Panel], width: int, height: int) -> list[tuple[int, int]]:
    """Return the size that each picture gets, as large as fits into `width` x `height`."""
    sizes = []
    for _, pixels in panels:
        scale = min(LARGEST, width / pixels.shape[1], height / pixels.shape[0])
        sizes.append((max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))))
    return sizes


def _put(sheet: Image.Image, panels: Sequence[Panel], sizes: Sequence[tuple[int, int]], top: int, width: int) -> None:
    """Put panels side by side, each below what is written above it."""
    draw = ImageDraw.Draw(sheet)
    for column, ((text, pixels), size) in enumerate(zip(panels, sizes, strict=True)):
        left = GAP + column * (width + GAP)
        font = ImageFont.load_default(24 if len(text) == 1 else 16)
        draw.text((left + 2, top + BAND // 2), text, fill=(INK,) * 3, font=font, anchor="lm")
        smaller = size[0] < pixels.shape[1]
        method = Image.Resampling.LANCZOS if smaller else Image.Resampling.BICUBIC
        sheet.paste(Image.fromarray(np.ascontiguousarray(pixels)).resize(size, method), (left, top + BAND))
