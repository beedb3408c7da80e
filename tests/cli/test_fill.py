import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from inpaint.cli.app import app
from inpaint.core.filling import fill as filling

Maker = Callable[..., np.ndarray]


@pytest.fixture
def folder(tmp_path: Path, picture: Maker, hole: Maker, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a photograph, its mask, and more that is wrong in some way."""
    monkeypatch.setattr("inpaint.core.engines.devices.cuda_devices", lambda: 0)
    Image.fromarray(picture()).save(tmp_path / "photo.png")
    Image.fromarray(picture()).save(tmp_path / "photo.jpg", quality=90)
    Image.fromarray(hole()).save(tmp_path / "mask.png")
    Image.fromarray(~hole()).save(tmp_path / "opposite.png")
    Image.fromarray(hole(50, 60, 1, 1, 9, 9)).save(tmp_path / "small.png")
    Image.new("L", (128, 96), 0).save(tmp_path / "empty.png")
    Image.new("L", (128, 96), 255).save(tmp_path / "full.png")
    Image.fromarray(np.dstack([picture(), picture()[..., 0]])).save(tmp_path / "clear.png")
    (tmp_path / "text.onnx").write_text("not a model")
    (tmp_path / "text.png").write_text("not a picture")
    return tmp_path


@pytest.fixture
def run(folder: Path, tiny_model: Path) -> Callable[..., Result]:
    """`run("photo.png", "--grow", "2")` fills inside `folder` with the stand-in model."""

    def call(photo: str, *more: str, mask: str | None = "mask.png", model: str | None = None) -> Result:
        words = ["fill", str(folder / photo), "--model", model or str(tiny_model)]
        return CliRunner().invoke(app, [*words, *(["--mask", str(folder / mask)] if mask else []), *more])

    return call


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("photo", ["photo.png", "photo.jpg", "clear.png"])
def test_it_writes_a_png_beside_the_photograph(folder: Path, run: Callable, hole: Maker, photo: str) -> None:
    before = (folder / photo).read_bytes()
    result = run(photo)
    assert result.exit_code == 0, result.output
    output = folder / f"{Path(photo).stem}.filled.png"
    assert str(output) in result.stdout
    assert "1 region filled on the CPU" in result.stdout
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == ""
    assert (folder / photo).read_bytes() == before
    old, new = pixels(folder / photo), pixels(output)
    assert np.array_equal(old[~hole()], new[~hole()])
    assert not np.array_equal(old[hole()], new[hole()])
    if photo == "clear.png":
        assert np.array_equal(old[..., 3], new[..., 3])


def test_json_is_one_object(folder: Path, run: Callable, hole: Maker) -> None:
    result = run("photo.jpg", "-o", str(folder / "out.jpg"), "--json", "--threads", "1")
    record = json.loads(result.stdout)
    assert record["output"] == str(folder / "out.jpg")
    assert (record["width"], record["height"], record["hole_pixels"]) == (128, 96, int(hole().sum()))
    assert record["regions"] == [[0, 24, 96, 64, 1.0]] or len(record["regions"][0]) == 5
    assert (record["device"], record["provider"], record["model"]) == ("cpu", "CPUExecutionProvider", "tiny")
    assert set(record["seconds"]) == {"read", "load", "fill", "write"}
    assert len(record["notes"]) == 1
    assert result.stderr == f"Note: {record['notes'][0]}\n"


def test_quiet_prints_nothing(run: Callable) -> None:
    result = run("photo.jpg", "--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_a_folder_as_output(folder: Path, run: Callable) -> None:
    (folder / "sub").mkdir()
    assert run("photo.jpg", "-o", str(folder / "sub")).exit_code == 0
    assert (folder / "sub" / "photo.filled.png").is_file()


def test_invert_grow_and_feather(folder: Path, run: Callable, hole: Maker) -> None:
    assert run("photo.png", "--invert", mask="opposite.png").exit_code == 0
    inverted = pixels(folder / "photo.filled.png")
    assert run("photo.png").exit_code == 0
    assert np.array_equal(inverted, pixels(folder / "photo.filled.png"))
    result = run("photo.png", "--grow", "3", "--feather", "2", "--json")
    assert json.loads(result.stdout)["hole_pixels"] > hole().sum()


def test_boxes_and_a_colour(folder: Path, run: Callable, hole: Maker) -> None:
    result = run("photo.png", "--box", "40,30,32,24", "--box", "0,0,2,1", "--json", mask=None)
    assert json.loads(result.stdout)["hole_pixels"] == hole().sum() + 2
    marked = pixels(folder / "photo.png").copy()
    marked[hole()] = (255, 0, 255)
    Image.fromarray(marked).save(folder / "marked.png")
    for color in ("#ff00ff", "FF00FF", "magenta", "#f0f"):
        result = run("marked.png", "--color", color, "--tolerance", "0", "--json", mask=None)
        assert json.loads(result.stdout)["hole_pixels"] == hole().sum()
    result = run("photo.png", "--color", "magenta", "--json", mask="marked.png")
    assert json.loads(result.stdout)["hole_pixels"] == hole().sum()


def test_transparency_is_filled_and_opaque_then(folder: Path, run: Callable, hole: Maker) -> None:
    old = np.dstack([pixels(folder / "photo.png"), np.uint8(255) * ~hole()])
    Image.fromarray(old).save(folder / "cut.png")
    assert run("cut.png", "--mask", "alpha", mask=None).exit_code == 0
    new = pixels(folder / "cut.filled.png")
    assert (new[..., 3] == 255).all()
    assert np.array_equal(old[~hole()], new[~hole()])
    assert not np.array_equal(old[hole()], new[hole()])
    assert run("cut.png", "--mask", "alpha", "-o", str(folder / "cut.jpg"), mask=None).exit_code == 0
    assert pixels(folder / "cut.jpg").shape == (96, 128, 3)
    result = run("cut.png", "--box", "0,0,9,9", "-o", str(folder / "cut.jpg"), mask=None)
    assert (result.exit_code, "transparency" in result.stderr) == (6, True)


def test_a_soft_mask_and_its_threshold(folder: Path, run: Callable, hole: Maker) -> None:
    levels = hole().astype(np.uint8) * 255
    levels[30:54, 40:44] = 51
    Image.fromarray(levels).save(folder / "soft.png")
    old = pixels(folder / "photo.png").astype(int)
    result = run("photo.png", mask="soft.png")
    assert "several values (51 and 255)" in result.stderr
    whole = pixels(folder / "photo.filled.png").astype(int)
    assert run("photo.png", "--soft", mask="soft.png").exit_code == 0
    soft = np.abs(pixels(folder / "photo.filled.png") - old)[levels == 51].mean()
    result = run("photo.png", "--threshold", "51", "--json", mask="soft.png")
    hard = np.abs(pixels(folder / "photo.filled.png") - old)[levels == 51].mean()
    assert 0 < soft < hard / 2
    assert np.array_equal(pixels(folder / "photo.filled.png"), whole)
    assert json.loads(result.stdout)["hole_pixels"] == hole().sum()
    result = run("photo.png", "--threshold", "52", "--json", mask="soft.png")
    assert json.loads(result.stdout)["hole_pixels"] == (levels == 255).sum()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "nothing says where the hole is"),
        (["--box", "1,2,3"], "is not a box"),
        (["--box", "1,2,0,4"], "is not a box"),
        (["--box", "1,2,3,x"], "is not a box"),
        (["--color", "purplish"], "is not a colour"),
        (["--threshold", "256", "--mask", "alpha"], "255"),
    ],
)
def test_options_that_mean_nothing_are_usage_errors(run: Callable, words: list[str], sentence: str) -> None:
    result = run("photo.png", *words, mask=None)
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.replace("│", " ").split())


def test_a_mask_that_looks_inverted_is_noted(run: Callable) -> None:
    result = run("photo.png", mask="opposite.png")
    assert result.exit_code == 0
    assert "--invert" in result.stderr


@pytest.mark.parametrize(
    ("photo", "options", "code", "sentence"),
    [
        ("missing.png", {}, 3, "There is no file"),
        ("text.png", {}, 3, "is not a picture"),
        ("photo.png", {"mask": "missing.png"}, 4, "There is no file"),
        ("photo.png", {"mask": "text.png"}, 4, "is not a picture"),
        ("photo.png", {"mask": "small.png"}, 4, "60 x 50 pixels and the picture 128 x 96"),
        ("photo.png", {"mask": "empty.png"}, 4, "empty"),
        ("photo.png", {"mask": "full.png"}, 4, "whole picture"),
        ("photo.png", {"model": "nobody"}, 5, "No model is called"),
        ("photo.png", {"model": "nobody.onnx"}, 5, "no model file"),
        ("photo.png", {"model": "{folder}/text.onnx"}, 5, "is not an ONNX model"),
        ("photo.png", {"more": ["-o", "{folder}/out.gif"]}, 6, "suffix"),
        ("photo.png", {"more": ["-o", "{folder}/no/out.png"]}, 6, "does not exist"),
        ("clear.png", {"more": ["-o", "{folder}/out.jpg"]}, 6, "transparency"),
        ("photo.png", {"more": ["-o", "{folder}/photo.png"]}, 6, "photograph itself"),
        ("photo.png", {"more": ["-o", "{folder}/mask.png"]}, 6, "mask itself"),
        ("photo.png", {"more": ["--device", "cuda"]}, 7, "no NVIDIA GPU"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_a_code(
    folder: Path, run: Callable, photo: str, options: dict, code: int, sentence: str
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    more = [word.format(folder=folder) for word in options.get("more", [])]
    model = options["model"].format(folder=folder) if "model" in options else None
    result = run(photo, *more, mask=options.get("mask", "mask.png"), model=model)
    assert result.exit_code == code, result.output
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_photograph_is_replaced_only_when_forced(folder: Path, run: Callable, hole: Maker) -> None:
    before = pixels(folder / "photo.png")
    os.link(folder / "photo.png", folder / "other.png")
    assert run("photo.png", "-o", str(folder / "other.png")).exit_code == 6
    assert run("photo.png", "-o", str(folder / "photo.png"), "--force").exit_code == 0
    after = pixels(folder / "photo.png")
    assert np.array_equal(before[~hole()], after[~hole()])
    assert not np.array_equal(before, after)


def test_an_interruption_leaves_nothing_behind(folder: Path, run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = sorted(path.name for path in folder.iterdir())
    monkeypatch.setattr(filling, "_run", interrupt)
    assert run("photo.png").exit_code == 130
    assert sorted(path.name for path in folder.iterdir()) == before


def test_detail_comes_from_the_network_or_from_around_the_hole(folder: Path, run: Callable) -> None:
    seen = {}
    for detail in ("network", "texture", "auto"):
        assert run("photo.png", "--detail", detail).exit_code == 0
        seen[detail] = pixels(folder / "photo.filled.png")
    assert not np.array_equal(seen["network"], seen["texture"])
    assert any(np.array_equal(seen["auto"], seen[other]) for other in ("network", "texture"))
    assert run("photo.png", "--detail", "fractal").exit_code == 2


@pytest.fixture
def meadow(folder: Path) -> Path:
    """A larger photograph, green left and red right, with a hole in the middle, and masks of both halves."""
    noise = np.random.default_rng(0).integers(-40, 40, (96, 240, 1))
    image = np.full((96, 240, 3), (60, 140, 60)) + noise
    image[:, 120:] = (160, 60, 60) + noise[:, 120:]
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(folder / "meadow.png")
    hole, left = np.zeros((96, 240), bool), np.zeros((96, 240), bool)
    hole[36:60, 108:132] = True
    left[:, :100] = True
    Image.fromarray(hole).save(folder / "meadow_hole.png")
    Image.fromarray(left).save(folder / "left.png")
    return folder / "meadow.png"


def test_variations_are_numbered_differ_and_come_back_with_the_seed(meadow: Path, run: Callable) -> None:
    record = json.loads(run("meadow.png", "--variations", "3", "--seed", "5", "--json", mask="meadow_hole.png").stdout)
    files = [Path(record["output"]), *map(Path, record["variations"])]
    assert [path.name for path in files] == [
        "meadow.filled.png",
        "meadow.filled-2.png",
        "meadow.filled-3.png",
    ]
    fills = [pixels(path) for path in files]
    assert not any(np.array_equal(fills[i], fills[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    assert 0.5 <= record["texture"][0]["sure"] <= 1
    assert record["texture"][0]["chosen"]
    run("meadow.png", "--seed", "5", mask="meadow_hole.png")
    assert np.array_equal(pixels(files[0]), fills[0])


@pytest.mark.parametrize(("option", "greener"), [("--from", True), ("--not-from", False)])
def test_texture_comes_from_where_it_may(meadow: Path, run: Callable, option: str, greener: bool) -> None:
    result = run("meadow.png", option, str(meadow.parent / "left.png"), mask="meadow_hole.png")
    assert result.exit_code == 0, result.output
    middle = pixels(meadow.with_name("meadow.filled.png"))[36:60, 108:132].astype(int)
    green = middle[..., 1] > middle[..., 0]
    assert green.all() if greener else green.mean() < 0.6


def test_bad_samplings_say_what_to_do(meadow: Path, run: Callable) -> None:
    folder = meadow.parent
    tiny = np.zeros((96, 240), bool)
    tiny[:4, :4] = True
    Image.fromarray(tiny).save(folder / "tiny.png")
    for words, code, sentence in (
        (("--from", str(folder / "empty.png")), 4, "96"),
        (("--from", str(folder / "tiny.png")), 4, "7 x 7"),
        (("--seed", "-1"), 2, ""),
        (("--variations", "0"), 2, ""),
        (("--detail", "network", "--seed", "3"), 2, "network"),
        (("--variations", "2", "-o", "-"), 2, "--output"),
    ):
        result = run("meadow.png", *words, mask="meadow_hole.png")
        assert result.exit_code == code, (words, result.output)
        assert sentence in " ".join((result.stderr + result.stdout).split()), (words, result.output)
