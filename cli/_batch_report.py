"""What is seen of a batch: a bar with the time left, a line for each failure, and a sentence or JSON at the end."""

import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from inpaint.cli._report import print_notes

if TYPE_CHECKING:
    from inpaint.core.batch import Manifest, Outcome

SHOWN = 20
"""Failures that are told at the end, at most; all of them are in the manifest."""
MAY_PASS = ("OutputError", "EngineError", "OutOfMemoryError")
"""Failures that another run may not have; those of photographs and masks stay until the files are changed."""


class BatchReport:
    """Counts outcomes and shows them, and turns Ctrl-C into a clean stop. Closed after the run.

    Used as a context manager around the run. The first Ctrl-C sets `stop`; a second one interrupts at once.
    """

    def __init__(
        self, total: int, skipped: int, *, quiet: bool, verbose: bool, as_json: bool, verb: str = "filled"
    ) -> None:
        self.total, self.skipped, self.verb = total, skipped, verb
        self.quiet, self.verbose, self.as_json = quiet, verbose, as_json
        self.done = self.noted = 0
        self.failures: list[Outcome] = []
        self.devices: set[str] = set()
        self.stop = threading.Event()
        self.start = time.perf_counter()
        self._progress = self._make_progress() if sys.stderr.isatty() and not quiet else None

    def __enter__(self) -> "BatchReport":
        if self._progress is not None:
            self._progress.start()
        self._previous = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._previous)
        if self._progress is not None:
            self._progress.stop()

    def note(self, *notes: str) -> None:
        """Say what a person should know before it starts."""
        if not self.quiet:
            print_notes(notes)

    def recording(self, manifest: "Manifest") -> Callable[["Outcome"], None]:
        """Return what takes an outcome: first into the manifest, then onto the screen."""

        def take(outcome: "Outcome") -> None:
            manifest.add(outcome)
            self._count(outcome)

        return take

    def close(self, manifest: Path, cut_short: bool = False) -> None:
        """Tell the failures and the sums; nothing when the run was cut short before it had begun."""
        finished = self.done + len(self.failures)
        if cut_short and not finished:
            return
        for outcome in self.failures[:SHOWN]:
            typer.secho(f"Failed: {_reason(outcome)}", fg=typer.colors.RED, err=True)
        if len(self.failures) > SHOWN:
            typer.secho(f"… and {len(self.failures) - SHOWN} more; {manifest} has all.", fg=typer.colors.RED, err=True)
        seconds = time.perf_counter() - self.start
        left = self.total - self.skipped - finished
        if self.as_json:
            record = {
                "manifest": str(manifest),
                "photographs": self.total,
                "done": self.done,
                "failed": len(self.failures),
                "with_notes": self.noted,
                "skipped": self.skipped,
                "left": left,
                "seconds": round(seconds, 3),
                "devices": sorted(self.devices),
                "failures": [
                    {"image": outcome.image, "kind": outcome.error.kind, "message": outcome.error.message}
                    for outcome in self.failures
                    if outcome.error is not None
                ],
            }
            typer.echo(json.dumps(record))
        elif not self.quiet:
            parts = [f"{self.done} {self.verb}", *([f"{len(self.failures)} failed"] if self.failures else [])]
            parts += [f"{self.skipped} already done"] if self.skipped else []
            parts += [f"{left} left"] if left else []
            speed = f" ({finished / seconds:.1f} per second)" if finished else ""
            passing = any(outcome.error and outcome.error.kind in MAY_PASS for outcome in self.failures)
            again = "; go on with --resume" if left or passing else ""
            parts += [f"{self.noted} with notes"] if self.noted else []
            typer.echo(f"{manifest.parent}: {', '.join(parts)} in {seconds:.1f} s{speed}{again}")

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.stop.is_set():
            raise KeyboardInterrupt
        self.stop.set()

    def _count(self, outcome: "Outcome") -> None:
        if outcome.status == "done":
            self.done += 1
            self.noted += bool(outcome.notes)
            self.devices.add(outcome.device or "")
        else:
            self.failures.append(outcome)
        if self.verbose:
            self._say(outcome)
        if self._progress is not None:
            done, failed = self.done + len(self.failures), len(self.failures)
            speed = done / max(time.perf_counter() - self.start, 1e-9)
            self._progress.update(
                self._progress.task_ids[0], completed=done, speed=speed, failed=f"{failed} failed" if failed else ""
            )

    def _say(self, outcome: "Outcome") -> None:
        """Print a photograph's own line, above the bar."""
        seconds = f"{sum(outcome.seconds.values()):.2f} s"
        if outcome.error is None:
            count = (
                f"{outcome.regions} region{'' if outcome.regions == 1 else 's'} of {outcome.width} x {outcome.height}"
            )
            line = (
                f"{_name(outcome)} -> {_plain(outcome.output)}: {count} on the {str(outcome.device).upper()}, {seconds}"
            )
        else:
            line = f"{_name(outcome)}: failed after {seconds}: {_plain(outcome.error.message)}"
        for text in (line, *(f"  note: {note}" for note in outcome.notes)):
            if self._progress is not None:
                self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
            else:
                typer.echo(text, err=True)

    def _make_progress(self) -> Progress:
        bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]:.1f}/s"),
            TimeRemainingColumn(),
            TextColumn("[red]{task.fields[failed]}"),
            console=Console(stderr=True),
            transient=True,
        )
        bar.add_task("filling", total=self.total - self.skipped, speed=0.0, failed="")
        return bar


def _reason(outcome: "Outcome") -> str:
    """Return why a photograph failed; its path comes first where the sentence does not have it."""
    assert outcome.error is not None
    known = outcome.image in outcome.error.message
    return _plain(outcome.error.message if known else f"{outcome.image}: {outcome.error.message}")


def _name(outcome: "Outcome") -> str:
    return _plain(outcome.image)


def _plain(text: str) -> str:
    """Return text that can be printed: a file name may hold bytes that are no text."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
