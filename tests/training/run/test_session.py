import json
import shutil
import subprocess
import sys
from contextlib import ExitStack

import pytest
import torch
from PIL import Image

from inpaint.core.errors import DivergedError, OutputError, RecipeError
from inpaint.core.losses import l1
from inpaint.core.trainers import AdversarialTrainer
from inpaint.training.data.training_data import open_training_data
from inpaint.training.export.inpainting import load_generator
from inpaint.training.recipe import load_recipe, recipe_digest
from inpaint.training.run import session
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.directory_lock import locked
from inpaint.training.run.session import Options, deadline_in, run_training


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


def test_a_picture_that_is_none_is_named_once_and_costs_no_bit_of_a_resume(photographs, tmp_path):
    data, told = tmp_path / "data", []
    shutil.copytree(photographs, data)
    (data / "2.png").write_bytes(b"no picture")
    whole, halves = RunDirectory(tmp_path / "whole"), RunDirectory(tmp_path / "halves")
    assert run_training(short_recipe(), options(data, whole.path, tell=told.append)) == 10
    notes = [note for note in told if "2.png" in note]
    assert len(notes) == 1
    assert notes[0].endswith("remove it from the data. Another picture takes its place.")
    told.clear()
    run_training(short_recipe(), options(data, halves.path, tell=told.append), [lambda report: report.step == 7])
    run_training(short_recipe(), options(data, halves.path, tell=told.append, resume=True))
    assert [note for note in told if "2.png" in note] == notes
    assert sum("skipped" in record for record in halves.records()) == 1
    expected, got = whole.load()[0], halves.load()[0]
    assert [key for key in expected if not torch.equal(expected[key], got[key])] == []


def test_too_many_end_it_and_nothing_is_lost(photographs, tmp_path):
    """They break on the way, as those of a disk do that is about to fail."""
    data, out, told = tmp_path / "data", tmp_path / "run", []
    shutil.copytree(photographs, data)

    def destroy(report):
        if report.step == 4:
            for path in data.rglob("*.png"):
                path.write_bytes(b"no picture any more")

    recipe = short_recipe(sample_every=100)
    with pytest.raises(RecipeError, match="No picture that was tried is usable"):
        run_training(recipe, options(data, out, tell=told.append), [destroy])
    assert RunDirectory(out).last_step() == 4
    assert told[-1] == "Saved after step 4: --resume goes on from there."


def test_two_trainings_do_not_write_into_one_directory(photographs, tmp_path):
    fcntl = pytest.importorskip("fcntl")
    assert fcntl
    holder = (
        "import sys, pathlib; from inpaint.training.run.directory_lock import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('locked', flush=True); sys.stdin.read()"
    )
    out = tmp_path / "run"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(OutputError, match="Another training writes into"):
            run_training(short_recipe(), options(photographs, out))
        assert not (out / "recipe.toml").exists()
    with locked(out):
        pass


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
    finished = run_training(short_recipe(), options(photographs, out, deadline=deadline_in(0.0)))
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


def test_a_state_that_is_not_finite_is_never_saved(photographs, tmp_path, monkeypatch):
    """The last line of defence: here a statistic of batch norm overflows, which neither loss nor gradient shows."""
    out, step = tmp_path / "overflown", AdversarialTrainer.step

    def overflow(trainer, batch, moment):
        terms = step(trainer, batch, moment)
        if trainer.ema.updates == 5:
            next(b for b in trainer.generator.buffers() if b.is_floating_point()).fill_(float("inf"))
        return terms

    monkeypatch.setattr(AdversarialTrainer, "step", overflow)
    with pytest.raises(DivergedError, match="not finite"):
        run_training(short_recipe(), options(photographs, out))
    assert RunDirectory(out).steps() == [3]


def test_a_training_whose_last_gradient_is_not_finite_is_not_called_finished(photographs, tmp_path, monkeypatch):
    out, learn = tmp_path / "last", AdversarialTrainer._learn

    def overflow(trainer, batch, moment, *numbers):
        if trainer.ema.updates == 9:  # so this is the tenth
            next(trainer.generator.parameters()).register_hook(lambda gradient: gradient * float("inf"))
        return learn(trainer, batch, moment, *numbers)

    monkeypatch.setattr(AdversarialTrainer, "_learn", overflow)
    with pytest.raises(DivergedError, match="--resume"):
        run_training(short_recipe(), options(photographs, out))
    assert RunDirectory(out).steps()[-1] == 9


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


class Recorder:
    """Records by keeping the work, where there is no GPU; the first attempt may fail."""

    def __init__(self, broken):
        self.broken = broken

    def run(self, work):
        return work()

    def record(self, work):
        if self.broken:
            raise RuntimeError("CUDA error: out of memory\nCompile with ...")
        return work


@pytest.mark.parametrize("broken", [False, True])
def test_the_log_says_whether_steps_are_replayed(photographs, tmp_path, monkeypatch, broken):
    build = lambda *given, **named: AdversarialTrainer(*given, **{**named, "graphed": Recorder(broken)})  # noqa: E731
    monkeypatch.setattr(session, "AdversarialTrainer", build)
    out = tmp_path / "graphs"
    assert run_training(short_recipe(), options(photographs, out)) == 10
    told = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines() if "cuda_graphs" in line]
    assert told == [{"step": 4, "cuda_graphs": "CUDA error: out of memory" if broken else "recorded"}]


