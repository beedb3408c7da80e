"""What a recipe learns from: photographs with random holes, or composites of segmented photographs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from inpaint.core.errors import RecipeError
from inpaint.core.trainers import Batch
from inpaint.training.data.batches import BatchPlan, load_batches
from inpaint.training.data.composite_batches import choose_composites, load_composites
from inpaint.training.data.composites import CompositeConfig
from inpaint.training.data.object_shapes import Shapes
from inpaint.training.data.segments import SegmentSource, open_segments, split
from inpaint.training.data.sources import Source, StreamSource, open_source
from inpaint.training.recipe import Recipe
from inpaint.training.run.validation import PICTURES, choose_pictures


class TrainingData(Protocol):
    """Opened training data."""

    def __str__(self) -> str:
        """Say what it is, for people."""
        ...

    def batches(self, plan: BatchPlan, *, start: int, workers: int) -> Iterator[Batch]:
        """Yield the batches of step `start`, `start` + 1, ..."""
        ...

    def fixed(self) -> Batch | None:
        """Return the pictures to look at while training; None where there is no random access."""
        ...


def open_training_data(recipe: Recipe, data: str, val: str | None = None, shapes: str | None = None) -> TrainingData:
    """Open what a recipe needs. data, val: as `open_source` or, for a joint model, `open_segments` takes them.

    shapes: label maps, for holes with the outlines of objects. Raises `RecipeError` when something is not there.
    """
    if recipe.composites is not None:
        part, held = split(open_segments(data), recipe.composites.hold_back)
        return Composites(recipe, recipe.composites, part, open_segments(val) if val else (held if len(held) else part))
    source = open_source(data, recipe.seed)
    outlines = Shapes(shapes) if shapes else None
    if outlines is None and recipe.wants_shapes:
        raise RecipeError(
            "The recipe wants holes with the outlines of objects; say where label maps are: --shapes DIR."
        )
    return Photographs(recipe, source, open_source(val, recipe.seed) if val else source, outlines)


@dataclass(frozen=True, slots=True)
class Photographs:
    """Photographs in which holes are drawn."""

    recipe: Recipe
    source: Source | StreamSource
    held: Source | StreamSource
    shapes: Shapes | None

    def __str__(self) -> str:
        """Say what it is, for people."""
        return "a stream of pictures" if isinstance(self.source, StreamSource) else f"{len(self.source)} pictures"

    def batches(self, plan: BatchPlan, *, start: int, workers: int) -> Iterator[Batch]:
        """Yield the batches of step `start`, `start` + 1, ..."""
        return load_batches(self.source, replace(plan, shapes=self.shapes), start=start, workers=workers)

    def fixed(self) -> Batch | None:
        """Return sixteen pictures with fixed holes; None for a stream."""
        if isinstance(self.held, StreamSource):
            return None
        recipe = self.recipe
        return choose_pictures(self.held, recipe.native_holes, recipe.native_size, recipe.seed, shapes=self.shapes)


@dataclass(frozen=True, slots=True)
class Composites:
    """Segmented photographs of which composites are made."""

    recipe: Recipe
    config: CompositeConfig
    source: SegmentSource
    held: SegmentSource

    def __str__(self) -> str:
        """Say what it is, for people."""
        return f"{len(self.source)} segmented pictures"

    def batches(self, plan: BatchPlan, *, start: int, workers: int) -> Iterator[Batch]:
        """Yield the batches of step `start`, `start` + 1, ..."""
        return load_composites(self.source, self.config, plan, start=start, workers=workers)

    def fixed(self) -> Batch:
        """Return fixed composites of pictures that are not trained on."""
        crops = self.recipe.data[self.recipe.phases[-1].data]
        return choose_composites(self.held, self.config, crops, self.recipe.seed, PICTURES)
