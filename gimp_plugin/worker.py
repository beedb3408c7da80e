"""The worker: one process per user that keeps the model loaded between two calls from GIMP.

GIMP starts a new process for every call of a plug-in, and loading a model for each would take longer than filling. The
worker is started by the first call, serves all that follow, from however many GIMPs, one after the other, and ends
by itself: when nobody called for a while, when Inpaint was upgraded, or when a call comes from another installation.
"""

import argparse
import json
import os
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from importlib.util import find_spec
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path

from inpaint.core.errors import InpaintError
from inpaint.core.memory_errors import is_out_of_memory
from inpaint.core.release import release
from inpaint.gimp_plugin.jobs import Engines, Job, all_jobs
from inpaint.gimp_plugin.plugin.locks import FileLock
from inpaint.gimp_plugin.plugin.paths import Runtime
from inpaint.gimp_plugin.plugin.protocol import PROTOCOL, Header, receive, send

IDLE_SECONDS = 900.0
"""How long the worker waits for a call before it ends."""
PATIENCE_SECONDS = 2.0
"""How long a job may go on after its caller is gone."""
TAKE_OVER_SECONDS = 30.0
"""How long a new worker waits for one that is leaving."""


class CancelledError(Exception):
    """The caller is gone."""


def fingerprint() -> str:
    """Return what changes when the installed package changes: version, and number and times of its files."""
    times = []
    for package in ("inpaint.core", "inpaint.weights", "inpaint.gimp_plugin"):
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations if spec else None) or ():
            with suppress(OSError):
                times += [path.stat().st_mtime_ns for path in Path(folder).rglob("*.py")]
    return f"{release()} {len(times)} {max(times, default=0)}"


