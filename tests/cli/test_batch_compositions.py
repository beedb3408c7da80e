import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from inpaint.cli.app import app

COLUMNS = "background,object,object_mask,object_box,at,output"


def run(collage: Path, *lines: str, words: tuple[str, ...] = ()):
    (collage / "table.csv").write_text("\n".join([COLUMNS, *lines]) + "\n")
    given = ["batch", "--compositions", collage / "table.csv", "-o", collage / "out", "--device", "cpu", *words]
    return CliRunner().invoke(app, [str(word) for word in given])


GOOD = "background.png,apple.png,mask.png,,50 60,one.png", 'background.png,apple.png,,"32,20,56,56",5 6,deep/two.png'
BAD = "background.png,nothing.png,mask.png,,50 60,three.png"


def test_every_line_is_carried_out_and_a_bad_one_stops_nothing(collage: Path) -> None:
    result = run(collage, GOOD[0], BAD, GOOD[1])
    assert result.exit_code == 3, result.output
    assert "2 composed, 1 failed" in result.stdout
    assert "nothing.png" in result.stderr
    before = np.asarray(Image.open(collage / "background.png"))
    for name, box in (("one.png", np.s_[60:111, 50:101]), ("deep/two.png", np.s_[6:62, 5:61])):
        made = np.asarray(Image.open(collage / "out" / name)).copy()
        assert (made[box] != before[box]).any()
        made[box] = before[box]
        np.testing.assert_array_equal(made, before)
    records = [json.loads(line) for line in (collage / "out/manifest.jsonl").read_text().splitlines()]
    assert [record["status"] for record in records] == ["done", "failed", "done"]
    assert [record["output"] for record in records] == ["one.png", "three.png", "deep/two.png"]
    assert set(records[0]["files"]) == {"image", "object", "mask", "output"}
    assert not (collage / "out/three.png").exists()


def test_resuming_leaves_out_what_is_complete_and_unchanged(collage: Path) -> None:
    assert run(collage, *GOOD).exit_code == 0
    result = run(collage, *GOOD, words=("--resume", "--json"))
    record = json.loads(result.stdout)
    assert (record["done"], record["skipped"]) == (0, 2)
    moved = GOOD[0].replace("50 60", "51 60")
    assert json.loads(run(collage, moved, GOOD[1], words=("--resume", "--json")).stdout)["done"] == 1
    Image.new("RGB", (80, 80), "red").save(collage / "out/one.png")
    assert json.loads(run(collage, moved, GOOD[1], words=("--resume", "--json")).stdout)["done"] == 1


def test_what_a_line_reads_no_other_line_replaces(collage: Path) -> None:
    before = {path.name: path.read_bytes() for path in collage.glob("*.png")}
    line = "background.png,apple.png,mask.png,,50 60,"
    result = run(collage, f"{line}apple.png", f"{line}two.png", words=("-o", str(collage)))
    assert result.exit_code == 6
    assert "apple.png is what a line of the table reads" in result.stderr
    assert {path.name: path.read_bytes() for path in collage.glob("*.png")} == before


def test_what_no_batch_wrote_is_not_replaced(collage: Path) -> None:
    (collage / "out").mkdir()
    (collage / "out/one.png").write_bytes(b"an original")
    for _ in range(2):
        result = run(collage, *GOOD)
        assert result.exit_code == 3
        assert "1 composed, 1 failed" in result.stdout
        assert "one.png is there already" in result.stderr
        assert (collage / "out/one.png").read_bytes() == b"an original"
    assert run(collage, *GOOD, words=("--force",)).exit_code == 0


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ((GOOD[0], GOOD[0]), "an earlier line has the output one.png"),
        (("background.png,apple.png,mask.png,,50 60,../one.png",), "outside of the folder of results"),
        (("background.png,apple.png,mask.png,,50,one.png",), "is not a place"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused_before_any_work(collage: Path, lines, sentence: str) -> None:
    result = run(collage, *lines)
    assert result.exit_code not in (0, 3)
    assert sentence in " ".join(result.stderr.split()) or sentence in str(result.exception)
    assert not (collage / "out/one.png").exists()


@pytest.mark.parametrize("words", [("--masks", "x"), ("--grow", "3"), ("--output-format", "jpg"), ("--model", "lama")])
def test_a_table_stands_alone(collage: Path, words: tuple[str, ...]) -> None:
    result = run(collage, GOOD[0], words=words)
    assert result.exit_code == 2
    assert words[0] in result.stderr
    assert "A table says itself" in result.stderr
