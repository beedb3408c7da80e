"""The jobs of a batch on this machine, several at a time.

Every thread does whole jobs: while some decode or write, others fill, and no core is idle. On a CPU each region has one
thread, because several regions beside each other share the cores better than several threads share a region; the
pixels are the same. Memory stays bounded however many photographs there are and however large they are, because a
photograph is decoded only when those under way leave room for its pixels.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from inpaint.core.batch.batched_regions import BatchingEngine
from inpaint.core.batch.find_inputs import Item
from inpaint.core.batch.job import Outcome, Settings, fill_file
from inpaint.core.engines.devices import memory, physical_cores
from inpaint.core.engines.engine import Device, Engine, load_engine
from inpaint.core.errors import InpaintError
from inpaint.core.images.read_write import pixel_count

BYTES_PER_PIXEL = 48
"""What filling a photograph takes at most, with 16 bits per channel and a soft seam."""
SHARE = 0.4
"""Of the machine's memory, for the photographs under way."""

Report = Callable[[Outcome], None]
"""Called in the thread that started the batch, once for each finished job."""


class _Stopped(BaseException):
    """Ends a job between two regions; not an `Exception`, so that the job does not take it for a bad file."""


class Budget:
    """Pixels that may be in memory at once. One photograph larger than all of it may be there alone."""

    def __init__(self, pixels: int) -> None:
        self.pixels = pixels
        self.used = 0
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        """Wait until there is room for this many, and have it until the block ends."""
        with self._changed:
            self._changed.wait_for(lambda: self.used == 0 or self.used + pixels <= self.pixels)
            self.used += pixels
        try:
            yield
        finally:
            with self._changed:
                self.used -= pixels
                self._changed.notify_all()


def load_batch_engine(
    model: str | Path, device: Device = "auto", threads: int | None = None, jobs: int = 2
) -> tuple[Engine, int]:
    """Load a model for a batch of `jobs` photographs; returns the engine and how many to fill at the same time.

    - `threads`: CPU threads to fill with, of all jobs together; None takes one per physical core.

    Raises as `load_engine` does.
    """
    cores = threads or physical_cores() or os.cpu_count() or 1
    beside = min(cores, max(1, jobs))
    engine = load_engine(model, device, max(1, cores // beside))
    if engine.device == "cpu":
        return engine, beside
    return BatchingEngine(engine), max(1, min(jobs, 2 * cores))


def run_here(
    items: Sequence[Item],
    settings: Settings,
    engine: Engine,
    report: Report,
    *,
    beside: int,
    key: str = "",
    pixels: int | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Fill every item, `beside` at the same time, and report each one when it is finished.

    - `pixels`: how many to have in memory at once; None takes what fits into a part of the machine's memory;
    - `stop`: once it is set, the jobs under way end at their next region without a trace, those that finish meanwhile
      are reported, and KeyboardInterrupt is raised. The same happens on an exception, but then the outcome that was
      just being reported may be lost.
    """
    budget = Budget(pixels or int(memory() * SHARE) // BYTES_PER_PIXEL)
    stop = stop or threading.Event()

    def check(done: int = 0, total: int = 0) -> None:
        if stop.is_set():
            raise _Stopped

    def job(item: Item) -> Outcome:
        with budget.hold(_pixels(item.image)):
            check()
            return fill_file(item, settings, engine, key, check)

    waiting = iter(items)
    running: set[Future[Outcome]] = set()
    finished: set[Future[Outcome]] = set()
    with ThreadPoolExecutor(beside, thread_name_prefix="inpaint-batch") as pool:
        try:
            while True:
                while not stop.is_set() and len(running) < beside and (item := next(waiting, None)) is not None:
                    running.add(pool.submit(job, item))
                if not running:
                    break
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                _report(finished, report)
        except BaseException:
            stop.set()
            _report(finished | running, report)
            raise
    if stop.is_set():
        raise KeyboardInterrupt


def _report(futures: set[Future[Outcome]], report: Report) -> None:
    """Wait for these jobs, and report those that were not stopped. Takes out of the set what it has reported."""
    while futures:
        future = futures.pop()
        if not isinstance(future.exception(), _Stopped):
            report(future.result())


def _pixels(path: Path) -> int:
    """Return how many pixels a photograph has, from its header; for what Pillow cannot open a guess from its size."""
    try:
        return pixel_count(path)
    except InpaintError:
        try:
            return path.stat().st_size
        except OSError:
            return 0
