"""What a person sees while a model trains, and what Ctrl-C and SIGTERM do meanwhile."""

import signal
import time
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from inpaint.cli._report import print_notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from inpaint.core.trainers import StepReport
    from inpaint.training.experiment.plan import Cell
    from inpaint.training.recipe import Recipe

SMOOTHING = 0.95
BAR = 16
"""Width of the bar in characters."""
RATE = "{task.fields[rate]:.1f} images/s"
GLANCE = 0.5
"""Seconds between two looks at the losses: to look is to wait for the device."""


class Stoppable:
    """A live line that turns Ctrl-C into a clean stop.

    Used as a context manager around the training and passed to it as a callback. The first Ctrl-C asks the training
    to stop after the running step, so that a checkpoint can be written; a second one interrupts at once, and so does
    the first before there is a step to save. SIGTERM, which rented machines and job queues send before they take a
    machine away, does the same.
    """

    def __init__(self, progress: Progress, *, alone: bool = True) -> None:
        """Prepare it. alone: whether no other processes train with this one."""
        self.progress = progress
        self.alone = alone
        self.interrupted = False
        self.begun = False
        """Whether there is a finished step."""

    def __enter__(self) -> Self:
        self.progress.start()
        # Several processes are ended by their launcher because one has died: there is nobody left to save with.
        caught = (signal.SIGINT, signal.SIGTERM) if self.alone else (signal.SIGINT,)
        self.previous = {number: signal.signal(number, self._interrupt) for number in caught}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)
        self.progress.stop()

    def note(self, sentence: str) -> None:
        """Say something above the line."""
        self.progress.console.print(f"Note: {sentence}", style="yellow", highlight=False, markup=False, soft_wrap=True)

    def conclude(self, finished: int, planned: int, *, resume: str, export: str) -> None:
        """Say what comes next: the command that goes on, or the one that exports.

        Raises `typer.Exit` with 130 when Ctrl-C has stopped the training.
        """
        stopped = finished < planned
        if not self.progress.disable:
            typer.echo(
                f"Stopped after step {finished}. Go on with: {resume}"
                if stopped
                else f"Finished {finished} steps. Export the model with: {export}"
            )
        if stopped and self.interrupted:
            raise typer.Exit(130)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.interrupted or not (self.begun or not self.alone):
            # If what is being imported swallows this, the training stops after its first step.
            self.interrupted = True
            raise KeyboardInterrupt
        self.interrupted = True
        if not self.progress.disable:
            again = "Ctrl-C again" if number == signal.SIGINT else "Another signal"
            self.progress.console.print(f"Finishing this step and saving. {again} stops at once, without saving.")


class TwoLines(Progress):
    """Phase, bar, step, images per second and time left; and below them the losses, as far as the window is wide."""

    def __init__(self, console: Console, *, disable: bool = False) -> None:
        super().__init__(
            TextColumn("{task.fields[shown]}", style="bold", markup=False, table_column=Column(no_wrap=True)),
            BarColumn(bar_width=BAR),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TextColumn(RATE, table_column=Column(no_wrap=True)),
            TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True)),
            console=console,
            disable=disable,
        )

    def get_renderables(self) -> "Iterable[RenderableType]":
        """Yield the line and the losses."""
        for task in self.tasks:
            width = self.console.width
            steps, rate = f"{task.total:.0f}/{task.total:.0f}", RATE.format(task=task)
            others = BAR + len(steps) + len(rate) + len("00:00:00") + 4  # and a space between two columns
            # What a narrow window has no room for is taken from the name of the phase.
            task.fields["shown"] = _shortened(task.description, max(8, width - others))
        yield self.make_tasks_table(self.tasks)
        for task in self.tasks:
            yield Text(_shortened(str(task.fields["losses"]), self.console.width), style="dim")


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


class TrainingProgress(Stoppable):
    """The lines of a recipe's training: phase, step, images per second, time left, smoothed losses."""

    def __init__(self, recipe: "Recipe", title: str = "", *, processes: int = 1, visible: bool = True) -> None:
        """Prepare the line.

        title: what stands before the phase, where several trainings follow one another. processes: how many train
        together. visible: whether this is the one of them that shows the line.
        """
        progress = TwoLines(Console(stderr=True), disable=not visible)
        super().__init__(progress, alone=processes == 1)
        self.recipe = recipe
        self.title = title
        self.processes = processes
        self.visible = visible
        self.looked = float("-inf")
        self.terms: dict[str, float] = {}
        self.rate = 0.0
        self.before: float | None = None
        self.task: TaskID = self.progress.add_task("starting", total=recipe.schedule.steps, rate=0.0, losses="")

    def __call__(self, report: "StepReport") -> bool:
        """Show one finished step; returns whether Ctrl-C has asked to stop."""
        self.begun = True
        now = time.monotonic()
        if self.before is not None:
            images = self.processes * self.recipe.data[report.moment.phase.data].batch / max(now - self.before, 1e-9)
            self.rate = images if not self.rate else SMOOTHING * self.rate + (1 - SMOOTHING) * images
        self.before = now
        if self.visible and now - self.looked >= GLANCE:
            self.looked = now
            for name, value in report.terms.items():
                self.terms[name] = SMOOTHING * self.terms.get(name, value) + (1 - SMOOTHING) * value
        losses = "  ".join(f"{name} {value:.3f}" for name, value in self.terms.items())
        self.progress.update(
            self.task,
            completed=report.step,
            description=f"{self.title}{report.moment.phase.name}",
            rate=self.rate,
            losses=losses,
        )
        return self.interrupted

    def tell(self, text: str) -> None:
        """Show what happens between two stretches of training."""
        self.progress.update(self.task, description=f"{self.title}{text}")


class ExperimentProgress:
    """The line of one training after the other, and of the measurements between."""

    def __init__(self) -> None:
        self.interrupted = False
        self.line: TrainingProgress | None = None

    @contextmanager
    def watch(self, cell: "Cell", number: int, count: int) -> "Iterator[TrainingProgress]":
        """Show the training of one cell."""
        with TrainingProgress(cell.recipe, f"{number}/{count} {cell.name}, ") as progress:
            # Ctrl-C while the last cell was measured for the last time: this one stops after its first step.
            progress.interrupted = self.interrupted
            self.line = progress
            yield progress
        self.interrupted = self.interrupted or progress.interrupted

    def note(self, sentence: str) -> None:
        """Say something above the line."""
        if self.line is not None:
            self.line.note(sentence)
        else:
            print_notes([sentence])

    def measuring(self, done: int, count: int) -> None:
        """Show how far a measurement is."""
        if self.line is not None:
            self.line.tell(f"measuring {done} of {count}")
