"""Shapes of real objects for holes: the segments of label maps."""

from pathlib import PurePosixPath

import cv2
import numpy as np

from inpaint.core.errors import DataError, RecipeError
from inpaint.training.data.label_maps import read_labels
from inpaint.training.data.sources import FolderSource, ShardSource, Source, StreamSource, open_source

SMALLEST = 0.005
"""Share of its picture that a segment needs; a smaller one is a blob when it is enlarged."""
MARGIN = 0.015
"""Nobody selects an object to the pixel: the hole is this share of the picture's side wider on all sides."""
PLACES = 12
"""How many segments and scales are tried before a shape is given up."""


class Shapes:
    """The segments of every label map in a folder or in .tar shards."""

    def __init__(self, location: str) -> None:
        source = open_source(location)
        if isinstance(source, StreamSource):
            raise RecipeError("Object shapes need label maps on disk: give a folder or .tar shards.")
        self.source = source
        self.maps = [index for index in range(len(source)) if _suffix(source, index) == ".png"]
        if not self.maps:
            raise RecipeError(f"No label maps in {location}; it needs .png files with 0 for the background.")

    def draw(
        self, size: int, area: tuple[float, float], rng: np.random.Generator, skipped: list[str] | None = None
    ) -> np.ndarray:
        """Draw one object-shaped hole: size x size bool, covering a share of the picture within `area`.

        The segment is mirrored half of the time, scaled to a share drawn evenly from `area`, widened a little, and put
        anywhere inside the picture. skipped: gets the sentence of every label map that is not usable, and another one
        is taken; None = `DataError` is raised. Raises `RecipeError` when no segment can be made to fit.
        """
        for _ in range(PLACES * PLACES):
            try:
                shape = self._segment(rng)
            except DataError as error:
                if skipped is None:
                    raise
                skipped.append(str(error))
                continue
            if shape is None:
                continue
            for _ in range(PLACES):
                mask = _place(shape, size, rng.uniform(*area), rng)
                if mask is not None and area[0] <= mask.mean() <= area[1]:
                    return mask
        raise RecipeError("None of the object shapes can cover so much of a picture; ask for a smaller area.")

    def _segment(self, rng: np.random.Generator) -> np.ndarray | None:
        """Return a random segment, cut to its bounding box: h x w bool; None where the map has none large enough."""
        labels = self.read(int(rng.integers(len(self.maps))))
        values, counts = np.unique(labels[labels > 0], return_counts=True)
        values = values[counts >= SMALLEST * labels.size]
        if not len(values):
            return None
        segment = labels == rng.choice(values)
        rows, columns = np.flatnonzero(segment.any(axis=1)), np.flatnonzero(segment.any(axis=0))
        return segment[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]

    def read(self, number: int) -> np.ndarray:
        """Return one label map, H x W int32, number < len(maps). Raises `DataError` when it is not usable."""
        index = self.maps[number]
        return read_labels(self.source.read(index), self.source.place(index))


def _suffix(source: Source, index: int) -> str:
    if isinstance(source, ShardSource):
        return PurePosixPath(source.members[index]).suffix.lower()
    assert isinstance(source, FolderSource)
    return source.files[index].suffix.lower()


def _place(shape: np.ndarray, size: int, share: float, rng: np.random.Generator) -> np.ndarray | None:
    """Scale a shape (h x w bool) to a share of a picture and put it somewhere; None when it would stick out."""
    margin = round(MARGIN * size)
    scale = float(np.sqrt(share * size * size / shape.sum()))
    height, width = (max(1, round(side * scale)) for side in shape.shape)
    if max(height, width) + 2 * margin > size:
        return None
    scaled = cv2.resize(shape.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0.5
    if rng.random() < 0.5:
        scaled = scaled[:, ::-1]
    top = rng.integers(margin, size - height - margin + 1)
    left = rng.integers(margin, size - width - margin + 1)
    mask = np.zeros((size, size), np.uint8)
    mask[top : top + height, left : left + width] = scaled
    if margin:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
        mask = cv2.dilate(mask, disc)
    return mask > 0
