import json

import pytest
import torch
from PIL import Image

from inpaint.core.errors import DivergedError, OutputError, RecipeError
from inpaint.training.recipe import load_recipe
from inpaint.training.rundir import RunDirectory
from inpaint.training.session import Options, run_training


def short_recipe(**settings):
    changes = {
        "phases.0.steps": 6,
        "phases.1.steps": 4,
        "checkpoint_every": 3,
        "sample_every": 5,
        "log_every": 2,
        "keep": 2,
    }
    return load_recipe("debug", [f"{key}={value}" for key, value in {**changes, **settings}.items()])


def options(photographs, out, **changes):
    return Options(**{"data": str(photographs), "out": out, "device": "cpu", **changes})


@pytest.fixture(scope="module")
def run(photographs, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "whole"
    assert run_training(short_recipe(), options(photographs, out)) == 10
    return RunDirectory(out)


def test_leaves_everything_behind(run):
    assert run.recipe() == short_recipe()
    assert run.steps()[-2:] == [9, 10]
    assert sorted(path.name for path in run.samples.iterdir()) == ["step-000005.png", "step-000010.png"]
    assert any(run.tensorboard.iterdir())
    records = [json.loads(line) for line in run.log_file.read_text().splitlines()]
    assert [record["step"] for record in records if "losses" in record] == [2, 4, 6, 8, 10]
    assert {"discriminator", "l1_hole", "adversarial"} == set(records[0]["losses"])
    assert [record["step"] for record in records if "validation" in record] == [5, 10]
    assert run.best_step() in (5, 10)


def test_keeps_the_last_checkpoints_and_the_best(run):
    assert set(run.steps()) == {9, 10} | {run.best_step()}
    assert not list(run.checkpoints.glob(".saving-*"))


def test_the_contact_sheet_shows_four_views_of_every_picture(run):
    with Image.open(run.samples / "step-000010.png") as sheet:
        assert sheet.size == (2 * 4 * 64, 3 * 64)


def test_stopping_and_resuming_gives_the_same_bits(run, photographs, tmp_path):
    out = tmp_path / "halves"
    stopped = run_training(short_recipe(), options(photographs, out), [lambda report: report.step == 7])
    assert stopped == 7
    halves = RunDirectory(out)
    assert halves.steps()[-1] == 7
    assert run_training(halves.recipe(), options(photographs, out, resume=True)) == 10
    expected, got = run.load()[0], halves.load()[0]
    assert expected.keys() == got.keys()
    assert [key for key in expected if not torch.equal(expected[key], got[key])] == []


def test_a_new_training_does_not_overwrite_an_old_one(run, photographs):
    with pytest.raises(OutputError, match="--resume"):
        run_training(short_recipe(), options(photographs, run.path))


def test_resuming_nothing_is_one_sentence(photographs, tmp_path):
    with pytest.raises(RecipeError, match="no checkpoint"):
        run_training(short_recipe(), options(photographs, tmp_path, resume=True))


def test_resuming_with_other_networks_is_one_sentence(run, photographs):
    with pytest.raises(RecipeError, match="does not fit"):
        run_training(short_recipe(**{"generator.width": 16}), options(photographs, run.path, resume=True))


def test_a_damaged_checkpoint_is_one_sentence(photographs, tmp_path):
    out = tmp_path / "damaged"
    run_training(short_recipe(), options(photographs, out), [lambda report: report.step == 3])
    state = RunDirectory(out).checkpoint(3) / "state.safetensors"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(RecipeError, match="damaged"):
        RunDirectory(out).load()


def test_time_runs_out_with_a_checkpoint(photographs, tmp_path):
    out = tmp_path / "brief"
    finished = run_training(short_recipe(), options(photographs, out, max_minutes=0.0))
    assert finished == 1
    assert RunDirectory(out).steps() == [1]


def test_validation_pictures_may_come_from_elsewhere(photographs, shards, tmp_path):
    out = tmp_path / "elsewhere"
    run_training(short_recipe(), options(shards, out, val=str(photographs)), [lambda report: report.step == 5])
    assert (RunDirectory(out).samples / "step-000005.png").exists()


def test_a_training_that_died_before_its_first_checkpoint_can_be_started_over(run, photographs, tmp_path):
    early = RunDirectory(tmp_path / "early")
    early.create(short_recipe(), {})
    with pytest.raises(OutputError, match="--resume"):
        early.create(short_recipe(), {})
    early.create(short_recipe(), {}, again=True)
    with pytest.raises(OutputError, match="--resume"):
        run.create(short_recipe(), {}, again=True)


def test_checkpoints_say_how_many_samples_are_behind_them(run):
    assert run.load()[1]["samples"] == 10 * 4
    assert run.load()[1]["processes"] == 1


def test_the_log_says_how_long_steps_waited_for_pictures(run):
    records = [json.loads(line) for line in run.log_file.read_text().splitlines()]
    assert all(0 < record["waiting"] < 1 for record in records if "losses" in record)


def test_training_in_parts_runs_and_resumes(photographs, tmp_path):
    """Two parts per batch, in both phases."""
    recipe = short_recipe(**{"phases.0.accumulate": 2, "phases.1.accumulate": 4})
    out = tmp_path / "parts"
    assert run_training(recipe, options(photographs, out), [lambda report: report.step == 7]) == 7
    assert run_training(recipe, options(photographs, out, resume=True)) == 10


def test_a_training_that_diverges_writes_nothing_afterwards(photographs, tmp_path):
    out = tmp_path / "diverged"
    with pytest.raises(DivergedError):
        run_training(short_recipe(**{"objectives.default.l1_hole": 1e39}), options(photographs, out))
    assert RunDirectory(out).steps() == []


def test_outlines_of_objects_are_remembered(photographs, shapes, tmp_path):
    out = tmp_path / "outlined"
    recipe = short_recipe(**{"holes.default.objects": 0.5})
    with pytest.raises(RecipeError, match="--shapes"):
        run_training(recipe, options(photographs, out))
    assert not out.exists()
    assert run_training(recipe, options(photographs, out, shapes=str(shapes))) == 10
    assert RunDirectory(out).origin()["shapes"] == str(shapes)
