import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from inpaint.core import Engine, MaskChoice, OutputError
from inpaint.core.batch import Item, Manifest, Settings, collect, fill_file
from inpaint.core.batch.manifest import NAME


@pytest.fixture
def items(album: Path) -> list[Item]:
    return collect([album / "photos"], album / "out", lambda path: ".png")


@pytest.fixture
def done(album: Path, items: list[Item], settings: Settings, engine: Engine) -> list[Item]:
    """All items, filled and written down."""
    with Manifest(album / "out") as manifest:
        for item in items:
            manifest.add(fill_file(item, settings, engine, "k"))
    return items


def still_open(album: Path, items: list[Item], settings: Settings, key: str = "k") -> list[str]:
    with Manifest(album / "out") as manifest:
        return sorted(item.image.stem for item in manifest.open_items(items, settings, key))


def test_what_is_complete_and_unchanged_is_left_out(album: Path, done: list[Item], settings: Settings) -> None:
    assert still_open(album, done, settings) == []
    assert still_open(album, done, settings, key="other") == list("01234567")


@pytest.mark.parametrize("what", ["photos", "masks", "out"])
def test_a_changed_file_is_done_again(
    album: Path, done: list[Item], settings: Settings, what: str, picture: Callable
) -> None:
    Image.fromarray(picture(seed=99)).save(album / what / "trip/3.png")
    (album / what / "4.png").unlink()
    assert still_open(album, done, settings) == ["3", "4"]


def test_a_changed_time_alone_is_no_change(album: Path, done: list[Item], settings: Settings) -> None:
    for path in album.rglob("*.png"):
        os.utime(path, (1, 1))
    assert still_open(album, done, settings) == []


def test_the_same_size_and_another_content_is_a_change(album: Path, done: list[Item], settings: Settings) -> None:
    path = album / "photos/2.png"
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    assert still_open(album, done, settings) == ["2"]


def test_a_failure_is_tried_again(album: Path, items: list[Item], settings: Settings, engine: Engine) -> None:
    (album / "masks/trip/5.png").rename(album / "kept.png")
    with Manifest(album / "out") as manifest:
        for item in items:
            manifest.add(fill_file(item, settings, engine, "k"))
    assert still_open(album, items, settings) == ["5"]
    (album / "kept.png").rename(album / "masks/trip/5.png")
    assert still_open(album, items, settings) == ["5"]


def test_the_last_line_counts_and_one_cut_short_is_passed_over(
    album: Path, done: list[Item], settings: Settings, engine: Engine
) -> None:
    path = album / "out" / NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][: len(lines[-1]) // 2])
    last = json.loads(lines[-1])["output"]
    assert still_open(album, done, settings) == [Path(last).stem]
    with Manifest(album / "out") as manifest:
        manifest.add(fill_file(done[0], settings, engine, "k"))
    assert len(path.read_bytes().splitlines()) == 9
    assert still_open(album, done, settings) == [Path(last).stem]


@pytest.mark.parametrize("line", ["", "{}", "[]", "7", '{"output": 3}', "\udcff not text"])
def test_foreign_lines_are_passed_over(album: Path, done: list[Item], settings: Settings, line: str) -> None:
    with (album / "out" / NAME).open("ab") as file:
        file.write(line.encode("utf-8", "surrogateescape") + b"\n")
    assert still_open(album, done, settings) == []


def test_photographs_and_results_can_move_together(
    album: Path, tmp_path_factory: pytest.TempPathFactory, done: list[Item], settings: Settings
) -> None:
    there = tmp_path_factory.mktemp("elsewhere") / "album"
    album.rename(there)
    items = collect([there / "photos"], there / "out", lambda path: ".png")
    assert still_open(there, items, replace(settings, masks=there / "masks")) == []


def test_names_that_are_no_text_come_back(album: Path, settings: Settings, engine: Engine, hole: Callable) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    try:
        (album / "photos/0.png").rename(album / "photos" / name)
    except OSError:
        pytest.skip("this file system has no such names")
    Image.fromarray(hole()).save(album / "one.png")
    settings = Settings(choice=MaskChoice(file=album / "one.png"))
    items = collect([album / "photos" / name], album / "out", lambda path: ".png")
    with Manifest(album / "out") as manifest:
        manifest.add(fill_file(items[0], settings, engine, "k"))
        assert manifest.open_items(items, settings, "k") == []


def test_one_batch_at_a_time_writes_into_a_folder(album: Path) -> None:
    pytest.importorskip("fcntl")
    with Manifest(album / "out"), pytest.raises(OutputError, match="Another batch"):
        Manifest(album / "out")
    with Manifest(album / "out"):
        pass


def test_a_folder_that_cannot_be_made_is_one_sentence(album: Path) -> None:
    with pytest.raises(OutputError, match="a file is in its way"):
        Manifest(album / "photos/0.png")
    (album / "out" / NAME).mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot be written"):
        Manifest(album / "out")
