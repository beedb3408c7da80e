import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from inpaint.core.engines.devices import expected
from inpaint.core.errors import EngineError
from inpaint.gimp_plugin import worker as worker_module
from inpaint.gimp_plugin.jobs import Engines
from inpaint.gimp_plugin.plugin import client
from inpaint.gimp_plugin.plugin.errors import PluginError
from inpaint.gimp_plugin.plugin.paths import Config, Runtime
from inpaint.gimp_plugin.plugin.protocol import PROTOCOL, receive, send
from inpaint.gimp_plugin.worker import Worker
from inpaint.weights import resolve

from .conftest import until

posix = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets and signals")


def echo(request: dict, parts: list[bytes], report: Callable) -> tuple[dict, list[bytes]]:
    report(1, 2)
    return {"heard": request["word"]}, [part[::-1] for part in parts]


def test_a_call_is_answered_by_the_job(serve: Callable, config: Config) -> None:
    serve({"echo": echo})
    seen = []
    answer, parts = client.call(
        config, {"op": "echo", "word": "hello"}, [b"abc"], on_progress=lambda *counts: seen.append(counts)
    )
    assert (answer["heard"], parts) == ("hello", [b"cba"])
    assert seen[-1] == (1, 2)


def test_the_folder_is_private(serve: Callable, runtime: Runtime) -> None:
    serve({})
    if sys.platform != "win32":
        assert stat.S_IMODE(runtime.folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(runtime.socket.stat().st_mode) == 0o600
        assert stat.S_IMODE(runtime.card.stat().st_mode) == 0o600


def test_who_has_not_the_key_is_not_heard(serve: Callable, config: Config, runtime: Runtime) -> None:
    serve({"echo": echo})
    address = json.loads(runtime.card.read_text())["address"]
    with pytest.raises((AuthenticationError, EOFError, OSError)):
        Client(address, authkey=b"guess")
    assert client.call(config, {"op": "echo", "word": "still there"})[0]["heard"] == "still there"


def test_one_who_never_says_anything_holds_nobody_up(serve: Callable, config: Config, runtime: Runtime) -> None:
    serve({"echo": echo})
    with Client(json.loads(runtime.card.read_text())["address"]):
        assert client.call(config, {"op": "echo", "word": "next"})[0]["heard"] == "next"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (EngineError("There is no GPU; use --device cpu."), "There is no GPU; use the device CPU."),
        (MemoryError(), "There is not enough memory"),
        (cv2.error("error: (-4:Insufficient memory) Failed to allocate 8 bytes"), "There is not enough memory"),
        (KeyError("x"), "This is a bug in Inpaint: KeyError: 'x' (more in "),
    ],
)
def test_errors_are_sentences(serve: Callable, config: Config, error: Exception, sentence: str) -> None:
    def fail(request: dict, parts: list[bytes], report: Callable) -> tuple[dict, list[bytes]]:
        raise error

    serve({"fail": fail})
    with pytest.raises(PluginError, match=r"^" + sentence.replace("(", r"\(").replace(".", r"\.")):
        client.call(config, {"op": "fail"})


def test_a_caller_that_goes_stops_the_job(serve: Callable, config: Config) -> None:
    steps: list[int] = []
    stopped = threading.Event()

    def long(request: dict, parts: list[bytes], report: Callable) -> tuple[dict, list[bytes]]:
        try:
            for step in range(1000):
                steps.append(step)
                report(step, 1000)
                stopped.wait(0.01)
        finally:
            stopped.set()
        return {}, []

    serve({"long": long, "echo": echo})
    connection = client.connect(config)
    send(connection, {"op": "long"})
    receive(connection)
    connection.close()
    assert stopped.wait(5)
    assert len(steps) < 900
    assert client.call(config, {"op": "echo", "word": "next"})[0]["heard"] == "next"


def test_a_job_that_cannot_be_stopped_takes_the_process_with_it(
    serve: Callable, config: Config, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "PATIENCE_SECONDS", 0.1)
    ended, given_up = threading.Event(), threading.Event()

    def deaf(request: dict, parts: list[bytes], report: Callable) -> tuple[dict, list[bytes]]:
        ended.wait(10)
        return {}, []

    worker = serve({"deaf": deaf})
    worker.give_up = lambda: (given_up.set(), ended.set())
    connection = client.connect(config)
    send(connection, {"op": "deaf"})
    receive(connection)
    connection.close()
    assert given_up.wait(5)
    assert not runtime.card.exists()


