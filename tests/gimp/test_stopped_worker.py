"""Workers that were stopped, as by Ctrl-Z: callers get through to them, and no answer comes."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Listener, answer_challenge, deliver_challenge

import pytest

from inpaint.gimp_plugin.plugin import client, handshake
from inpaint.gimp_plugin.plugin.errors import PluginError
from inpaint.gimp_plugin.plugin.paths import Config, Runtime

from .conftest import posix, until


@pytest.fixture
def silent(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """A worker that was stopped: it listens, so callers get through to it, and never does anything."""
    monkeypatch.setattr(handshake, "GREETING_SECONDS", 0.3)
    runtime.prepare()
    address = r"\\.\pipe\inpaint-" + runtime.folder.parent.name if sys.platform == "win32" else str(runtime.socket)
    with Listener(address) as listener:
        runtime.card.write_text(json.dumps({"address": address, "key": "ab", "pid": 4711}))
        yield listener
        runtime.card.unlink()


def test_a_stopped_worker_is_waited_for_no_longer_than_promised(
    silent: Listener, config: Config, runtime: Runtime
) -> None:
    start = time.monotonic()
    for _ in range(3):  # more than wait in line before a socket lets nobody in
        waited: list[int] = []
        with pytest.raises(PluginError, match=r"process 4711\) does not answer"):
            client.connect(config, lambda waited=waited: waited.append(1))
        assert waited
    assert client.running(runtime) is None
    assert client.stop(runtime) is False
    assert time.monotonic() - start < 10


def test_a_call_to_a_stopped_worker_can_be_cancelled(silent: Listener, config: Config) -> None:
    def cancel() -> None:
        raise InterruptedError("cancelled")

    with pytest.raises(InterruptedError, match="cancelled"):
        client.connect(config, cancel)


def test_a_greeting_that_comes_too_late_is_hung_up_on(silent: Listener, runtime: Runtime) -> None:
    before = threading.active_count()
    assert client.running(runtime) is None
    with silent.accept() as connection:
        deliver_challenge(connection, b"\xab")
        answer_challenge(connection, b"\xab")
        with pytest.raises((EOFError, OSError)):
            connection.recv_bytes()
    assert until(lambda: threading.active_count() <= before)


@posix
def test_a_worker_that_goes_on_after_being_stopped_is_asked_again(
    config: Config, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.connect(config).close()
    pid = int(json.loads(runtime.card.read_text())["pid"])
    monkeypatch.setattr(handshake, "GREETING_SECONDS", 0.3)
    os.kill(pid, signal.SIGSTOP)
    try:
        for _ in range(3):
            with pytest.raises(PluginError, match="does not answer"):
                client.connect(config)
    finally:
        os.kill(pid, signal.SIGCONT)
    monkeypatch.setattr(handshake, "GREETING_SECONDS", 20)
    assert (client.running(runtime) or {})["pid"] == pid
