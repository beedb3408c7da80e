import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from inpaint.cli.app import app

BOX = "32,20,56,56"


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_cutout_writes_a_transparent_picture(collage: Path) -> None:
    result = run("cutout", collage / "apple.png", "--box", BOX, "--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    with Image.open(collage / "apple.cutout.png") as made:
        assert made.mode == "RGBA"
        assert made.size == (record["width"], record["height"])
        assert np.asarray(made)[..., 3].min() == 0
        assert np.asarray(made)[..., 3].max() == 255


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--box", "1,2,3"], 2, "is not a box"),
        (["--box", "500,500,20,20"], 4, "leaves less than 8 x 8 inside"),
        (["--box", BOX, "-o", "out.jpg"], 6, "transparency"),
        (["--box", BOX, "-o", "apple.png"], 6, "the photograph itself"),
    ],
)
def test_what_cannot_be_cut_out(collage: Path, monkeypatch, words: list[str], code: int, message: str) -> None:
    monkeypatch.chdir(collage)
    result = run("cutout", "apple.png", *words)
    assert result.exit_code == code
    assert message in " ".join(result.output.replace("│", " ").split())


def test_remove_saves_its_mask(collage: Path) -> None:
    words = ["--box", BOX, "-o", collage / "out.png", "--save-mask", collage / "mask.out.png"]
    result = run("remove", collage / "apple.png", *words)
    assert result.exit_code == 0, result.output
    with Image.open(collage / "mask.out.png") as mask, Image.open(collage / "out.png") as made:
        levels, after = np.asarray(mask), np.asarray(made)
    with Image.open(collage / "apple.png") as picture:
        before = np.asarray(picture)
    assert set(np.unique(levels)) == {0, 255}
    np.testing.assert_array_equal(after[levels == 0], before[levels == 0])
    again = run("fill", collage / "apple.png", "--mask", collage / "mask.out.png", "-o", collage / "again.png")
    assert again.exit_code == 0, again.output
    with Image.open(collage / "again.png") as filled:
        np.testing.assert_array_equal(np.asarray(filled), after)
    for name, message in (("mask.jpg", "has to stay exact"), ("apple.png", "photograph itself")):
        wrong = run("remove", collage / "apple.png", *words[:-1], collage / name)
        assert wrong.exit_code == 6
        assert message in wrong.output