def test_calls_wait_for_each_other(serve: Callable, config: Config) -> None:
    inside: list[int] = []

    def alone(request: dict, parts: list[bytes], report: Callable) -> tuple[dict, list[bytes]]:
        inside.append(1)
        assert len(inside) == 1
        threading.Event().wait(0.1)
        inside.pop()
        return {}, []

    serve({"alone": alone})
    threads = [threading.Thread(target=client.call, args=(config, {"op": "alone"})) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not inside


def test_it_ends_when_nobody_calls(serve: Callable, runtime: Runtime) -> None:
    serve({}, idle=0.05)
    assert until(lambda: not runtime.card.exists())
    assert client.running(runtime) is None


def test_a_second_one_does_not_start(serve: Callable, runtime: Runtime) -> None:
    serve({})
    card = runtime.card.read_bytes()
    assert Worker(runtime, {}).serve() is False
    assert runtime.card.read_bytes() == card


def test_an_upgrade_replaces_it(
    serve: Callable, config: Config, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve({})
    first = client.running(runtime)
    assert first is not None
    monkeypatch.setattr(worker_module, "fingerprint", lambda: "99.0 1 1")
    connection = client.connect(config)  # the old one leaves, and a process of its own takes over
    connection.close()
    second = client.running(runtime)
    assert second is not None
    assert second["pid"] != first["pid"]


def test_a_call_from_another_installation_replaces_it(serve: Callable, config: Config, runtime: Runtime) -> None:
    serve({})
    with pytest.raises(PluginError, match="cannot be started"):
        client.connect(replace(config, python="/nowhere/python"))
    assert until(lambda: not runtime.card.exists())


def test_a_plug_in_of_another_protocol_is_told_to_install(
    serve: Callable, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve({})
    monkeypatch.setattr(client, "PROTOCOL", PROTOCOL + 1)
    with pytest.raises(PluginError, match="run `inpaint gimp install`"):
        client.connect(config)


def test_racing_calls_start_one_process(config: Config, runtime: Runtime) -> None:
    pids = []

    def ask() -> None:
        client.connect(config).close()
        pids.append((client.running(runtime) or {}).get("pid"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 4
    assert len(set(pids)) == 1
    assert runtime.log.read_text().count(" listens") == 1


@posix
def test_killed_in_the_middle_it_costs_one_sentence(
    config: Config, runtime: Runtime, tiny_model: Path, picture: Callable
) -> None:
    size = 512
    rgba = np.ones((size, size, 4), np.float32)
    rgba[..., :3] = picture(size, size) / np.float32(255)
    request = {"op": "fill", "width": size, "height": size, "selected": [100, 100, 400, 400]}
    request |= {"model": str(tiny_model), "device": "cpu"}
    parts = [rgba.tobytes(), np.ones((300, 300), np.float32).tobytes()]

    def kill(done: int, total: int) -> None:
        pid = int(json.loads(runtime.card.read_text())["pid"])
        assert pid != os.getpid()
        os.kill(pid, signal.SIGKILL)

    with pytest.raises(PluginError, match="stopped in the middle of the work"):
        client.call(config, request, parts, on_progress=kill)
    answer, (filled, strength) = client.call(config, request, parts)
    assert answer["box"] == [100, 100, 300, 300]
    assert len(filled) == 300 * 300 * 16
    assert np.frombuffer(strength, np.float32).min() == 1


def test_engines_prepare_the_default_and_load_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, warmed = [], []

    def load_engine(path: Path, device: str) -> SimpleNamespace:
        loaded.append((path.name, device))
        return SimpleNamespace(warm_up=lambda: warmed.append(device))

    monkeypatch.setattr("inpaint.core.engines.engine.load_engine", load_engine)
    engines = Engines()
    preparing = threading.Thread(target=engines.prepare)
    preparing.start()
    engines.get("default", "auto")
    preparing.join()
    assert loaded == [(resolve("default", expected("auto")).name, "auto")]
    assert warmed == ["auto"]


def test_what_cannot_be_prepared_is_left_to_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise EngineError("It is broken.")

    monkeypatch.setattr("inpaint.core.engines.engine.load_engine", fail)
    engines = Engines()
    engines.prepare()
    with pytest.raises(EngineError, match="It is broken"):
        engines.get("default", "auto")


def test_a_worker_prepares_while_it_listens(runtime: Runtime, config: Config) -> None:
    began, let_go = threading.Event(), threading.Event()

    def prepare() -> None:
        began.set()
        let_go.wait(20)

    worker = Worker(runtime, {"echo": echo}, prepare=prepare)
    thread = threading.Thread(target=worker.serve)
    thread.start()
    try:
        assert began.wait(20)
        assert client.call(config, {"op": "echo", "word": "already"})[0]["heard"] == "already"
    finally:
        let_go.set()
        worker.leave()
        thread.join(10)


def test_a_python_without_inpaint_says_so(config: Config, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    python = next(bare.glob("[bS]*/python*"))
    with pytest.raises(PluginError, match=r"does not start \(.*inpaint.*\); run `inpaint gimp install`"):
        client.connect(replace(config, python=str(python)))


def test_in_flatpak_the_way_that_works_is_named(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "in_flatpak", lambda: True)
    with pytest.raises(PluginError, match="run `inpaint gimp worker` in a terminal"):
        client.connect(replace(config, python="/nowhere/python"))
    with pytest.raises(PluginError, match="run `inpaint gimp worker` in a terminal"):
        client.connect(config)  # also with a Python that would start


def test_the_engine_gets_nothing_of_gimps_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "GI_TYPELIB_PATH", "GIMP3_DIRECTORY", "GEGL_PATH"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("HTTPS_PROXY", "kept")
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/me/cache")
    assert client.clean_environment()["XDG_CACHE_HOME"] == "/home/me/cache"
    monkeypatch.setenv("XDG_CACHE_HOME", "/Users/me/Library/Application Support/GIMP/3.00/cache")
    clean = client.clean_environment()
    assert clean["HTTPS_PROXY"] == "kept"
    assert "PATH" in clean
    assert "XDG_CACHE_HOME" not in clean
    assert not [name for name in clean if name.startswith(("PYTHON", "LD_LIB", "GI_", "GIMP", "GEGL"))]


@posix
def test_a_folder_of_somebody_else_is_refused(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.prepare()
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    with pytest.raises(PluginError, match="belongs to somebody else"):
        runtime.prepare()
