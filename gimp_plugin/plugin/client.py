"""Finding the worker, starting it when there is none, and asking it for something."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, wait
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

from .errors import PluginError
from .locks import FileLock
from .places import INSTALL, Config, Runtime
from .protocol import PROTOCOL, Header, receive, send

START_SECONDS = 60.0
"""How long a worker may take until it answers."""
GREETING_SECONDS = 20.0
"""How long a running worker may take to let somebody in and greet."""
STEP = 0.1
"""Seconds between two signs of life for the user."""

# GIMP sets these for itself (AppImage, Windows and macOS above all), and they break another Python.
FOREIGN = (
    "PYTHON",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_",
    "GI_TYPELIB_PATH",
    "GEGL_",
    "BABL_",
    "GIMP",
    "GTK_",
    "GDK_",
)

Wait = Callable[[], None]
"""Called about ten times a second while there is nothing to do but wait."""


class _GoneError(Exception):
    """There is no worker, or it is leaving."""


def call(
    config: Config,
    request: Header,
    parts: list[bytes] | None = None,
    on_wait: Wait = lambda: None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Header, list[bytes]]:
    """Ask the worker for something, start it if there is none, and return its answer.

    Closing the connection, also by being killed, is how a call is cancelled. Raises `PluginError` with a sentence for
    the user when there is no answer.
    """
    stopped = PluginError(
        "Inpaint's engine stopped in the middle of the work, perhaps for lack of memory, and nothing was changed; "
        f"try again (it notes what it does in {Runtime(config.runtime).log})."
    )
    for _ in range(2):
        connection = connect(config, on_wait)
        answered = False
        try:
            send(connection, request, *(parts or []))
            while True:
                while not connection.poll(STEP):
                    on_wait()
                answer, results = receive(connection)
                answered = True
                if answer.get("state") == "working":
                    on_progress(int(answer.get("done", 0)), int(answer.get("total", 0)))
                elif answer.get("state") == "done":
                    return answer, results
                else:
                    raise PluginError(str(answer.get("sentence", "Inpaint's engine gave an answer without a meaning.")))
        except (OSError, EOFError):
            if answered:
                raise stopped from None
            # It left between greeting and request, as an idle worker may. Once more, with a new one.
        finally:
            connection.close()
    raise stopped


def connect(config: Config, on_wait: Wait = lambda: None) -> Connection:
    """Return a connection to a worker that has greeted; start one if there is none."""
    runtime = Runtime(config.runtime)
    runtime.prepare()
    try:
        return _greet(config, runtime, on_wait)
    except _GoneError:
        pass
    lock = FileLock(runtime.start_lock)
    if not lock.acquire(START_SECONDS, on_wait):
        raise PluginError(
            f"Another call has been starting Inpaint's engine for {START_SECONDS:.0f} seconds; try again."
        )
    try:
        return _start(config, runtime, on_wait)
    finally:
        lock.release()


def running(runtime: Runtime) -> Header | None:
    """Return what the running worker says about itself; None if there is none."""
    try:
        connection, greeting = _knock(runtime, {"op": "hello", "protocol": PROTOCOL}, lambda: None)
    except (_GoneError, PluginError):
        return None
    connection.close()
    return greeting


def stop(runtime: Runtime) -> bool:
    """Ask the running worker to end after its work; return whether there was one."""
    try:
        connection, _ = _knock(runtime, {"op": "leave"}, lambda: None)
    except (_GoneError, PluginError):
        return False
    connection.close()
    return True


def _start(config: Config, runtime: Runtime, on_wait: Wait) -> Connection:
    """Start a worker and wait until it greets. The caller holds the start lock."""
    try:
        return _greet(config, runtime, on_wait)  # somebody else may have started it meanwhile
    except _GoneError:
        pass
    process = _spawn(config, runtime)
    end = monotonic() + START_SECONDS
    try:
        while monotonic() < end:
            code = process.poll()
            try:
                return _greet(config, runtime, on_wait)
            except _GoneError:
                pass
            if code:
                raise PluginError(f"Inpaint's engine does not start ({_last_line(runtime.log)}); {INSTALL}.")
            on_wait()
            sleep(0.05)
    finally:
        if process.returncode is None:
            process.returncode = 0  # it lives on without us, which is not a mistake to warn about
    raise PluginError(f"Inpaint's engine did not answer within {START_SECONDS:.0f} seconds; see {runtime.log}.")


def _spawn(config: Config, runtime: Runtime) -> subprocess.Popen:
    """Start the worker's process, with nothing of GIMP's environment, and not as part of GIMP's session."""
    if in_flatpak():  # a Python that happens to be in the sandbox would not know the engine's libraries
        raise PluginError(
            "This GIMP runs in Flatpak's sandbox and cannot start Inpaint's engine itself; run "
            "`inpaint gimp worker` in a terminal, leave it open, and try again."
        )
    command = [config.python, "-P", "-m", "inpaint.gimp_plugin.worker", "--runtime", str(runtime.folder)]
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    try:
        with runtime.log.open("ab") as log:
            if log.tell() > 1 << 20:
                log.truncate(0)
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=runtime.folder,
                env=clean_environment(),
                close_fds=True,  # GIMP's pipes must not stay open in the worker
                **detached,
            )
    except OSError as error:
        raise PluginError(
            f"The Python with Inpaint's engine, {config.python}, cannot be started ({error.strerror}); {INSTALL}."
        ) from None


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what is meant for GIMP."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    if "GIMP" in Path(clean.get("XDG_CACHE_HOME", "")).parts:  # on macOS; fetched models are in the user's own cache
        del clean["XDG_CACHE_HOME"]
    return clean


