"""What every method is given: photographs with a hole each, in an order that does not change."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from inpaint.core.errors import MaskError, RecipeError
from inpaint.training.data.crops import centre_crop, read_picture
from inpaint.training.data.mask_sets import MaskSet
from inpaint.training.data.sources import Source, StreamSource, open_source
from inpaint.training.evaluation.pairing import Pairing, pair


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One photograph and its hole."""

    name: str
    """Its path in the folder or shard, without suffix where that tells it from all others; see `distinct_names`."""
    picture: np.ndarray
    """H x W x 3 uint8 RGB, with the truth in the hole. Shared by all methods: not to be written to."""
    hole: np.ndarray
    """H x W bool, True = hole."""

    def keep_known(self, filled: np.ndarray) -> np.ndarray:
        """Return a fill (H x W x 3 uint8) with the known pixels exactly as they were given."""
        return np.where(self.hole[..., None], filled, self.picture)


class Photographs:
    """The photographs of an evaluation, from a folder or .tar shards."""

    def __init__(self, location: str, *, size: int = 256, whole: bool = False, limit: int | None = None) -> None:
        """Open them, and decode nothing yet.

        - `size`: side in pixels of the central square that is cut from each;
        - `whole`: take the whole photograph at its full size instead;
        - `limit`: use only the first so many.

        Raises `RecipeError` when there are none.
        """
        source = open_source(location)
        if isinstance(source, StreamSource):
            raise RecipeError("Evaluation needs pictures on disk: give a folder or .tar shards.")
        self.source: Source = source
        self.location = location
        self.size = size
        self.whole = whole
        self.names = [source.name(index) for index in range(len(source))][:limit]
        self.files = [source.path(index) for index in range(len(self.names))]

    def __len__(self) -> int:
        """Count those that are used."""
        return len(self.names)

    def read(self, index: int) -> np.ndarray:
        """Return one as H x W x 3 uint8 RGB."""
        picture = read_picture(self.source, index)
        return np.array(picture) if self.whole else centre_crop(picture, self.size)

    def pair(self, masks: MaskSet) -> Pairing:
        """Say which mask belongs to each photograph. Raises `MaskError`, see `pairing.pair`."""
        return pair(self.names, self.files, masks)

    def with_masks(self, masks: MaskSet) -> Iterator[Sample]:
        """Yield every photograph with its mask, as `pair` says.

        A mask is stretched over a whole photograph; a square has to have its size. Raises `MaskError` when they cannot
        be paired, or do not fit.
        """
        for index, number in enumerate(self.pair(masks).numbers):
            picture, hole = self.read(index), masks.read(number)
            height, width = picture.shape[:2]
            if hole.shape != (height, width):
                if not self.whole:
                    raise MaskError(
                        f"The masks in {masks.folder} have {hole.shape[1]} x {hole.shape[0]} pixels and the pictures "
                        f"{width} x {height}; choose --size {hole.shape[0]}, or freeze masks of --size {height}."
                    )
                hole = cv2.resize(hole.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
            yield Sample(self.names[index], picture, hole)
