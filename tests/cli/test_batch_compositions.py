import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from inpaint.cli.app import app

COLUMNS = "background,object,object_mask,object_box,at,output"


@pytest.fixture
def folder(tmp_path: Path, picture, apple, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("inpaint.core.engine.cuda_devices", lambda: 0)
    Image.fromarray(picture(200, 260)).save(tmp_path / "background.png")
    Image.fromarray(apple[0]).save(tmp_path / "apple.png")
    Image.fromarray(apple[1]).save(tmp_path / "mask.png")
    return tmp_path


def run(folder: Path, *lines: str, words: tuple[str, ...] = ()):
    (folder / "table.csv").write_text("\n".join([COLUMNS, *lines]) + "\n")
    given = ["batch", "--compositions", folder / "table.csv", "-o", folder / "out", "--device", "cpu", *words]
    return CliRunner().invoke(app, [str(word) for word in given])


GOOD = "background.png,apple.png,mask.png,,50 60,one.png", 'background.png,apple.png,,"32,20,56,56",5 6,deep/two.png'
BAD = "background.png,nothing.png,mask.png,,50 60,three.png"


def test_every_line_is_carried_out_and_a_bad_one_stops_nothing(folder: Path) -> None:
    result = run(folder, GOOD[0], BAD, GOOD[1])
    assert result.exit_code == 3, result.output
    assert "2 composed, 1 failed" in result.stdout
    assert "nothing.png" in result.stderr
    before = np.asarray(Image.open(folder / "background.png"))
    for name, box in (("one.png", np.s_[60:111, 50:101]), ("deep/two.png", np.s_[6:62, 5:61])):
        made = np.asarray(Image.open(folder / "out" / name)).copy()
        assert (made[box] != before[box]).any()
        made[box] = before[box]
        np.testing.assert_array_equal(made, before)
    records = [json.loads(line) for line in (folder / "out/manifest.jsonl").read_text().splitlines()]
    assert [record["status"] for record in records] == ["done", "failed", "done"]
    assert [record["output"] for record in records] == ["one.png", "three.png", "deep/two.png"]
    assert set(records[0]["files"]) == {"image", "object", "mask", "output"}
    assert not (folder / "out/three.png").exists()


def test_resuming_leaves_out_what_is_complete_and_unchanged(folder: Path) -> None:
    assert run(folder, *GOOD).exit_code == 0
    result = run(folder, *GOOD, words=("--resume", "--json"))
    record = json.loads(result.stdout)
    assert (record["done"], record["skipped"]) == (0, 2)
    moved = GOOD[0].replace("50 60", "51 60")
    assert json.loads(run(folder, moved, GOOD[1], words=("--resume", "--json")).stdout)["done"] == 1
    Image.new("RGB", (80, 80), "red").save(folder / "out/one.png")
    assert json.loads(run(folder, moved, GOOD[1], words=("--resume", "--json")).stdout)["done"] == 1


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ((GOOD[0], GOOD[0]), "an earlier line has the output one.png"),
        (("background.png,apple.png,mask.png,,50 60,../one.png",), "outside of the folder of results"),
        (("background.png,apple.png,mask.png,,50,one.png",), "is no place"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused_before_any_work(folder: Path, lines, sentence: str) -> None:
    result = run(folder, *lines)
    assert result.exit_code not in (0, 3)
    assert sentence in " ".join(result.stderr.split()) or sentence in str(result.exception)
    assert not (folder / "out/one.png").exists()


def test_a_table_stands_alone(folder: Path) -> None:
    result = run(folder, GOOD[0], words=("--masks", str(folder)))
    assert result.exit_code == 2
    assert "names its own photographs" in " ".join(result.stderr.split())
