"""The training loop: it knows phases and callbacks, and neither mathematics nor files."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from inpaint.core.trainers.adversary import AdversarialTrainer
from inpaint.core.trainers.batch import Batch
from inpaint.core.trainers.phases import Moment, Schedule


@dataclass(frozen=True, slots=True)
class StepReport:
    """What happened in one step. `step` counts finished steps: 1 after the first."""

    step: int
    moment: Moment
    losses: dict[str, Tensor]
    """Every term by name, scalars that may still be on their way on the device."""
    waited: float = 0.0
    """Seconds for which the step waited for its batch."""

    @property
    def terms(self) -> dict[str, float]:
        """The losses as numbers. Waits until the device has finished the step: do not ask after every one."""
        if not self.losses:
            return {}
        return dict(zip(self.losses, torch.stack(list(self.losses.values())).tolist(), strict=True))


class Callback(Protocol):
    """Something told of every step. Returning True asks the loop to stop after this step."""

    def __call__(self, report: StepReport) -> bool | None:
        """Look at one finished step."""
        ...


def train(
    trainer: AdversarialTrainer,
    schedule: Schedule,
    batches: Iterable[Batch],
    callbacks: Sequence[Callback],
    *,
    start: int = 0,
    agree: Callable[[bool], bool] = bool,
) -> int:
    """Train from step `start` to the end of the schedule, or until a callback asks to stop.

    batches: the batch of step `start` first. agree: whether to stop, given whether somebody here wants to; where there
    are several processes they must all get the same answer. Returns how many steps are finished.
    """
    coming = iter(batches)
    for step in range(start, schedule.steps):
        moment = schedule.at(step)
        asked = time.monotonic()
        batch = next(coming, None)
        if batch is None:
            return step
        waited = time.monotonic() - asked
        report = StepReport(step + 1, moment, trainer.step(batch, moment), waited)
        # Every callback sees the step, even when an earlier one has asked to stop.
        wishes = [callback(report) for callback in callbacks]
        if agree(any(wishes)):
            return step + 1
    return schedule.steps
