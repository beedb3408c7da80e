import json
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner

from inpaint.cli.app import app


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_compose_writes_beside_the_background(collage: Path, tiny_joint) -> None:
    words = ["--object", collage / "apple.png", "--object-mask", collage / "mask.png", "--at", "50,60"]
    result = run("compose", collage / "background.png", *words, "--model", tiny_joint, "--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert record["box"] == [50, 60, 51, 51]
    assert record["method"] == "joint"
    made, before = pixels(collage / "background.composed.png"), pixels(collage / "background.png")
    outside = np.ones(made.shape[:2], bool)
    outside[60:111, 50:101] = False
    np.testing.assert_array_equal(made[outside], before[outside])
    assert (made != before).any()


def test_compose_from_a_box_with_the_bundled_models(collage: Path) -> None:
    words = ["--object", collage / "apple.png", "--object-box", "32,20,56,56", "--at", "50,60,84,84"]
    result = run("compose", collage / "background.png", *words, "--around", "inpaint", "-o", collage / "out.png")
    assert result.exit_code == 0, result.output
    assert "50,60,84,84" in result.stdout
    made, before = pixels(collage / "out.png"), pixels(collage / "background.png")
    np.testing.assert_array_equal(made[:60], before[:60])
    assert (made[60:144, 50:134] != before[60:144, 50:134]).any(axis=-1).mean() > 0.9


def test_without_the_models_for_research_only_it_still_works(collage: Path, monkeypatch, tmp_path: Path) -> None:
    """A distributor who may ship free data alone leaves them out: GrabCut cuts out, and colours are transferred."""
    from inpaint.weights import known

    monkeypatch.setattr(known, "files", lambda package: tmp_path)
    words = ["--object", collage / "apple.png", "--object-box", "32,20,56,56", "--at", "50,60,84,84", "--json"]
    result = run("compose", collage / "background.png", *words, "-o", collage / "out.png")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert (record["method"], record["model"]) == ("transfer", None)
    assert "joint is not part of this installation" in result.stderr
    assert "cutout is not part of this installation" in result.stderr
    words = ["--mask", collage / "mask.png", "--json"]
    harmonized = run("harmonize", collage / "apple.png", *words, "-o", collage / "fitted.png")
    assert harmonized.exit_code == 0, harmonized.output
    assert json.loads(harmonized.stdout)["method"] == "transfer"


def test_compose_by_transfer_loads_no_network(collage: Path) -> None:
    words = ["--object", collage / "apple.png", "--object-mask", collage / "mask.png", "--at", "5,6"]
    result = run("compose", collage / "background.png", *words, "--method", "transfer", "--json")
    assert json.loads(result.stdout)["model"] is None


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--at", "5,6"], 4, "Say where the object is"),
        (["--at", "5", "--object-mask", "mask.png"], 2, "is not a place"),
        (["--at", "5,6", "--object-mask", "nothing.png"], 4, "nothing.png"),
        (["--at", "5,6", "--object-mask", "mask.png", "-o", "apple.png"], 6, "object's photograph itself"),
        (["--at", "5,6", "--object-mask", "mask.png", "--model", "default"], 5, "harmonizes"),
        (["--at", "5,6", "--object-mask", "mask.png", "--method", "transfer", "--model", "x"], 2, "needs no model"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_a_code(collage: Path, monkeypatch, words, code, message) -> None:
    monkeypatch.chdir(collage)
    result = run("compose", "background.png", "--object", "apple.png", *words)
    assert result.exit_code == code, result.output
    assert message in result.stderr
    assert not (collage / "background.composed.png").exists()


@pytest.mark.parametrize("method", ["joint", "transfer"])
def test_harmonize(collage: Path, apple, tiny_joint, method: str) -> None:
    words = ["--mask", collage / "mask.png", "--method", method]
    words += ["--model", tiny_joint] if method == "joint" else []
    result = run("harmonize", collage / "apple.png", *words, "--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert (record["method"], record["object_pixels"]) == (method, apple[1].sum())
    made = pixels(collage / "apple.harmonized.png")
    np.testing.assert_array_equal(made[~apple[1]], apple[0][~apple[1]])
    assert (made[apple[1]] != apple[0][apple[1]]).any()


def test_a_mask_in_grey_is_said_to_be_one(collage: Path) -> None:
    grey = (pixels(collage / "mask.png") > 0).astype(np.uint8) * 200
    grey[0, 0] = 90  # two greys, because of a single one it is clear what it means
    Image.fromarray(grey).save(collage / "grey.png")
    result = run("harmonize", collage / "apple.png", "--mask", collage / "grey.png", "--method", "transfer")
    assert "grey.png is grey inside its object (200 of 255), which was taken as wholly object" in result.stderr
    assert "--" not in result.stderr
    words = ["--object", collage / "apple.png", "--object-mask", collage / "grey.png", "--at", "5,6"]
    assert "grey.png" in run("compose", collage / "background.png", *words, "--method", "transfer").stderr


def test_remove(collage: Path, apple, tiny_model) -> None:
    result = run(
        "remove", collage / "apple.png", "--box", "32,20,56,56", "--model", tiny_model, "--shadow", 6, "--json"
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["regions"] == 1
    made = pixels(collage / "apple.removed.png").astype(int)
    assert (made[apple[1]][:, 0] < made[apple[1]][:, 1]).mean() > 0.9
    np.testing.assert_array_equal(made[:10], apple[0][:10])
    assert run("remove", collage / "apple.png", "--box", "1,2", "--model", tiny_model).exit_code == 2


def test_a_picture_that_may_not_be_read_is_left_to_the_reader(collage: Path, monkeypatch, tiny_model) -> None:
    """Which has an exit code for each kind of picture, where the parser of the command line has one for all."""
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **more: mode != os.R_OK and access(path, mode, **more))
    photo, mask = collage / "apple.png", collage / "mask.png"
    none = ["--model", collage / "none.onnx"]
    for words in (
        ["remove", photo, "--box", "32,20,56,56", *none],
        ["harmonize", photo, "--mask", mask, *none],
        ["compose", photo, "--object", photo, "--object-mask", mask, "--at", "5,6", *none],
    ):
        result = run(*words)
        assert result.exit_code == 5, result.output  # this far it comes


def test_a_tiff_of_floats_stays_one(collage: Path, tiny_model, tiny_joint) -> None:
    array = (pixels(collage / "apple.png") / 255).astype(np.float32)
    tifffile.imwrite(collage / "apple.tif", array, photometric="rgb")
    photo, mask, joint = collage / "apple.tif", collage / "mask.png", ["--model", tiny_joint]
    for words in (
        ["remove", photo, "--box", "32,20,56,56", "--model", tiny_model, "--detail", "network"],
        ["harmonize", photo, "--mask", mask, *joint],
        ["compose", photo, "--object", collage / "apple.png", "--object-mask", mask, "--at", "5,6", *joint],
    ):
        result = run(*words)
        assert result.exit_code == 0, result.output
        after = tifffile.imread(collage / f"apple.{words[0].rstrip('e')}ed.tif")
        assert after.dtype == np.float32
        np.testing.assert_array_equal(after[:5], array[:5])
