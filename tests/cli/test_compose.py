import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from inpaint.cli.app import app


@pytest.fixture
def folder(tmp_path: Path, picture, apple, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("inpaint.core.engine.cuda_devices", lambda: 0)
    Image.fromarray(picture(200, 260)).save(tmp_path / "background.png")
    Image.fromarray(apple[0]).save(tmp_path / "apple.png")
    Image.fromarray(apple[1]).save(tmp_path / "mask.png")
    return tmp_path


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_compose_writes_beside_the_background(folder: Path, tiny_joint) -> None:
    words = ["--object", folder / "apple.png", "--object-mask", folder / "mask.png", "--at", "50,60"]
    result = run("compose", folder / "background.png", *words, "--model", tiny_joint, "--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert record["box"] == [50, 60, 51, 51]
    assert record["method"] == "joint"
    made, before = pixels(folder / "background.composed.png"), pixels(folder / "background.png")
    outside = np.ones(made.shape[:2], bool)
    outside[60:111, 50:101] = False
    np.testing.assert_array_equal(made[outside], before[outside])
    assert (made != before).any()


def test_compose_from_a_box_with_the_bundled_models(folder: Path) -> None:
    words = ["--object", folder / "apple.png", "--object-box", "32,20,56,56", "--at", "50,60,84,84"]
    result = run("compose", folder / "background.png", *words, "--around", "inpaint", "-o", folder / "out.png")
    assert result.exit_code == 0, result.output
    assert "50,60,84,84" in result.stdout
    made, before = pixels(folder / "out.png"), pixels(folder / "background.png")
    np.testing.assert_array_equal(made[:60], before[:60])
    assert (made[60:144, 50:134] != before[60:144, 50:134]).any(axis=-1).mean() > 0.9


def test_compose_by_transfer_loads_no_network(folder: Path) -> None:
    words = ["--object", folder / "apple.png", "--object-mask", folder / "mask.png", "--at", "5,6"]
    result = run("compose", folder / "background.png", *words, "--method", "transfer", "--json")
    assert json.loads(result.stdout)["model"] is None


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--at", "5,6"], 4, "Say where the object is"),
        (["--at", "5", "--object-mask", "mask.png"], 4, "is no place"),
        (["--at", "5,6", "--object-mask", "nothing.png"], 4, "nothing.png"),
        (["--at", "5,6", "--object-mask", "mask.png", "-o", "apple.png"], 6, "object's photograph itself"),
        (["--at", "5,6", "--object-mask", "mask.png", "--model", "default"], 5, "harmonizes"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_a_code(folder: Path, monkeypatch, words, code, message) -> None:
    monkeypatch.chdir(folder)
    result = run("compose", "background.png", "--object", "apple.png", *words)
    assert result.exit_code == code, result.output
    assert message in result.stderr
    assert not (folder / "background.composed.png").exists()


@pytest.mark.parametrize("method", ["joint", "transfer"])
def test_harmonize(folder: Path, apple, tiny_joint, method: str) -> None:
    words = ["--mask", folder / "mask.png", "--method", method, "--model", tiny_joint]
    result = run("harmonize", folder / "apple.png", *words)
    assert result.exit_code == 0, result.output
    made = pixels(folder / "apple.harmonized.png")
    np.testing.assert_array_equal(made[~apple[1]], apple[0][~apple[1]])
    assert (made[apple[1]] != apple[0][apple[1]]).any()


def test_remove(folder: Path, apple, tiny_model) -> None:
    result = run("remove", folder / "apple.png", "--box", "32,20,56,56", "--model", tiny_model, "--shadow", 6)
    assert result.exit_code == 0, result.output
    made = pixels(folder / "apple.removed.png").astype(int)
    assert (made[apple[1]][:, 0] < made[apple[1]][:, 1]).mean() > 0.9
    np.testing.assert_array_equal(made[:10], apple[0][:10])
    assert run("remove", folder / "apple.png", "--box", "1,2", "--model", tiny_model).exit_code == 4
