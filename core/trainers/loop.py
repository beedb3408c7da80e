"""The training loop: it knows phases and callbacks, and neither mathematics nor files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from inpaint.core.trainers.adversary import AdversarialTrainer
from inpaint.core.trainers.batch import Batch
from inpaint.core.trainers.phases import Moment, Schedule


@dataclass(frozen=True, slots=True)
class StepReport:
    """What happened in one step. `step` counts finished steps: 1 after the first."""

    step: int
    moment: Moment
    terms: dict[str, float]


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
) -> int:
    """Train from step `start` to the end of the schedule, or until a callback asks to stop.

    batches: the batch of step `start` first. Returns how many steps are finished.
    """
    for step, batch in zip(range(start, schedule.steps), batches, strict=False):
        moment = schedule.at(step)
        terms = trainer.step(batch, moment)
        report = StepReport(step + 1, moment, terms)
        # Every callback sees the step, even when an earlier one has asked to stop.
        wishes = [callback(report) for callback in callbacks]
        if any(wishes):
            return step + 1
    return schedule.steps
