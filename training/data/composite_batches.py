"""Batches of composites by step: like those of `data`, they depend on the seed and the step and on nothing else."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from torch.utils.data import Dataset

from inpaint.core.errors import InpaintError
from inpaint.core.trainers import Batch
from inpaint.training.data.batches import CPU, BatchPlan, Order, load_arrays, to_batch
from inpaint.training.data.composites import Composite, CompositeConfig, make_composite
from inpaint.training.data.crops import CropConfig
from inpaint.training.data.loader_processes import handed_over
from inpaint.training.data.segments import SegmentSource
from inpaint.training.data.skipped import SkippedPictures, read_or_replace

Arrays = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]
"""Photographs and composites, N x size x size x 3 uint8; holes and objects, N x size x size bool."""
Made = tuple[Arrays, list[str]]
"""The arrays of a step, and what was skipped (see `read_or_replace`)."""


class CompositeDataset(Dataset):
    """Item n is the whole batch of step n."""

    def __init__(self, source: SegmentSource, config: CompositeConfig, plan: BatchPlan) -> None:
        self.source = source
        self.config = config
        self.plan = plan
        self.order = Order(len(source), plan.seed)

    def __len__(self) -> int:
        """Count the steps."""
        return self.plan.schedule.steps

    def __getitem__(self, step: int) -> Made | InpaintError:
        """Return the arrays of one step and what was skipped, or why there are none."""
        return handed_over(lambda: self._stacked(step))

    def _stacked(self, step: int) -> Made:
        skipped: list[str] = []
        samples = [self._sample(number, self.plan.crops_at(step), skipped) for number in self.plan.sample_numbers(step)]
        return stack(samples), skipped

    def _sample(self, number: int, crops: CropConfig, skipped: list[str]) -> Composite:
        count, seed = len(self.source), self.plan.seed
        return read_or_replace(
            lambda index: draw(self.source, index, self.config, crops, (seed, number)),
            self.order(number),
            count,
            (seed, 3, number),
            skipped,
        )


def load_composites(
    source: SegmentSource,
    config: CompositeConfig,
    plan: BatchPlan,
    *,
    start: int,
    workers: int,
    skipped: SkippedPictures | None = None,
) -> Iterator[Batch]:
    """Yield the batches of step `start`, `start` + 1, ... made by worker processes (0 = in this one).

    The batches are on the device of the plan. skipped: as in `load_batches`.
    """
    skipped = skipped or SkippedPictures(len(source))
    for arrays, unusable in load_arrays(CompositeDataset(source, config, plan), plan, start=start, workers=workers):
        skipped.add(unusable)
        yield to_composite_batch(arrays, plan.device)


def choose_composites(
    source: SegmentSource,
    config: CompositeConfig,
    crops: CropConfig,
    seed: int,
    count: int | None = None,
    skipped: SkippedPictures | None = None,
) -> Batch:
    """Make fixed composites of evenly spaced pictures of a source, as validation and evaluation use them.

    skipped: as in `load_batches`.
    """
    skipped = skipped or SkippedPictures(len(source))
    number = len(source) if count is None else min(count, len(source))
    chosen = np.linspace(0, len(source) - 1, number).astype(int)
    samples, unusable = [], []
    for n, index in enumerate(chosen):
        made = partial(draw, source, config=config, crops=crops, seed=(seed, 2, n))
        samples.append(read_or_replace(made, int(index), len(source), (seed, 4, n), unusable))
    skipped.add(unusable)
    return to_composite_batch(stack(samples))


def draw(
    source: SegmentSource, index: int, config: CompositeConfig, crops: CropConfig, seed: tuple[int, ...]
) -> Composite:
    """Make one composite of a picture and of another one of the same source, which the seed decides."""
    rng = np.random.default_rng(seed)
    other = (index + int(rng.integers(1, len(source)))) % len(source) if len(source) > 1 else index
    return make_composite(source.read(index), source.read(other).pixels, config, crops, rng)


def stack(samples: list[Composite]) -> Arrays:
    """Put samples of one size together."""
    image, composite, hole, foreground = (
        torch.from_numpy(np.stack([getattr(sample, name) for sample in samples]))
        for name in ("image", "composite", "hole", "foreground")
    )
    return image, composite, hole, foreground


def to_composite_batch(arrays: Arrays, device: torch.device = CPU) -> Batch:
    """Turn uint8 and bool arrays into a `Batch` on a device, in [-1, 1] and 0..1."""
    image, composite, hole, foreground = arrays
    photograph = to_batch(image, hole, device)
    strange = to_batch(composite, foreground, device)
    return Batch(photograph.image, photograph.mask, strange.image, strange.mask)
