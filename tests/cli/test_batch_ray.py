"""The batch on Ray, in a cluster of two processes on the loopback of this machine."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path, PurePath

import numpy as np
import pytest
from PIL import Image

from inpaint.core import InpaintError
from inpaint.core.batch import Item, cluster

COUNT = 60

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is missing: pip install '.[ray]'")


@pytest.fixture
def album(tmp_path: Path, picture: Callable[..., np.ndarray], hole: Callable[..., np.ndarray]) -> Path:
    """A folder with `photos`, one of them broken, and one mask for all."""
    shown = [picture(800, 800, seed=seed) for seed in range(3)]
    for number in range(COUNT):
        path = tmp_path / "photos" / ("trip" if number % 2 else ".") / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(shown[number % 3], number, 1)).save(path, compress_level=1)
    (tmp_path / "photos" / "broken.png").write_bytes(b"no picture")
    Image.fromarray(hole(800, 800, 200, 200, 600, 600)).save(tmp_path / "mask.png")
    return tmp_path


def command(folder: Path, model: Path, out: str, *more: str) -> list[str]:
    script = "from inpaint.cli.app import main; main()"
    return [
        *(sys.executable, "-c", script, "batch", str(folder / "photos"), "--mask", str(folder / "mask.png")),
        *("-o", str(folder / out), "--model", str(model), "--device", "cpu", "--threads", "2", "--json", *more),
    ]


def children(parent: int) -> Iterator[tuple[int, str]]:
    """Yield number and title of every process below `parent`."""
    below: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            below.setdefault(int((path / "stat").read_text().rsplit(")", 1)[1].split()[1]), []).append(int(path.name))
        except OSError:
            continue
    waiting = [parent]
    while waiting:
        for child in below.get(waiting.pop(), []):
            waiting.append(child)
            try:
                yield child, Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ").strip()
            except OSError:
                continue


def outputs(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.png")}


@needs_ray
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the processes of Ray in /proc")
def test_one_of_two_processes_killed_half_way_changes_nothing(album: Path, tiny_model: Path) -> None:
    alone = subprocess.run(command(album, tiny_model, "alone"), capture_output=True, text=True, check=False)
    assert alone.returncode == 3, alone.stderr

    process = subprocess.Popen(
        command(album, tiny_model, "out", "--ray"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        written = 0
        for _ in range(20_000):
            written = len(list((album / "out").rglob("[0-9]*.png")))
            workers = [number for number, title in children(process.pid) if "MapWorker" in title]
            # Both are there as a rule; a busy machine may start the second one late.
            ready = written >= 8 and workers and (len(workers) == 2 or written >= COUNT // 3)
            if ready or process.poll() is not None:
                break
            time.sleep(0.01)
        assert process.poll() is None
        assert 8 <= written < COUNT
        os.kill(workers[0], signal.SIGKILL)
        said, complaints = process.communicate(timeout=400)  # on a busy machine a new process takes its time
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=60)  # which closes the pipes, too
    assert process.returncode == 3, complaints
    record = json.loads(said)
    assert (record["done"], record["failed"], record["left"]) == (COUNT, 1, 0)
    assert complaints.splitlines() == alone.stderr.splitlines()
    assert outputs(album / "out") == outputs(album / "alone")
    told = [json.loads(line) for line in (album / "out" / "manifest.jsonl").read_text().splitlines()]
    assert len(told) == len({line["output"] for line in told}) == COUNT + 1

    again = subprocess.run(command(album, tiny_model, "out", "--resume"), capture_output=True, text=True, check=False)
    assert json.loads(again.stdout)["skipped"] == COUNT


@needs_ray
@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_one_sentence(album: Path, tiny_model: Path) -> None:
    words = command(album, tiny_model, "out", "--ray", "127.0.0.1:1")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 7, done.stderr
    assert done.stderr.splitlines()[-1].startswith("There is no Ray cluster at 127.0.0.1:1")


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InpaintError, match=r"pip install '\.\[ray\]'"), cluster._connected("local", None):
        pass


def test_a_row_is_its_item_again() -> None:
    item = Item(image=Path("/photos/2024/a b.jpg"), folder=PurePath("2024"), target=Path("/out/2024/a b.png"))
    assert cluster._from_row(cluster._to_row(item)) == item