def in_flatpak() -> bool:
    """Say whether this process is in Flatpak's sandbox."""
    return Path("/.flatpak-info").exists()


def _greet(config: Config, runtime: Runtime, on_wait: Wait) -> Connection:
    """Return a connection to a worker of the right version, or raise `_GoneError`."""
    hello = {"op": "hello", "protocol": PROTOCOL, "python": config.python}
    connection, greeting = _knock(runtime, hello, on_wait)
    if greeting.get("protocol") != PROTOCOL:
        connection.close()
        raise PluginError(
            f"The plug-in in GIMP came with Inpaint {config.version}, and the engine is Inpaint "
            f"{greeting.get('version')}; {INSTALL} to bring them together."
        )
    return connection


def _knock(runtime: Runtime, request: Header, on_wait: Wait) -> tuple[Connection, Header]:
    """Connect to the worker that the card names and send one request. Raises `_GoneError` if nobody answers."""
    try:
        card = json.loads(runtime.card.read_text(encoding="utf-8"))
        address, key = card["address"], bytes.fromhex(card["key"])
    except (OSError, ValueError, KeyError, TypeError):
        raise _GoneError from None
    end = monotonic() + GREETING_SECONDS

    def be_patient() -> None:
        on_wait()
        if monotonic() > end:
            raise PluginError(
                f"Inpaint's engine (process {card.get('pid')}) does not answer; end that process and try again."
            )

    connection = _shake_hands(address, key, be_patient)
    try:
        send(connection, request)
        while not connection.poll(STEP):
            be_patient()
        greeting, _ = receive(connection)
        if greeting.get("state") != "done":
            raise _GoneError
    except (OSError, EOFError):
        connection.close()
        raise _GoneError from None
    except BaseException:
        connection.close()
        raise
    return connection, greeting


def _shake_hands(address: str, key: bytes, on_wait: Wait) -> Connection:
    """Return a connection to a worker that knows the key; what `on_wait` raises ends the waiting.

    `Client` waits for a stopped process without end, so it does that in a thread of its own; a connection that comes
    too late is closed. Raises `_GoneError` if nobody answers.
    """
    shaking: Future[Connection] = Future()

    def shake() -> None:
        try:
            shaking.set_result(Client(address, authkey=key))
        except BaseException as error:
            shaking.set_exception(error)

    Thread(target=shake, daemon=True).start()
    try:
        while not wait([shaking], STEP).done:
            on_wait()
    except BaseException:
        shaking.add_done_callback(_hang_up)
        raise
    try:
        return shaking.result()
    except (OSError, EOFError, ValueError, TypeError, AuthenticationError):
        raise _GoneError from None


def _hang_up(shaking: Future[Connection]) -> None:
    """Close the connection, if there is one."""
    if shaking.exception() is None:
        shaking.result().close()


def _last_line(log: Path) -> str:
    """Return the last thing the worker noted."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1][:200] if lines else "no reason given"