class Worker:
    """Listens in a private folder and runs jobs, one at a time."""

    def __init__(
        self,
        runtime: Runtime,
        jobs: dict[str, Job],
        idle: float = IDLE_SECONDS,
        give_up: Callable[[], None] | None = None,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        self.runtime = runtime
        self.jobs = jobs
        self.prepare = prepare
        """Is called beside the first callers' greetings, in a thread of its own."""
        self.give_up = give_up
        """Ends the process at once; None if it must not end so."""
        self.idle = idle
        """Seconds without a call before `serve` ends; 0 for never."""
        self.fingerprint = fingerprint()
        self.release = self.fingerprint.split()[0]
        self.key = secrets.token_bytes(32)
        self._turn = threading.Lock()
        self._state = threading.Lock()
        self._busy = 0
        self._last_call = time.monotonic()
        self._leaving = threading.Event()

    def serve(self) -> bool:
        """Serve until idle or out of date; return False at once when another worker has the folder."""
        self.runtime.prepare()
        lock = FileLock(self.runtime.worker_lock)
        end = time.monotonic() + TAKE_OVER_SECONDS
        while not lock.acquire():
            if self.runtime.card.exists() or time.monotonic() > end:
                return False
            time.sleep(0.05)
        try:
            self._listen()
        finally:
            lock.release()
        return True

    def leave(self) -> None:
        """Take no more calls; `serve` returns when the last one is done."""
        self.runtime.card.unlink(missing_ok=True)  # from now on callers see no worker and start another
        self._leaving.set()

    def _listen(self) -> None:
        if sys.platform == "win32":
            address, family = rf"\\.\pipe\inpaint-{secrets.token_hex(8)}", "AF_PIPE"
        else:
            address, family = str(self.runtime.socket), "AF_UNIX"
            self.runtime.socket.unlink(missing_ok=True)  # left by one that was killed: we hold the lock
        # No key here: the listener would check it before it accepts the next caller, and one could hold up all.
        listener = Listener(address, family)
        if family == "AF_UNIX":
            self.runtime.socket.chmod(0o600)
        self._write_card(address)
        if self.prepare is not None:
            # Not a daemon: the process must not end in the middle of loading a library.
            threading.Thread(target=self.prepare).start()
        self.note(f"worker {os.getpid()} of Inpaint {self.release} listens")
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        while not self._leaving.wait(0.2):
            with self._state:
                if self.idle and not self._busy and time.monotonic() - self._last_call > self.idle:
                    self.leave()
        while self._busy:
            time.sleep(0.02)
        listener.close()
        self.note(f"worker {os.getpid()} ends")

    def _write_card(self, address: str) -> None:
        card = {"address": address, "key": self.key.hex(), "pid": os.getpid(), "version": self.release}
        temporary = self.runtime.card.with_suffix(".tmp")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(card, file)
        temporary.replace(self.runtime.card)

    def _accept(self, listener: Listener) -> None:
        while not self._leaving.is_set():
            try:
                connection = listener.accept()
            except OSError:
                continue
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: Connection) -> None:
        """Serve one caller: prove who is who, then answer its requests until it goes."""
        with connection, suppress(OSError, EOFError, CancelledError, AuthenticationError):
            deliver_challenge(connection, self.key)
            answer_challenge(connection, self.key)
            while True:
                request, parts = receive(connection)
                with self._state:
                    self._busy += 1
                try:
                    self._answer(connection, request, parts)
                finally:
                    with self._state:
                        self._busy -= 1
                        self._last_call = time.monotonic()

    def _answer(self, connection: Connection, request: Header, parts: list[bytes]) -> None:
        name = request.get("op")
        if name == "leave" or (name == "hello" and self._outdated(request)):
            self.leave()
            send(connection, {"state": "done" if name == "leave" else "leaving"})
        elif name == "hello":
            send(
                connection,
                {"state": "done", "protocol": PROTOCOL, "version": self.release, "pid": os.getpid()},
            )
        elif name in self.jobs:
            self._work(connection, self.jobs[name], request, parts)
        else:
            send(connection, {"state": "error", "sentence": f"Inpaint's engine does not know {name!r}."})

    def _outdated(self, hello: Header) -> bool:
        """Say whether this process is not what would be started now."""
        wanted = hello.get("python")
        return (wanted is not None and wanted != sys.executable) or fingerprint() != self.fingerprint

    def _work(self, connection: Connection, job: Job, request: Header, parts: list[bytes]) -> None:
        def report(done: int, total: int) -> None:
            try:
                if connection.poll():  # a caller says nothing during a job, so this is its end
                    raise CancelledError
                send(connection, {"state": "working", "done": done, "total": total})
            except OSError as error:
                raise CancelledError from error

        start = time.monotonic()
        finished = threading.Event()
        try:
            while not self._turn.acquire(timeout=0.2):
                report(0, 0)
            try:
                report(0, 0)
                self.note(f"{request.get('op')} begins")
                threading.Thread(target=self._watch, args=(connection, finished), daemon=True).start()
                answer, results = job(request, parts, report)
            finally:
                finished.set()
                self._turn.release()
        except CancelledError:
            self.note(f"{request.get('op')} cancelled")
            raise
        except Exception as error:
            sentence = _sentence(error, self.runtime.log)
            self.note(f"{request.get('op')}: {sentence}")
            if not isinstance(error, InpaintError):
                traceback.print_exc()
            send(connection, {"state": "error", "sentence": sentence})
            return
        self.note(f"{request.get('op')} done in {time.monotonic() - start:.2f} s")
        send(connection, {**answer, "state": "done"}, *results)

    def _watch(self, connection: Connection, finished: threading.Event) -> None:
        """End the process when a caller is gone and its job computes on: a network that runs cannot be interrupted."""
        while not finished.wait(0.2):
            try:
                gone = connection.poll()
            except OSError:
                gone = True
            if gone and not finished.wait(PATIENCE_SECONDS) and self._busy == 1 and self.give_up is not None:
                self.note("fill cancelled, and this process with it, because its network could not be interrupted")
                self.runtime.card.unlink(missing_ok=True)
                self.give_up()

    def note(self, what: str) -> None:
        """Write a line into the log, which is where the standard output goes."""
        print(f"{datetime.now().isoformat(' ', 'milliseconds')} {what}", flush=True)  # noqa: T201


def _sentence(error: Exception, log: Path) -> str:
    """Return what the user reads in GIMP."""
    if isinstance(error, InpaintError):
        return str(error).replace("--device cpu", "the device CPU")
    if is_out_of_memory(error):
        return "There is not enough memory for this; close other programs, or select less."
    return f"This is a bug in Inpaint: {type(error).__name__}: {error} (more in {log})."


def main(arguments: list[str] | None = None) -> int:
    """Run the worker in this process until it has nothing more to do."""
    parser = argparse.ArgumentParser(prog="python -m inpaint.gimp_plugin.worker", description=__doc__)
    parser.add_argument("--runtime", type=Path, required=True, help="private folder to meet the plug-in in")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds without a call before it ends")
    options = parser.parse_args(arguments)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is there; see core/texture/best_fills.py

    engines = Engines()
    jobs = all_jobs(engines)
    worker = Worker(Runtime(options.runtime), jobs, options.idle, give_up=lambda: os._exit(0), prepare=engines.prepare)
    if not worker.serve():
        worker.note("another worker is running")
    return 0


if __name__ == "__main__":
    sys.exit(main())
