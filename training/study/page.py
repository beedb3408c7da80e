"""From folders of filled pictures to one web page that asks people to rank them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inpaint.core.atomic_files import check_writable
from inpaint.core.errors import ImageError, InpaintError, OutputError
from inpaint.core.filling.mask_sources import find_mask
from inpaint.core.images.rgb8 import read_rgb8
from inpaint.training.data.mask_sets import read_hard
from inpaint.training.data.sources import SUFFIXES
from inpaint.training.encoding import hole_png, to_webp
from inpaint.training.html_pages import data_uri, render, write_page
from inpaint.training.study.blinding import Key
from inpaint.weights.paths import is_folder

LONGEST = 768
"""Longest side of a picture in the page, in pixels."""
QUALITY = 95
"""Of the WebP pictures: high, because compression must not decide, and equal for all methods."""


@dataclass(frozen=True, slots=True)
class Study:
    """What was written."""

    page: Path
    key_file: Path
    key: Key


def make_study(
    folders: Sequence[Path],
    page: Path,
    key_file: Path | None = None,
    *,
    questions: int = 30,
    seed: int = 0,
    masks: Path | None = None,
) -> Study:
    """Write the page of a study and, apart from it, its key.

    - `folders`: one per method, with pictures of the same names; the methods are called like their folders;
    - `key_file`: by default beside the page, `study.key.json` for `study.html`;
    - `questions`: how many photographs are asked about, drawn with `seed` from those that all folders have;
    - `masks`: a folder of masks of the same names, so that people can look where the holes were.

    Raises `InpaintError` when there is nothing to compare, `ImageError`, `MaskError`, `OutputError`.
    """
    key_file = key_file or page.with_suffix(".key.json")
    for path in (page, key_file):
        check_writable(path)
    if key_file.exists():
        raise OutputError(f"{key_file} is the key of another study; delete it with its page, or name another page.")
    methods = _methods(folders)
    common = sorted(set.intersection(*(set(files) for files in methods.values())))
    if not common:
        raise InpaintError(
            "The folders have no picture in common; give them the same file names, as `inpaint eval --keep-fills` does."
        )
    numbers = np.random.default_rng(seed).permutation(len(common))[:questions]
    chosen = [common[number] for number in sorted(numbers)]
    key = Key.new(tuple(methods), chosen)
    asked = [_question(key, name, {m: files[name] for m, files in methods.items()}, masks) for name in chosen]
    # In the order of their blind names, which is none.
    asked.sort(key=lambda question: question["id"])
    study = {"study": key.study, "count": len(methods), "questions": asked}
    # The key first: a page without its key would be of no use.
    key.write(key_file)
    write_page(page, render("study.html", study=study))
    return Study(page, key_file, key)


def _methods(folders: Sequence[Path]) -> dict[str, dict[str, Path]]:
    """Return by method the file of every picture, by its name without suffix."""
    methods: dict[str, dict[str, Path]] = {}
    for folder in folders:
        if not is_folder(folder):
            raise InpaintError(f"{folder} is not a folder; give one folder of filled pictures per method.")
        name = folder.resolve().name
        if name in methods:
            raise InpaintError(f"Two folders are called {name}; rename one, because that is what names the method.")
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
        methods[name] = {path.stem.removesuffix(".filled"): path for path in files}
    if len(methods) < 2:
        raise InpaintError("One folder leaves nothing to compare; give one folder per method, at least two.")
    return methods


def _question(key: Key, name: str, files: dict[str, Path], masks: Path | None) -> dict[str, Any]:
    """Encode one photograph's pictures under their blind names."""
    pictures = {method: read_rgb8(path, ImageError) for method, path in files.items()}
    shapes = {pixels.shape for pixels in pictures.values()}
    if len(shapes) > 1:
        raise ImageError(f"The pictures of {name} differ in size between the folders; save them at the same size.")
    height, width = next(iter(shapes))[:2]
    scale = min(1.0, LONGEST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    options = [
        {"id": key.option(name, method), "picture": data_uri(to_webp(pixels, size, QUALITY))}
        for method, pixels in pictures.items()
    ]
    hole = None
    if masks is not None:
        mask = read_hard(find_mask(f"{name}.png", masks), (width, height))
        hole = data_uri(hole_png(mask, size))
    return {
        "id": key.question(name),
        "width": size[0],
        "height": size[1],
        "hole": hole,
        # In the order of their blind names: that of the methods must not be guessed.
        "options": sorted(options, key=lambda option: option["id"]),
    }
