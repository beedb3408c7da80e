"""Finding the worker, starting it when there is none, and asking it for something."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from .errors import PluginError
from .handshake import STEP, GoneError, Wait, handshake
from .locks import FileLock
from .paths import INSTALL, Config, Runtime
from .protocol import PROTOCOL, Header, receive, send

START_SECONDS = 60.0
"""How long a worker may take until it answers."""

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
    except GoneError:
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
        connection, greeting = handshake(runtime, {"op": "hello", "protocol": PROTOCOL}, lambda: None)
    except (GoneError, PluginError):
        return None
    connection.close()
    return greeting


def stop(runtime: Runtime) -> bool:
    """Ask the running worker to end after its work; return whether there was one."""
    try:
        connection, _ = handshake(runtime, {"op": "leave"}, lambda: None)
    except (GoneError, PluginError):
        return False
    connection.close()
    return True


def _start(config: Config, runtime: Runtime, on_wait: Wait) -> Connection:
    """Start a worker and wait until it greets. The caller holds the start lock."""
    try:
        return _greet(config, runtime, on_wait)  # somebody else may have started it meanwhile
    except GoneError:
        pass
    process = _spawn(config, runtime)
    end = monotonic() + START_SECONDS
    try:
        while monotonic() < end:
            code = process.poll()
            try:
                return _greet(config, runtime, on_wait)
            except GoneError:
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
            f"The Python with Inpaint's engine, {config.python}, cannot be started ({error.strerror}). If its "
            f"environment was moved or deleted, install Inpaint again first; then {INSTALL}."
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
    """Return a connection to a worker of the right version, or raise `GoneError`."""
    hello = {"op": "hello", "protocol": PROTOCOL, "python": config.python}
    connection, greeting = handshake(runtime, hello, on_wait)
    if greeting.get("protocol") != PROTOCOL:
        connection.close()
        raise PluginError(
            f"The plug-in in GIMP came with Inpaint {config.version}, and the engine is Inpaint "
            f"{greeting.get('version')}; {INSTALL} to bring them together."
        )
    return connection


def _last_line(log: Path) -> str:
    """Return the last thing the worker noted."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1][:200] if lines else "no reason given"
