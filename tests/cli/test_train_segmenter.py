"""`inpaint train segmenter`: the options that it honours, those that it refuses, and how it stops and goes on."""

import json
import signal

import pytest
import torch
from typer.testing import CliRunner

from inpaint.cli.app import app
from inpaint.training.segmenter import train as segmenter

SETTINGS = ["--set", "steps=6", "--set", "batch=2", "--set", "width=4", "--set", "hold_back=0", "--device", "cpu"]


def inpaint(*words, code=0):
    """Run a command in this process; returns what it printed, and what it complained of with the line breaks out."""
    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done.stdout, " ".join(done.stderr.replace("│", " ").split())


@pytest.fixture
def train(discs, tmp_path):
    """`train("--resume", code=0)`: six steps on discs into `tmp_path / "run"`."""
    out = tmp_path / "run"
    return lambda *words, code=0: inpaint(
        "train", "segmenter", "--data", discs, "--out", out, *SETTINGS, *words, code=code
    )


@pytest.fixture(scope="module")
def whole(discs, tmp_path_factory):
    """A training that nothing interrupted."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    inpaint("train", "segmenter", "--data", discs, "--out", out, *SETTINGS)
    return out


def state(run):
    return (run / "state.safetensors").read_bytes()


def test_a_dry_run_leaves_nothing(discs, tmp_path):
    said, _ = inpaint("train", "segmenter", "--data", discs, "--set", "width=4", "--dry-run")
    assert 'network = "small"' in said
    assert "width = 4" in said
    assert "steps = 1500" in said
    assert "10 segmented pictures" in said  # of twelve, every tenth is held back
    assert "M weights" in said
    inpaint("train", "segmenter", "--data", discs, "--out", tmp_path / "run", "--dry-run")
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_finds_what_is_wrong(whole, discs, tmp_path, monkeypatch):
    (tmp_path / "images").mkdir()
    for words, code, sentence in (
        (["--data", "nowhere"], 8, "No segmented pictures"),
        (["--data", discs, "--set", "mood=good"], 8, "no setting"),
        (["--data", discs, "--set", "network=huge"], 8, "small or mask-rcnn"),
        (["--data", discs, "--out", whole], 6, "holds a training already"),
        (["--data", discs, "--out", tmp_path, "--resume"], 8, "not the run directory of a segmenter"),
        (["--out", whole, "--resume", "--set", "width=8"], 8, "does not fit"),
        (["--out", whole, "--resume", "--set", "steps=3"], 8, "6 steps"),
        (["--resume"], 2, "which run"),
        ([], 2, "segmented photographs"),
    ):
        assert sentence in inpaint("train", "segmenter", *words, "--dry-run", code=code)[1]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert (
        "no usable CUDA" in inpaint("train", "segmenter", "--data", discs, "--device", "cuda", "--dry-run", code=8)[1]
    )
    shown, _ = inpaint("train", "segmenter", "--out", whole, "--resume", "--set", "steps=9", "--dry-run")
    assert "goes on after step 6" in shown


@pytest.mark.parametrize(
    "words",
    [
        ["--val", "."],
        ["--shapes", "."],
        ["--start-from", "default"],
        ["--backbones", "."],
        ["--workers", "0"],
        ["--compile"],
        ["--cuda-graphs"],
    ],
)
def test_what_a_segmenter_has_no_use_for_is_refused(train, tmp_path, words):
    _, complaint = train(*words, code=2)
    assert words[0] in complaint
    assert "leave it out" in complaint
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("words", [[], ["--dry-run"]])
def test_several_processes_are_sent_back(train, tmp_path, monkeypatch, words):
    """Each would train the whole, and all would write the same files."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "without torchrun" in train(*words, code=8)[1]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_signal_saves_and_says_how_to_go_on(train, whole, tmp_path, monkeypatch, number):
    drawn = segmenter.draw_batch

    def interrupted(source, recipe, step, skipped):
        if step == 2:
            signal.raise_signal(number)
        return drawn(source, recipe, step, skipped)

    run, handlers = tmp_path / "run", [signal.getsignal(caught) for caught in (signal.SIGINT, signal.SIGTERM)]
    with monkeypatch.context() as patch:
        patch.setattr(segmenter, "draw_batch", interrupted)
        said, complaint = train(code=130)
    assert f"Stopped after step 3. Go on with: inpaint train segmenter --resume --out {run}" in said
    assert "saving" in complaint
    # What was there before, which in the background of a shell is to ignore Ctrl-C.
    assert [signal.getsignal(caught) for caught in (signal.SIGINT, signal.SIGTERM)] == handlers
    # The run knows what it is, and where its pictures are.
    assert "Finished 6 steps" in inpaint("train", "--resume", "--out", run, "--device", "cpu")[0]
    assert state(run) == state(whole)


def test_the_same_command_starts_goes_on_and_starts_over(train, whole, tmp_path):
    run = tmp_path / "run"
    train("--auto-resume", "--max-minutes", "0")
    assert "Finished" in train("--auto-resume")[0]
    assert state(run) == state(whole)
    # Stopped before the first checkpoint: there is nothing to go on from, and nothing to lose.
    (run / "state.safetensors").unlink()
    train(code=6)
    train("--auto-resume")
    assert state(run) == state(whole)


@pytest.mark.parametrize("file", ["segmenter.json", "state.safetensors"])
@pytest.mark.parametrize("content", [b"", b"[]", b'{"steps": "many"}', b"half"], ids=["empty", "list", "wrong", "half"])
def test_a_damaged_run_is_said(whole, tmp_path, file, content):
    run = tmp_path / "run"
    run.mkdir()
    for name in ("segmenter.json", "state.safetensors"):
        (run / name).write_bytes((whole / name).read_bytes())
    (run / file).write_bytes(state(whole)[:-100] if content == b"half" else content)
    for words in (["train", "segmenter", "--resume", "--out", run], ["export", run, "-o", tmp_path / "cutout.onnx"]):
        before = (run / file).read_bytes()
        assert inpaint(*words, code=8)[1]
        assert (run / file).read_bytes() == before
    assert not (tmp_path / "cutout.onnx").exists()


def test_a_changed_setting_is_written_down(train, tmp_path):
    train()
    inpaint("train", "segmenter", "--resume", "--out", tmp_path / "run", "--set", "steps=8", "--device", "cpu")
    record = json.loads((tmp_path / "run" / "segmenter.json").read_text())
    assert (record["steps"], record["width"]) == (8, 4)
