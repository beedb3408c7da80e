"""Batches by step: the pictures, crops and holes of a step depend on the seed and the step, and on nothing else.

That is what makes resuming exact: there is no iterator whose position could be lost.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from PIL.Image import Image
from torch.utils.data import DataLoader, Dataset, IterableDataset

from inpaint.core.errors import DataError, InpaintError
from inpaint.core.trainers import Batch, Schedule
from inpaint.training.data.crops import CropConfig, decode, random_crop, read_picture
from inpaint.training.data.holes import HoleConfig, draw_holes, holes_of
from inpaint.training.data.loader_processes import handed_over, leave_signals, received
from inpaint.training.data.object_shapes import Shapes
from inpaint.training.data.skipped import TRIES, SkippedPictures, none_usable, read_or_replace
from inpaint.training.data.sources import Source, Streamed, StreamSource

Arrays = tuple[torch.Tensor, torch.Tensor, list[str]]
"""Pixels, N x size x size x 3 uint8; masks, N x size x size bool; and what was skipped (see `read_or_replace`)."""

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """What turns pictures into the batch of a step."""

    crops: dict[str, CropConfig]
    holes: dict[str, HoleConfig]
    schedule: Schedule
    seed: int
    rank: int = 0
    world: int = 1
    anchor: tuple[int, int] = (0, 0)
    """A step and the number of its first sample. Differs from 0 and 0 where the number of processes has changed."""
    device: torch.device = CPU
    """Where the batches are wanted."""
    shapes: Shapes | None = None
    """Outlines for holes, where a recipe wants some."""

    def crops_at(self, step: int) -> CropConfig:
        """Return the data settings of a step."""
        return self.crops[self.schedule.at(step).phase.data]

    def sample_numbers(self, step: int) -> range:
        """Number the samples of a step on this process; over all steps and processes the numbers run on from 0."""
        batch = self.crops_at(step).batch
        first = self.samples_before(step) + self.rank * batch
        return range(first, first + batch)

    def samples_before(self, step: int) -> int:
        """Count the samples that all processes have drawn before a step; the number of its first one."""
        since, number = self.anchor
        return number + (self._drawn(step) - self._drawn(since)) * self.world

    def _drawn(self, step: int) -> int:
        """Count the samples that one process draws before a step."""
        count = 0
        for phase in self.schedule.phases:
            within = min(step, phase.steps)
            count += within * self.crops[phase.data].batch
            step -= within
        return count

    def build(self, step: int, pictures: Iterable[Image], skipped: list[str]) -> Arrays:
        """Return pixels, masks and what was skipped of one step.

        pictures: in RGB, one for each of its sample numbers; looked at one by one. skipped: gets the sentences of label
        maps that are not usable, and is returned.
        """
        phase = self.schedule.at(step).phase
        crops, holes = self.crops[phase.data], holes_of(phase, self.holes)
        pixels, masks = [], []
        for number, picture in zip(self.sample_numbers(step), pictures, strict=True):
            rng = np.random.default_rng((self.seed, number))
            pixels.append(random_crop(picture, crops, rng))
            masks.append(draw_holes(holes, crops.size, rng, self.shapes, skipped))
        return torch.from_numpy(np.stack(pixels)), torch.from_numpy(np.stack(masks)), skipped


class Order:
    """Walks through all pictures in a new order every epoch: sample number to picture number."""

    def __init__(self, count: int, seed: int) -> None:
        self.count = count
        self.seed = seed
        self._epoch: tuple[int, np.ndarray] | None = None

    def __call__(self, number: int) -> int:
        """Return which picture the sample of this number shows."""
        epoch, position = divmod(number, self.count)
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = epoch, np.random.default_rng((self.seed, 1, epoch)).permutation(self.count)
        return int(self._epoch[1][position])


class StepDataset(Dataset):
    """Item n is the whole batch of step n, from a source in random access."""

    def __init__(self, source: Source, plan: BatchPlan) -> None:
        self.source = source
        self.plan = plan
        self.order = Order(len(source), plan.seed)

    def __len__(self) -> int:
        """Count the steps."""
        return self.plan.schedule.steps

    def __getitem__(self, step: int) -> Arrays | InpaintError:
        """Return the arrays of one step, as `BatchPlan.build`, or why there are none."""
        skipped: list[str] = []
        pictures = (self._picture(number, skipped) for number in self.plan.sample_numbers(step))
        return handed_over(lambda: self.plan.build(step, pictures, skipped))

    def _picture(self, number: int, skipped: list[str]) -> Image:
        count, seed = len(self.source), (self.plan.seed, 3, number)
        return read_or_replace(lambda index: read_picture(self.source, index), self.order(number), count, seed, skipped)


class StreamDataset(IterableDataset):
    """The batches from step `start` on, from a stream; what came before is read and thrown away undecoded."""

    def __init__(self, source: StreamSource, plan: BatchPlan, start: int) -> None:
        self.source = source
        self.plan = plan
        self.start = start

    def __iter__(self) -> Iterator[Arrays | InpaintError]:
        """Yield arrays step by step, as `BatchPlan.build`, and last why there are no more, if so."""
        try:
            yield from self._batches()
        except InpaintError as error:
            yield error

    def _batches(self) -> Iterator[Arrays]:
        plan, window = self.plan, StreamWindow(self.source)
        for step in range(self.start, plan.schedule.steps):
            skipped: list[str] = []
            pictures = (_usable(window.starting_at(number), skipped) for number in plan.sample_numbers(step))
            yield plan.build(step, pictures, skipped)


class StreamWindow:
    """A stream that can be looked at a little ahead of where it is."""

    def __init__(self, source: Iterable[Streamed]) -> None:
        self.coming = enumerate(source)
        self.kept: deque[tuple[int, Streamed]] = deque()

    def starting_at(self, number: int) -> Iterator[Streamed]:
        """Yield the pictures from one number on, which may not be smaller than the last one asked for."""
        while self.kept and self.kept[0][0] < number:
            self.kept.popleft()
        yield from (picture for _, picture in tuple(self.kept))
        for here, picture in self.coming:
            if here >= number:
                self.kept.append((here, picture))
                yield picture


def _usable(pictures: Iterator[Streamed], skipped: list[str]) -> Image:
    """Decode the first picture that can be; the sentences of those before go to `skipped`."""
    for picture in islice(pictures, TRIES):
        try:
            return decode(*picture)
        except DataError as error:
            skipped.append(str(error))
    raise none_usable(skipped)


def load_batches(
    source: Source | StreamSource,
    plan: BatchPlan,
    *,
    start: int,
    workers: int,
    skipped: SkippedPictures | None = None,
) -> Iterator[Batch]:
    """Yield the batches of step `start`, `start` + 1, ... decoded by worker processes (0 = in this one).

    The batches are on the device of the plan. skipped: told of pictures that are not usable; None = too many of them
    are an error all the same.
    """
    stream = isinstance(source, StreamSource)
    dataset = StreamDataset(source, plan, start) if stream else StepDataset(source, plan)
    skipped = skipped or SkippedPictures(None if stream else len(source))
    for step, (pixels, masks, unusable) in enumerate(load_arrays(dataset, plan, start=start, workers=workers), start):
        skipped.add(unusable, plan.samples_before(step + 1))
        yield to_batch(pixels, masks, plan.device)


def load_arrays(dataset: Dataset, plan: BatchPlan, *, start: int, workers: int) -> Iterator[Any]:
    """Yield what a dataset holds of step `start`, `start` + 1, ... made by worker processes (0 = in this one).

    dataset: of the batch of every step, or a stream that begins with step `start`.
    """
    # A generator of its own, because the loader would draw from the global one, whose state belongs to the trainer.
    random = torch.Generator().manual_seed(plan.seed)
    # From pinned memory pictures travel while the device computes.
    pin = plan.device.type == "cuda"
    common = {"batch_size": None, "worker_init_fn": leave_signals, "generator": random, "pin_memory": pin}
    if isinstance(dataset, IterableDataset):
        # One reader: several would change the order, and with it the meaning of a step.
        loader = DataLoader(dataset, num_workers=min(workers, 1), **common)
    else:
        steps, ahead = range(start, plan.schedule.steps), 4 if workers else None
        loader = DataLoader(dataset, sampler=steps, num_workers=workers, prefetch_factor=ahead, **common)
    yield from received(loader)


def to_batch(pixels: torch.Tensor, masks: torch.Tensor, device: torch.device = CPU) -> Batch:
    """Turn N x H x W x 3 uint8 and N x H x W bool into a `Batch` on a device, float32 in [-1, 1] and 0..1.

    They travel as bytes, a quarter of what floats would be, and lie there in channels-last order.
    """
    pixels, masks = pixels.to(device, non_blocking=True), masks.to(device, non_blocking=True)
    return Batch(pixels.permute(0, 3, 1, 2).float() / 127.5 - 1, masks[:, None].float())
