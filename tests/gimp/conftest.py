"""Workers, and GIMPs that are none, for the tests of the plug-in's plain half; the real GIMP is driven by run.sh."""

import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inpaint.gimp_plugin.gimp_installations import GimpFolder
from inpaint.gimp_plugin.plugin import client
from inpaint.gimp_plugin.plugin.paths import Config, Runtime
from inpaint.gimp_plugin.worker import Worker

posix = pytest.mark.skipif(sys.platform == "win32", reason="folders and shell scripts of POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    """A private folder with a short name, because that of a socket is limited."""
    folder = Path(tempfile.mkdtemp(prefix="ip"))
    yield Runtime(folder / "r")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def config(runtime: Runtime) -> Iterator[Config]:
    """What an installed plug-in knows: this very Python. A worker that a test started is ended."""
    config = Config(python=sys.executable, runtime=str(runtime.folder), version="test")
    yield config
    client.stop(runtime)


def until(condition: Callable[[], object], seconds: float = 10) -> bool:
    """Wait until `condition` holds; return whether it came to that."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def serve(runtime: Runtime) -> Iterator[Callable[..., Worker]]:
    """`serve(jobs, idle=…)` runs a worker in a thread and returns it once it listens."""
    running: list[tuple[Worker, threading.Thread]] = []

    def start(jobs: dict, idle: float = 60) -> Worker:
        worker = Worker(runtime, jobs, idle)
        thread = threading.Thread(target=worker.serve)
        thread.start()
        running.append((worker, thread))
        assert until(runtime.card.exists)
        return worker

    yield start
    for worker, thread in running:
        worker.leave()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def folder(tmp_path: Path) -> GimpFolder:
    return GimpFolder(tmp_path / "GIMP" / "3.0")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, without any GIMP on the PATH."""
    for name in ("GIMP3_DIRECTORY", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


@pytest.fixture
def fake_gimp(home: Path) -> Callable[..., Path]:
    """`fake_gimp(version, record)`: a gimp-console on the PATH that claims `record` when it is to prove the plug-in."""

    def make(version: str = "3.0.4", record: dict | None = None, output: str = "") -> Path:
        program = home / "bin" / "gimp-console"
        program.parent.mkdir(exist_ok=True)
        claim = home / "claim.json"
        claim.write_text(json.dumps(record) + "\n")
        program.write_text(
            "#!/bin/sh\n"
            f'[ "$1" = --version ] && {{ echo "GNU Image Manipulation Program version {version}"; exit; }}\n'
            f'echo "{output}"\n'
            "for word; do case $word in *self_test*) code=$word;; esac; done\n"
            "target=${code##*main(\\'}; target=${target%%\\'*}\n"
            + (f'while read -r line; do echo "$line"; done <{claim} >"$target"\n' if record else "")
        )
        program.chmod(0o755)
        return program

    return make
