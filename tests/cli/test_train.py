"""`inpaint train` and `export` as a person runs them; what trains or exports, in processes of their own."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from typer.testing import CliRunner

from inpaint.cli.app import app
from inpaint.training.recipe import load_recipe
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.session import Options, run_training

SETTINGS = ["--set", "phases.0.steps=24", "--set", "phases.1.steps=6", "--set", "checkpoint_every=4"]


def command(*words):
    return [sys.executable, "-c", "from inpaint.cli.app import main; main()", *map(str, words)]


def inpaint(*words, code=0):
    done = subprocess.run(command(*words), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def here(*words, code=0):
    """Do what `inpaint` does in this process, which spares the time of importing torch."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture(scope="module")
def whole(photographs, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "whole"
    done = inpaint("train", "debug", "--data", photographs, "--out", out, "--device", "cpu", *SETTINGS)
    assert f"inpaint export {out}" in done.stdout
    return out


def bits(out):
    run = RunDirectory(out)
    return load_file(run.checkpoint(run.steps()[-1]) / "state.safetensors")


def test_a_killed_training_resumes_to_the_same_bits(whole, photographs, tmp_path):
    out = tmp_path / "killed"
    process = subprocess.Popen(
        command("train", "debug", "--data", photographs, "--out", out, "--device", "cpu", *SETTINGS),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    run = RunDirectory(out)
    deadline = time.monotonic() + 120
    while len(run.steps()) < 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=120)
    assert 0 < run.steps()[-1] < 30
    # The same command again: what a launcher does after a crash.
    inpaint("train", "debug", "--data", photographs, "--out", out, "--device", "cpu", "--auto-resume")
    expected, got = bits(whole), bits(out)
    assert expected.keys() == got.keys()
    assert [key for key in expected if not expected[key].equal(got[key])] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_signal_saves_and_says_how_to_go_on(photographs, tmp_path, number):
    out = tmp_path / "interrupted"
    slow = ["--set", "phases.0.steps=5000", "--set", "checkpoint_every=10000"]
    process = subprocess.Popen(
        command("train", "debug", "--data", photographs, "--out", out, "--device", "cpu", *slow),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (out / "log.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 130
    assert f"inpaint train --resume --out {out}" in said
    assert len(RunDirectory(out).steps()) == 1


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="nothing says what a process has loaded")
def test_ctrl_c_while_torch_is_imported_is_heard(photographs, tmp_path):
    """Some of what is imported then catches every exception."""
    process = subprocess.Popen(
        command("train", "debug", "--data", photographs, "--out", tmp_path / "run", "--device", "cpu"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while "libtorch_cpu" not in Path(f"/proc/{process.pid}/maps").read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=120)
    assert process.returncode == 130, complaint
    assert complaint == "Interrupted.\n"
    assert not (tmp_path / "run").exists()


def test_what_can_be_checked_without_torch_is_checked_first(photographs, tmp_path):
    (tmp_path / "bad.toml").write_text("name = ")
    (tmp_path / "empty").mkdir()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "recipe.toml").write_text("")
    out = ("--out", tmp_path / "run")
    data = ("--data", photographs)
    mistakes = [
        (8, "train", "debgu", *data, *out),
        (8, "train", tmp_path / "bad.toml", *data, *out),
        (8, "train", "debug", "--data", tmp_path / "nowhere", *out),
        (8, "train", "debug", *data, "--val", tmp_path / "nowhere", *out),
        (8, "train", "debug", *data, *out, "--set", "nonsense"),
        (6, "train", "debug", *data, "--out", tmp_path / "taken"),
        (8, "train", "--resume", "--out", tmp_path / "empty"),
        (8, "train", "--resume", "--out", tmp_path / "taken"),
        (2, "train", *data, *out),
        (2, "train", "debug", *out),
        (8, "export", tmp_path / "nowhere", "-o", tmp_path / "model.onnx"),
        (5, "export", tmp_path / "bad.toml", "-o", tmp_path / "model.onnx"),
        (8, "experiment", "debgu", "--dry-run"),
        (8, "experiment", "debug", *data, "--val", tmp_path / "nowhere", *out),
        (0, "masks", "rectangles", "-n", "2", "--size", "64", "-o", tmp_path / "masks"),
        (1, "study", "make", tmp_path / "empty", tmp_path / "masks", "-o", tmp_path / "study.html"),
    ]
    script = (
        "import json, sys; from typer.testing import CliRunner; from inpaint.cli.app import app\n"
        "for code, *words in json.loads(sys.argv[1]):\n"
        "    done = CliRunner().invoke(app, words)\n"
        "    assert done.exit_code == code, (words, done.output)\n"
        "    assert 'torch' not in sys.modules, words\n"
    )
    told = json.dumps([[code, *map(str, words)] for code, *words in mistakes])
    done = subprocess.run(
        [sys.executable, "-c", script, told], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr


def test_a_training_goes_on_from_another_folder(photographs, tmp_path, monkeypatch):
    out = tmp_path / "run"
    monkeypatch.chdir(photographs.parent)
    options = Options(data=photographs.name, val=photographs.name, out=out, device="cpu")
    run_training(load_recipe("debug"), options, [lambda report: report.step == 1])
    monkeypatch.chdir(tmp_path)
    said = here("train", "--resume", "--out", "run", "--device", "cpu", "--dry-run").stdout
    assert f"# 6 pictures in {photographs}" in said
    assert "# Validated on 6 photographs of --val." in said


def test_a_deep_dry_run_names_every_picture_that_is_none(photographs, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(photographs, data)
    (data / "2.png").write_bytes(b"no picture")
    deep = ("train", "debug", "--data", data, "--device", "cpu", "--dry-run", "--deep", "--workers", "0")
    said = here(*deep).stdout
    assert f"# {data / '2.png'} cannot be decoded" in said
    assert "# 6 pictures read, 1 not usable" in said
    (data / "4.png").write_bytes(b"")
    refused = here(*deep, code=8)
    assert "2 of 6 pictures are not usable, more than a training skips" in " ".join(refused.stderr.split())
    words = ("train", "debug", "--data", data, "--out", tmp_path / "run", "--deep")
    assert "it goes with --dry-run" in here(*words, code=2).stderr


@pytest.mark.parametrize("eight_bits", [False, True])
def test_train_export_fill(whole, photographs, tmp_path, eight_bits):
    model, filled = tmp_path / "model.onnx", tmp_path / "filled.png"
    said = inpaint("export", whole, "-o", model, *(("--int8", "--calibrate", photographs) if eight_bits else ())).stdout
    assert "parity" in said
    assert ("int8 against float32" in said) == eight_bits
    mask = tmp_path / "mask.png"
    with Image.open(photographs / "0.png") as photo:
        hole = Image.new("L", photo.size, 0)
        hole.paste(255, (20, 20, 50, 45))
        hole.save(mask)
    inpaint("fill", photographs / "0.png", "--mask", mask, "--model", model, "-o", filled)
    with Image.open(photographs / "0.png") as before, Image.open(filled) as after:
        assert before.size == after.size
        assert before.getpixel((0, 0)) == after.getpixel((0, 0))
        assert before.tobytes() != after.tobytes()


def test_a_dry_run_leaves_nothing(photographs, tmp_path):
    out = tmp_path / "dry"
    said = here("train", "btgmi-256", "--data", photographs, "--out", out, "--dry-run").stdout
    assert "6 pictures" in said
    assert "block 3: 1500 steps" in said
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["no-such-recipe"], 8, "There is no recipe"),
        (["debug", "--set", "phases.0.steps=0"], 8, "at least one step"),
        (["debug", "--set", "nonsense"], 8, "key=value"),
        (["debug", "--data", "nowhere"], 8, "does not exist"),
        (["--resume"], 8, "not a run directory"),
        ([], 2, "choose one of"),
        (["debug", "--device", "tpu"], 2, "is not one of"),
    ],
)
def test_what_is_wrong_is_one_sentence(words, code, sentence, photographs, tmp_path):
    data = [] if "--data" in words else ["--data", photographs]
    done = here("train", *words, *data, "--out", tmp_path / "run", code=code)
    assert sentence in " ".join(done.stderr.split())
    assert not (tmp_path / "run" / "recipe.toml").exists()


def test_a_second_training_does_not_overwrite_the_first(whole, photographs):
    done = here("train", "debug", "--data", photographs, "--out", whole, "--device", "cpu", code=6)
    assert "--resume" in done.stderr


def test_going_on_with_another_recipe_is_refused(whole):
    done = here("train", "btgmi-256", "--resume", "--out", whole, code=8)
    assert "leave the recipe out" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("source", "words", "code", "sentence"),
    [
        (".", [], 8, "not a run directory"),
        ("nowhere", [], 8, "not a run directory"),
        ("default", [], 8, "not a run directory"),
        ("default", ["--int8"], 2, "--calibrate FOLDER"),
        ("default", ["--calibrate", "."], 2, "goes with --int8"),
        ("default", ["--int8", "--fp16", "--calibrate", "."], 2, "choose one of"),
        ("default", ["--int8", "--step", "3", "--calibrate", "."], 2, "run directories"),
        ("default", ["--int8", "--calibrate", "nowhere"], 8, "does not exist"),
        ("default", ["--compact"], 5, "no weights in full precision"),
        ("default", ["--compact", "--fp16"], 2, "choose one of"),
        ("default", ["--compact", "--licence", "MIT"], 2, "export the run first"),
        (".", ["--compact"], 2, "export the run first"),
        ("joint", ["--int8", "--calibrate", "."], 5, "joint"),
        ("nowhere.onnx", ["--int8", "--calibrate", "."], 5, "no model file"),
        (__file__, [], 5, "add --int8"),
        (__file__, ["--int8", "--calibrate", "."], 5, "not an ONNX model"),
    ],
)
def test_export_says_what_is_wrong(tmp_path, source, words, code, sentence):
    source = tmp_path if source == "." else source
    done = here("export", source, *words, "-o", tmp_path / "m.onnx", code=code)
    assert sentence in " ".join(done.stderr.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


def test_a_training_starts_from_another_and_goes_on_with_the_same_command(whole, photographs, tmp_path):
    further = ("train", "debug", "--data", photographs, "--out", tmp_path / "on", "--device", "cpu", "--auto-resume")
    settings = ("--set", "generator.blocks=3", "--set", "phases=[{name='on', steps=2}]", "--start-from", whole)
    shown = inpaint(*further, *settings, "--dry-run").stdout
    assert f"# starts with the weights of {whole}" in shown
    assert "--set generator.blocks=3" in inpaint(*further, "--start-from", whole, code=8).stderr
    inpaint(*further, *settings, "--max-minutes", 0)
    assert RunDirectory(tmp_path / "on").steps() == [1]
    inpaint(*further, *settings)
    assert RunDirectory(tmp_path / "on").last_step() == 2
    refused = inpaint("train", "--resume", "--out", tmp_path / "on", "--start-from", whole, code=2).stderr
    assert "leave one of the two out" in " ".join(refused.replace("│", " ").split())


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--val", "nowhere"], 8, "does not exist"),
        (["--backbones", "nowhere", "--set", "objectives.default.ppl=1.0"], 8, "No alexnet*.safetensors in nowhere"),
        (["--device", "cuda"], 8, "no usable CUDA device"),
        (["--device", "cpu", "--cuda-graphs"], 8, "leave --cuda-graphs out"),
    ],
)
def test_a_dry_run_finds_what_the_training_would_fail_of(words, code, sentence, photographs):
    if "cuda" in words and torch.cuda.is_available():
        pytest.skip("there is one")
    done = here("train", "debug", "--data", photographs, *words, "--dry-run", code=code)
    assert sentence in " ".join(done.stderr.split())


