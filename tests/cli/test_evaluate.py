"""`inpaint eval` and `inpaint masks`, from the command line to the files."""

import csv
import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from inpaint.cli._options import MaskKind
from inpaint.cli.app import app
from inpaint.training.data.mask_sets import KINDS, open_mask_set


def inpaint(*words, code=0):
    """Run a command in this process; returns what it printed, and what it complained of with the line breaks out."""
    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done.stdout, " ".join(done.stderr.split())


@pytest.fixture
def evaluate(photographs):
    """`evaluate("telea", ..., code=0)`: what everything here has in common."""
    return lambda *words, code=0: inpaint("eval", *words, "--data", photographs, "--size", 64, code=code)


@pytest.fixture(scope="module")
def backbones(tmp_path_factory):
    """The first convolution of a VGG-19, and a SqueezeNet, that nobody trained."""
    import torch
    import torchvision
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("backbones")
    save_file(
        {"features.0.weight": torch.randn(64, 3, 3, 3), "features.0.bias": torch.zeros(64)},
        folder / "vgg19_part.safetensors",
    )
    squeeze = torchvision.models.squeezenet1_1(weights=None).state_dict()
    save_file(squeeze, folder / "squeezenet1_1_random.safetensors")
    return folder


def test_the_table_has_a_row_for_each_metric_and_a_column_for_each_method(evaluate, tiny_model):
    printed, _ = evaluate("telea", tiny_model, "--metrics", "l1,psnr")
    assert "6 pictures at 64 px, mixed holes of seed 0" in printed
    assert "10% to 35% hole" in printed
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if "│" in line]
    assert "telea" in printed
    assert "tiny" in printed
    names = ["l1 sum ↓", "l1 ↓", "l1 in hole ↓", "PSNR ↑", "PSNR in hole ↑"]
    assert [row[0] for row in rows[:5]] == names
    assert all(float(value) > 0 for row in rows for value in row[1:])


def test_a_gpu_that_is_not_there_is_refused_where_something_would_use_it(evaluate, monkeypatch, tmp_path):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    evaluate("telea", "--metrics", "l1", "--device", "cuda")
    _, complaint = evaluate("telea", "--metrics", "lpips", "--device", "cuda", "-o", tmp_path / "report", code=7)
    assert "choose --device cpu or auto" in complaint
    assert not (tmp_path / "report").exists()


