"""What takes a while: one job after the other in a thread of its own, with progress, a visible queue and cancelling."""

import itertools
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from inpaint.core.errors import InpaintError
from inpaint.core.memory_errors import is_out_of_memory

Report = Callable[[int, int], None]
"""Called with how many steps are done and how many there are; raises `CancelledError` where the job is unwanted."""
Listener = Callable[[dict[str, Any]], None]
"""Called from the thread of the jobs with every event."""

WAITING = 32
"""Most jobs that may wait."""


class CancelledError(Exception):
    """Somebody cancelled the job."""


class FullError(InpaintError):
    """Too many jobs wait."""


@dataclass(slots=True, eq=False)
class Job:
    """Something that is to be done, or was."""

    number: int
    label: str
    photo: str
    """Name of the photograph it changes."""
    work: Callable[[Report], dict[str, Any]]
    """Does it, and returns what the page is told of the result."""
    state: str = "waiting"
    """waiting, running, done, failed or cancelled."""
    result: dict[str, Any] = field(default_factory=dict)
    unwanted: threading.Event = field(default_factory=threading.Event)

    def public(self) -> dict[str, Any]:
        """Return what the page is told."""
        return {"job": self.number, "label": self.label, "photo": self.photo, "state": self.state, **self.result}


class Jobs:
    """A queue, and the one thread that works through it."""

    def __init__(self, tell: Listener) -> None:
        self._tell = tell
        self._numbers = itertools.count(1)
        self._queue: queue.Queue[Job | None] = queue.Queue()
        self._jobs: dict[int, Job] = {}
        self._thread = threading.Thread(target=self._run, name="studio jobs", daemon=True)
        self._thread.start()

    def add(self, label: str, photo: str, work: Callable[[Report], dict[str, Any]]) -> Job:
        """Let a job wait for its turn. Raises `FullError`."""
        if self._queue.qsize() >= WAITING:
            raise FullError(f"{WAITING} fills are waiting already; wait until one of them is finished.")
        job = Job(next(self._numbers), label, photo, work)
        self._jobs[job.number] = job
        self._tell(job.public())
        self._queue.put(job)
        return job

    def pending(self) -> list[dict[str, Any]]:
        """Return what waits or runs, for a page that was just opened."""
        return [job.public() for job in list(self._jobs.values())]

    def cancel(self, number: int) -> bool:
        """Stop a job at its next step, or before it begins; returns whether there is one."""
        job = self._jobs.get(number)
        if job is not None:
            job.unwanted.set()
        return job is not None

    def close(self) -> None:
        """Cancel everything, and wait for the step under way."""
        for job in list(self._jobs.values()):
            job.unwanted.set()
        self._queue.put(None)
        self._thread.join(timeout=60)

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            self._do(job)
            del self._jobs[job.number]

    def _do(self, job: Job) -> None:
        def report(done: int, total: int) -> None:
            if job.unwanted.is_set():
                raise CancelledError
            job.result = {"done": done, "total": total}
            self._tell(job.public())

        start = time.perf_counter()
        try:
            if job.unwanted.is_set():
                raise CancelledError
            job.state = "running"
            self._tell(job.public())
            result = job.work(report)
            job.state, job.result = "done", {**result, "seconds": round(time.perf_counter() - start, 3)}
        except CancelledError:
            job.state, job.result = "cancelled", {}
        except InpaintError as error:
            job.state, job.result = "failed", {"message": str(error)}
        except Exception as error:
            message = f"This is a bug in Inpaint: {type(error).__name__}: {error}. Please report it."
            if is_out_of_memory(error):
                message = "There is not enough memory for this; close other programs, or take a smaller photograph."
            job.state, job.result = "failed", {"message": message}
        self._tell(job.public())
