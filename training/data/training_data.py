"""What a recipe learns from: photographs with random holes, or composites of segmented photographs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from inpaint.core.errors import RecipeError
from inpaint.core.trainers import Batch
from inpaint.training.data.batches import BatchPlan, load_batches
from inpaint.training.data.check_pictures import Check
from inpaint.training.data.composite_batches import choose_composites, load_composites
from inpaint.training.data.composites import CompositeConfig
from inpaint.training.data.crops import decode, read_picture
from inpaint.training.data.held_out import held_count, hold_out
from inpaint.training.data.object_shapes import Shapes
from inpaint.training.data.segments import SegmentSource, open_segments, split
from inpaint.training.data.skipped import SkippedPictures
from inpaint.training.data.sources import Source, StreamSource, open_source
from inpaint.training.recipe import Recipe
from inpaint.training.run.validation import PICTURES, choose_pictures


class TrainingData(Protocol):
    """Opened training data."""

    @property
    def total(self) -> int | None:
        """How many pictures are trained on; None for a stream."""
        ...

    @property
    def held_out(self) -> int:
        """How many of the photographs in `data` are kept from training; always 0 where the recipe says it itself."""
        ...

    @property
    def validated_on(self) -> str:
        """Say what is validated on, for people: one sentence."""
        ...

    def __str__(self) -> str:
        """Say what it is, for people."""
        ...

    def batches(
        self, plan: BatchPlan, *, start: int, workers: int, skipped: SkippedPictures | None = None
    ) -> Iterator[Batch]:
        """Yield the batches of step `start`, `start` + 1, ..."""
        ...

    def fixed(self, skipped: SkippedPictures | None = None) -> Batch | None:
        """Return the pictures to look at while training; None where there is no random access."""
        ...

    def checks(self) -> list[Check]:
        """Return what reads all of it, picture by picture."""
        ...


def open_training_data(
    recipe: Recipe, data: str, val: str | None = None, shapes: str | None = None, held_out: int | None = None
) -> TrainingData:
    """Open what a recipe needs. data, val: as `open_source` or, for a joint model, `open_segments` takes them.

    shapes: label maps, for holes with the outlines of objects. held_out: how many of the photographs are validated on
    and not trained on; None = sixteen of 160 or more, fewer of fewer, and none where `val` is given. Raises
    `RecipeError` when something is not there.
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
    trained = validated = source
    if isinstance(source, StreamSource):
        held_out = 0
    else:
        held_out = (0 if val else held_count(len(source), PICTURES)) if held_out is None else held_out
        trained, validated = hold_out(source, held_out)
    if val:
        validated = open_source(val, recipe.seed)
    return Photographs(recipe, trained, validated, outlines, held_out)


@dataclass(frozen=True, slots=True)
class Photographs:
    """Photographs in which holes are drawn."""

    recipe: Recipe
    source: Source | StreamSource
    held: Source | StreamSource
    shapes: Shapes | None
    held_out: int

    @property
    def total(self) -> int | None:
        """Count the pictures that are trained on."""
        return None if isinstance(self.source, StreamSource) else len(self.source)

    @property
    def validated_on(self) -> str:
        """Say what is validated on."""
        if isinstance(self.held, StreamSource):
            return "A stream is not validated on, so there is no best checkpoint; give --val for one."
        shown = min(PICTURES, len(self.held))
        if self.held is self.source:
            return (
                f"Too few photographs to keep any from training: {shown} that are trained on are validated on, too; "
                "give others with --val."
            )
        if self.held_out and len(self.held) == self.held_out:
            return f"{shown} of the photographs are kept from training, and validated on; --val gives others."
        return f"Validated on {shown} photographs of --val."

    def __str__(self) -> str:
        """Say what it is, for people."""
        return "a stream of pictures" if isinstance(self.source, StreamSource) else f"{len(self.source)} pictures"

    def batches(
        self, plan: BatchPlan, *, start: int, workers: int, skipped: SkippedPictures | None = None
    ) -> Iterator[Batch]:
        """Yield the batches of step `start`, `start` + 1, ..."""
        plan = replace(plan, shapes=self.shapes)
        return load_batches(self.source, plan, start=start, workers=workers, skipped=skipped)

    def fixed(self, skipped: SkippedPictures | None = None) -> Batch | None:
        """Return sixteen pictures with fixed holes; None for a stream."""
        if isinstance(self.held, StreamSource):
            return None
        recipe = self.recipe
        skipped = skipped or SkippedPictures(self.total)
        holes, size = recipe.native_holes, recipe.native_size
        return choose_pictures(self.held, holes, size, recipe.seed, skipped, shapes=self.shapes)

    def checks(self) -> list[Check]:
        """Return what reads all pictures and label maps; of a stream, each once."""
        sources = [self.source] if self.held is self.source else [self.source, self.held]
        checks = [
            Check.of_stream("pictures", (partial(decode, *picture) for picture in source.once()))
            if isinstance(source, StreamSource)
            else Check("pictures", partial(read_picture, source), len(source))
            for source in sources
        ]
        return checks + ([Check("label maps", self.shapes.read, len(self.shapes.maps))] if self.shapes else [])


@dataclass(frozen=True, slots=True)
class Composites:
    """Segmented photographs of which composites are made."""

    recipe: Recipe
    config: CompositeConfig
    source: SegmentSource
    held: SegmentSource

    @property
    def total(self) -> int:
        """Count the pictures that are trained on."""
        return len(self.source)

    @property
    def held_out(self) -> int:
        """Return 0: the recipe says what is held back."""
        return 0

    @property
    def validated_on(self) -> str:
        """Say what is validated on."""
        shown = min(PICTURES, len(self.held))
        if self.held is self.source:
            return f"{shown} segmented pictures that are trained on are validated on, too; give others with --val."
        return f"Validated on composites of {shown} segmented pictures that are not trained on."

    def __str__(self) -> str:
        """Say what it is, for people."""
        return f"{len(self.source)} segmented pictures"

    def batches(
        self, plan: BatchPlan, *, start: int, workers: int, skipped: SkippedPictures | None = None
    ) -> Iterator[Batch]:
        """Yield the batches of step `start`, `start` + 1, ..."""
        return load_composites(self.source, self.config, plan, start=start, workers=workers, skipped=skipped)

    def fixed(self, skipped: SkippedPictures | None = None) -> Batch:
        """Return fixed composites of pictures that are not trained on."""
        crops = self.recipe.data[self.recipe.phases[-1].data]
        return choose_composites(self.held, self.config, crops, self.recipe.seed, PICTURES, skipped)

    def checks(self) -> list[Check]:
        """Return what reads all pictures with their label maps."""
        sources = [self.source] if self.held is self.source else [self.source, self.held]
        return [Check.of_segments(source) for source in sources]