def test_everything_lands_in_the_folder(evaluate, tiny_model, tmp_path, backbones):
    out = tmp_path / "report"
    words = ("--distance", "vgg19", "--features", "squeeze", "--backbones", backbones, "--keep-fills", "-o", out)
    printed, _ = evaluate("telea", "biharmonic", tiny_model, *words)
    assert printed.rstrip().endswith("report.html")
    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {"report.html", "scores.json", "methods.csv", "pictures.csv", "masks/masks.json"} < files
    assert {f"fills/{m}/deeper-3.png" for m in ("telea", "biharmonic", "tiny")} < files
    record = json.loads((out / "scores.json").read_text())
    assert record["conditions"]["masks_sha256"] == open_mask_set(out / "masks").sha256
    assert record["conditions"]["distance"] == "VGG-19 distance"
    assert record["conditions"]["features"] == "SqueezeNet, not torchvision's weights"
    means = record["methods"][0]["mean"]
    assert list(means)[:4] == ["crispness_hole", "crispness_median", "crispness_near", "frechet_hole"]
    assert 0 < means["crispness_hole"]["value"] < 1
    assert means["frechet_hole"]["value"] > 0
    truth, hole, fill = (np.asarray(Image.open(out / p / "deeper-3.png")) for p in ("truth", "holes", "fills/tiny"))
    difference = np.abs(truth.astype(float) - fill).mean(axis=2) / 255
    (scores,) = (p["scores"]["tiny"] for p in record["pictures"] if p["name"] == "deeper/3")
    assert scores["l1_sum"] == pytest.approx(difference.sum(), rel=1e-5)
    assert scores["l1_hole"] == pytest.approx(difference[hole].mean(), rel=1e-5)
    with (out / "pictures.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 18


def test_what_was_kept_can_be_evaluated_again_with_the_same_masks(evaluate, tmp_path):
    evaluate("telea", "--metrics", "ssim", "--keep-fills", "-o", tmp_path / "a")
    words = ("--metrics", "ssim", "--masks", tmp_path / "a" / "masks", "--json")
    again = json.loads(evaluate(tmp_path / "a" / "fills" / "telea", *words)[0])
    first = json.loads((tmp_path / "a" / "scores.json").read_text())
    assert again["pictures"] == first["pictures"]
    assert again["conditions"] == first["conditions"]


def test_masks_that_no_photograph_is_called_like_are_announced(evaluate, tmp_path):
    inpaint("masks", "strokes", "-o", tmp_path / "m", "-n", 6, "--size", 64)
    (tmp_path / "m" / "masks.json").unlink()
    words = ("telea", "--metrics", "l1", "--masks", tmp_path / "m", "--json")
    printed, notes = evaluate(*words)
    assert "Note: No mask in" in notes
    assert json.loads(printed)["conditions"]["paired"] == "order"
    for number, name in enumerate(("0", "2", "4", "deeper-1", "deeper-3", "deeper-5")):
        (tmp_path / "m" / f"{number:06d}.png").rename(tmp_path / "m" / f"{name}.png")
    printed, notes = evaluate(*words)
    assert "Note" not in notes
    assert json.loads(printed)["conditions"]["paired"] == "name"
    (tmp_path / "m" / "2.png").unlink()
    assert "No mask for 2.png" in evaluate(*words, code=4)[1]


def test_json_is_one_object_and_nothing_else(evaluate):
    printed, _ = evaluate("telea", "--metrics", "ssim", "--limit", 2, "--holes", "centre", "--json")
    record = json.loads(printed)
    assert (record["conditions"]["pictures"], record["conditions"]["masks"]) == (2, "centre")
    assert [method["name"] for method in record["methods"]] == ["telea"]
    assert list(record["methods"][0]["by_area"]) == ["20-30%"]


def test_a_contact_sheet(evaluate, tmp_path):
    printed, _ = evaluate(
        "telea",
        "biharmonic",
        "--metrics",
        "ssim",
        "--sheet",
        tmp_path / "sheet.webp",
        "--show",
        "4",
        "--show",
        "deeper/1",
    )
    assert printed.rstrip().endswith("sheet.webp")
    with Image.open(tmp_path / "sheet.webp") as sheet:
        assert sheet.width == 4 * 64 + 5 * 6
        assert sheet.height == 24 + 2 * (64 + 24) + 24


def test_whole_photographs(evaluate):
    printed, _ = evaluate("telea", "--metrics", "l1", "--whole", "--json")
    record = json.loads(printed)
    assert record["conditions"]["size"] is None
    scores = record["pictures"][0]["scores"]["telea"]
    assert scores["l1_sum"] == pytest.approx(scores["l1"] * 80 * 96)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["no-model"], 5, "no-model"),
        (["telea", "--metrics", "beauty"], 2, "choose from crispness"),
        (["telea", "--distance", "vgg20"], 2, "choose alex"),
        (["telea", "--features", "alex"], 2, "choose mobilenet"),
        (["telea", "--metrics", "frechet", "--backbones", "EMPTY"], 8, "leave frechet out"),
        (["telea", "--holes", "objects"], 2, "inpaint masks objects"),
        (["telea", "--keep-fills"], 2, "--out DIR"),
        (["telea", "--show", "0"], 2, "--sheet FILE"),
        (["telea", "--metrics", "l1", "--sheet", "FILE"], 6, "call it .jpg"),
        (["telea", "--metrics", "l1", "--sheet", "EMPTY.png", "--show", "no"], 3, "no photograph no"),
        (["telea", "--masks", "EMPTY"], 4, "No masks in"),
        (["telea", "--distance", "alex", "--backbones", "EMPTY"], 8, "alexnet"),
        (["telea", "--metrics", "fid", "--backbones", "EMPTY"], 8, "leave fid and is out"),
        (["EMPTY", "--metrics", "l1"], 3, "neither a run directory nor"),
        (["telea", "--metrics", "l1", "-o", "FILE/report"], 6, "cannot be made"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(evaluate, tmp_path, words, code, sentence):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    words = [w.replace("EMPTY", str(tmp_path / "empty")).replace("FILE", str(tmp_path / "file")) for w in words]
    _, complaint = evaluate(*words, code=code)
    assert sentence in complaint.replace("│ ", "").replace(" │", "")


def test_an_evaluation_is_not_written_over_another(evaluate, tmp_path):
    evaluate("telea", "--metrics", "l1", "-o", tmp_path / "a")
    before = {path: path.read_bytes() for path in (tmp_path / "a").rglob("*") if path.is_file()}
    _, complaint = evaluate("navier-stokes", "--metrics", "l1", "-o", tmp_path / "a", code=6)
    assert "holds an evaluation already" in complaint
    assert {path: path.read_bytes() for path in (tmp_path / "a").rglob("*") if path.is_file()} == before


def test_an_interrupted_evaluation_can_be_done_again(evaluate, tmp_path):
    first = evaluate("telea", "--metrics", "l1", "-o", tmp_path / "a")
    (tmp_path / "a" / "scores.json").unlink()  # what is written last
    assert evaluate("telea", "--metrics", "l1", "-o", tmp_path / "a") == first
    (tmp_path / "a" / "scores.json").unlink()
    _, complaint = evaluate("telea", "--metrics", "l1", "--seed", 1, "-o", tmp_path / "a", code=6)
    assert "holds masks already" in complaint
    assert "take them with --masks" in complaint


def test_an_evaluation_does_not_stumble_over_the_masks_it_drew(evaluate, tmp_path):
    """Neither with another --limit, nor where drawing them was interrupted."""
    whole = evaluate("telea", "--metrics", "l1", "-o", tmp_path / "whole", "--json")
    evaluate("telea", "--metrics", "l1", "-o", tmp_path / "a", "--limit", 2)
    (tmp_path / "a" / "scores.json").unlink()
    assert evaluate("telea", "--metrics", "l1", "-o", tmp_path / "a", "--json") == whole
    (tmp_path / "a" / "scores.json").unlink()
    (tmp_path / "a" / "masks" / "masks.json").unlink()
    (tmp_path / "a" / "masks" / "000005.png").unlink()
    assert evaluate("telea", "--metrics", "l1", "-o", tmp_path / "a", "--json") == whole
    (tmp_path / "b" / "masks").mkdir(parents=True)
    mine = tmp_path / "b" / "masks" / "000000.png"
    Image.fromarray(np.eye(64, dtype=bool)).save(mine)
    before = mine.read_bytes()
    assert "holds masks already" in evaluate("telea", "--metrics", "l1", "-o", tmp_path / "b", code=6)[1]
    assert mine.read_bytes() == before


def test_the_options_name_every_kind_of_mask():
    assert tuple(kind.value for kind in MaskKind) == KINDS


def test_masks_are_frozen(tmp_path):
    printed, _ = inpaint("masks", "strokes", "-o", tmp_path / "s", "-n", 7, "--size", 64, "--area", 0.05, 0.4)
    frozen = open_mask_set(tmp_path / "s")
    assert len(frozen) == 7
    assert f"sha256 {frozen.sha256[:16]}" in printed
    assert inpaint("masks", "strokes", "-o", tmp_path / "s", code=6)[1].count("holds masks already") == 1


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["objects"], 2, "need label maps"),
        (["strokes", "--shapes", "x"], 2, "not drawn from shapes"),
        (["centre", "--area", "0.1", "0.2"], 2, "always a quarter"),
        (["strokes", "--area", "0.9", "0.1"], 8, "smaller first"),
        (["objects", "--shapes", "nowhere"], 8, "does not exist"),
        (["circles"], 2, "circles"),
    ],
)
def test_masks_that_cannot_be_drawn(tmp_path, words, code, sentence):
    _, complaint = inpaint("masks", *words, "-o", tmp_path / "s", code=code)
    assert sentence in complaint.replace("│ ", "").replace(" │", "")
    assert not list((tmp_path / "s").glob("*"))
