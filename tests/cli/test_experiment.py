"""`inpaint experiment` as a person runs it, in processes of its own."""

import shlex
import subprocess
import sys


def inpaint(*words, code=0):
    command = [sys.executable, "-c", "from inpaint.cli.app import main; main()", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


ONE = ("--set", 'axes.family=["context-encoder"]', "--set", 'axes.schedule=["growing"]')


def test_from_prompt_to_report(photographs, tmp_path, monkeypatch):
    monkeypatch.chdir(photographs.parent)
    near = photographs.name
    where = ("--data", near, "--val", near, "--out", tmp_path / "x x", "--device", "cpu", *ONE)
    stopped = inpaint("experiment", "debug", *where, "--max-minutes", 0)
    assert "0 of 1 trainings finished" in stopped.stdout
    _, go_on = stopped.stdout.split("Go on with: ")
    assert shlex.split(go_on) == ["inpaint", "experiment", "debug", *map(str, where), "--max-minutes", "0", "--resume"]
    # Without --resume nothing that is there is touched.
    assert "--resume" in inpaint("experiment", "debug", *where, code=6).stderr
    # From another folder, and with nothing but where it is.
    monkeypatch.chdir(tmp_path / "x x")
    done = inpaint("experiment", "--resume", "--out", tmp_path / "x x", "--device", "cpu")
    assert "0 of 1 trainings are finished; context-encoder-growing-seed0 goes on after step 0 of 8" in done.stderr
    assert "1 of 1 trainings finished" in done.stdout
    assert "| growing | " in (tmp_path / "x x" / "report.md").read_text("utf-8")


def test_a_failed_training_is_said_at_the_end(photographs, tmp_path):
    broken = 'adjust=[{when={}, settings=["generator.size=64", "generator.bottleneck=8", "curriculum.lr=1e30"]}]'
    where = ("--data", photographs, "--val", photographs, "--out", tmp_path / "x", "--device", "cpu", *ONE)
    done = inpaint("experiment", "debug", *where, "--set", broken, code=1)
    assert "context-encoder-growing-seed0 failed: " in done.stderr
    assert "0 of 1 trainings finished" in done.stdout


def test_a_dry_run_shows_the_matrix_and_trains_nothing():
    shown = inpaint("experiment", "growing-masks-small", "--dry-run").stdout
    assert "# 24 trainings, measured every 160 steps" in shown
    assert "# gated-rising-adversarial-seed0: rising-adversarial-gated, 1280 steps in 8 phases at 64 px" in shown


def test_what_is_missing_is_said(photographs, tmp_path):
    assert "holds no experiment" in inpaint("experiment", "--resume", "--out", tmp_path, code=8).stderr
    assert "choose one of ablations" in inpaint("experiment", code=2).stderr
    missing = ("--data", photographs, "--val", tmp_path / "nowhere", "--out", tmp_path)
    assert "does not exist" in inpaint("experiment", "debug", *missing, code=8).stderr
    assert "--data" in inpaint("experiment", "debug", code=2).stderr
    assert "--out" in inpaint("experiment", "debug", "--data", photographs, "--val", photographs, code=2).stderr
    assert "one of: ablations" in inpaint("experiment", "nowhere", "--dry-run", code=8).stderr