def test_cuda_graphs_without_cuda_are_one_sentence(photographs, tmp_path):
    with pytest.raises(RecipeError, match="NVIDIA GPU"):
        run_training(short_recipe(), options(photographs, tmp_path / "none", cuda_graphs=True))
    assert not (tmp_path / "none").exists()


def test_validation_looks_at_a_block_as_far_as_it_has_faded_in(photographs, tmp_path):
    # A new block starts as the identity, so it takes a large rate to make it matter within three steps.
    fading = {"phases.0.steps": 1, "phases.1.steps": 8, "phases.1.fade": 1.0, "phases.1.lr": 1e-1}
    recipe = short_recipe(**fading, checkpoint_every=5)
    run_training(recipe, options(photographs, tmp_path / "run"), [lambda report: report.step == 5])
    logged = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    (measures,) = [record["validation"] for record in logged if "validation" in record]
    generator, _, _, fade = load_generator(tmp_path / "run", 5)
    batch = open_training_data(recipe, str(photographs)).fixed()
    with torch.no_grad():
        filled = {weight: generator(batch.image, batch.mask, weight) for weight in (fade, 1.0)}
    expected, faded_in = (float(l1(image, batch.image, batch.mask)) for image in filled.values())
    assert fade == 3 / 8
    assert expected != pytest.approx(faded_in, rel=1e-4)
    assert measures["l1_hole"] == pytest.approx(expected, rel=1e-5)


def test_a_checkpoint_that_finds_no_room_is_one_sentence(run, no_file_so_large, tmp_path):
    full = RunDirectory(tmp_path / "full")
    full.create(short_recipe(), {})
    tensors, record = run.load()
    with no_file_so_large(2**16), pytest.raises(OutputError, match="free some space"):
        full.save(3, tensors, short_recipe(), record["grown"])
    assert list(full.checkpoints.iterdir()) == []


def test_what_could_not_be_saved_is_not_called_the_best(photographs, no_file_so_large, tmp_path):
    """The first validation, at step 5, finds no room for its checkpoint; the one of step 4 is there."""
    full = RunDirectory(tmp_path / "full")
    recipe = short_recipe(checkpoint_every=4)
    with ExitStack() as stack:
        fill = lambda report: report.step == 5 and stack.enter_context(no_file_so_large(2**20))  # noqa: E731
        with pytest.raises(OutputError, match="free some space"):
            run_training(recipe, options(photographs, full.path), [fill])
    assert full.steps() == [4]
    assert not full.best_file.exists()
    run_training(recipe, options(photographs, full.path, resume=True), [lambda report: report.step == 5])
    assert full.best_step() == 5


def test_settings_changed_on_resuming_become_the_recipe_of_the_run(photographs, tmp_path):
    """Cut short while the head was learning; what was asked for then holds for the next resume, and for the export."""
    run = RunDirectory(tmp_path / "cut")
    first = short_recipe(**{"phases.1.fade": 1.0})
    run_training(first, options(photographs, run.path), [lambda report: report.step == 4])
    shorter = run.recipe(["phases.0.steps=4", "phases.1.lr=1e-5"])
    run_training(shorter, options(photographs, run.path, resume=True), [lambda report: report.step == 7])
    assert run.recipe() == shorter
    assert load_recipe(str(run.path / "recipe-until-000004.toml")) == first
    told = [json.loads(line) for line in run.log_file.read_text().splitlines() if "before" in line]
    assert told == [{"step": 4, "recipe": recipe_digest(shorter), "before": recipe_digest(first)}]
    assert load_generator(run.path)[3] == 2 / 4
    assert run_training(run.recipe(), options(photographs, run.path, resume=True)) == 8
    assert len(list(run.path.glob("recipe*.toml"))) == 2


def test_a_checkpoint_is_exported_with_the_recipe_that_led_to_it(photographs, tmp_path):
    run = RunDirectory(tmp_path / "fading")
    fading = short_recipe(**{"phases.0.steps": 1, "phases.1.steps": 8, "phases.1.fade": 1.0})
    run_training(fading, options(photographs, run.path), [lambda report: report.step == 5])
    # The next process dies before its first checkpoint, and has asked for a quicker fade.
    quicker = run.recipe(["phases.1.fade=0.5"])
    run.adopt(quicker, 5)
    assert load_generator(run.path)[1:] == (fading, 5, 3 / 8)
    run_training(quicker, options(photographs, run.path, resume=True), [lambda report: report.step == 6])
    assert load_generator(run.path)[1:] == (quicker, 6, 1.0)
    assert load_generator(run.path, 5)[1:] == (fading, 5, 3 / 8)


def test_going_on_behind_the_end_of_the_recipe_is_refused(run, photographs):
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(RecipeError, match=r"is at step 10, .* end after 8"):
        run_training(run.recipe(["phases.0.steps=4"]), options(photographs, run.path, resume=True))
    assert before == {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}


def test_going_back_to_before_a_block_had_grown_is_refused(run, photographs):
    with pytest.raises(RecipeError, match=r"has grown 1 block.* phases 0 by step 10"):
        run_training(run.recipe(["phases.0.steps=20"]), options(photographs, run.path, resume=True))
    assert run.recipe() == short_recipe()