def test_a_dry_run_knows_the_place(whole, photographs):
    assert "--resume" in here("train", "debug", "--data", photographs, "--out", whole, "--dry-run", code=6).stderr
    other = ("--set", "generator.width=16")
    done = here("train", "--resume", "--out", whole, "--device", "cpu", *other, "--dry-run", code=8)
    assert "does not fit the recipe's networks" in " ".join(done.stderr.split())


def test_a_dry_run_of_going_on_takes_what_the_run_was_given(photographs, tmp_path):
    out, labels = tmp_path / "outlined", tmp_path / "labels"
    labels.mkdir()
    disc = Image.new("L", (96, 96), 0)
    disc.paste(1, (20, 20, 70, 60))
    disc.save(labels / "0.png")
    options = Options(data=str(photographs), shapes=str(labels), out=out, device="cpu")
    run_training(load_recipe("debug", ["holes.default.objects=0.5"]), options, [lambda report: report.step == 2])
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    said = here("train", "--resume", "--out", out, "--device", "cpu", "--set", "log_every=7", "--dry-run").stdout
    assert f"# 6 pictures in {photographs}" in said
    assert "# goes on after step 2" in said
    assert "log_every = 7" in said
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_recipe_that_is_not_the_runs_own_gets_a_note(whole):
    on = ("--resume", "--out", whole, "--device", "cpu", "--dry-run")
    note = " ".join(here("train", "debug", *on).stderr.split())
    assert f"{whole} goes on with its own recipe, which differs from debug in checkpoint_every, phases" in note
    assert here("train", "debug", *on, *SETTINGS).stderr == ""
    assert here("train", *on).stderr == ""
