"""A real experiment at toy size: trained, stopped, resumed, measured, failed and reported."""

import csv
import shutil
import time
from contextlib import nullcontext
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.core.errors import OutputError, RecipeError
from inpaint.training.experiment import cell as cell_module
from inpaint.training.experiment import measure
from inpaint.training.experiment.cell import CellDirectory, run_cell
from inpaint.training.experiment.measure import Bench
from inpaint.training.experiment.plan import load_plan
from inpaint.training.experiment.runner import run_experiment
from inpaint.training.export.inpainting import load_generator
from inpaint.training.run.session import Options, deadline_in

FAMILY = 'axes.family=["context-encoder"]'
GROWING = 'axes.schedule=["growing"]'
STEPS = (4, 8)


def short_plan(*settings):
    return load_plan("debug", [FAMILY, *settings])


def options(photographs, out, **changes):
    return Options(**{"data": str(photographs), "val": str(photographs), "out": out, "device": "cpu", **changes})


def unwatched(cell, number, count):
    return nullcontext(lambda report: None)


@pytest.fixture(scope="module")
def whole(photographs, tmp_path_factory):
    out = tmp_path_factory.mktemp("experiments") / "whole"
    outcome = run_experiment(short_plan(), options(photographs, out), unwatched)
    assert (outcome.cells, outcome.finished, outcome.failures, outcome.stopped) == (2, 2, {}, False)
    return out


def cells(out):
    return {cell.name: (cell, CellDirectory(out / "cells" / cell.name)) for cell in short_plan().cells()}


def test_every_cell_is_measured_every_k_steps_on_every_size(whole):
    for cell, directory in cells(whole).values():
        scores = directory.scores()
        assert [entry.step for entry in scores] == [*STEPS]
        assert all(entry.pictures == 6 and [*entry.rows] == [0.25, 0.5] for entry in scores)
        assert directory.run.recipe() == cell.recipe
    with (whole / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 2
    assert {(row["schedule"], row["step"], row["side"]) for row in rows} == {
        (schedule, str(step), side) for schedule in ("growing", "fixed") for step in STEPS for side in ("0.25", "0.5")
    }
    assert all(0 < float(row["l1"]) < float(row["l1_hole"]) < 1 for row in rows)


def test_the_numbers_are_those_of_the_averaged_generator(whole, photographs):
    """Computed a second time without the engine, the region planning and the judges."""
    cell, directory = next(iter(cells(whole).values()))
    bench = Bench(str(photographs), short_plan().measure, None, "cpu")
    generator = load_generator(directory.run.path)[0]
    for side, row in directory.scores()[-1].rows.items():
        errors = []
        for sample in bench.samples(cell.recipe, side):
            image = torch.from_numpy(sample.picture.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
            hole = torch.from_numpy(sample.hole)[None, None].float()
            with torch.no_grad():
                filled = ((generator(image, hole)[0].permute(1, 2, 0).numpy() + 1) * 127.5).round().clip(0, 255)
            errors.append(np.abs(filled - sample.picture)[sample.hole].mean() / 255)
        assert row["l1_hole"] == pytest.approx(np.mean(errors), abs=1e-3)


def test_the_report_shows_everything(whole):
    text = (whole / "report.md").read_text("utf-8")
    assert "2 of 2 trainings are finished" in text
    assert "| growing | " in text
    assert text.count("**") % 4 == 0
    for kind, size in (("steps", 2), ("sides", 2), ("fills", 1)):
        assert f"plots/context-encoder-{kind}.png" in text
        with Image.open(whole / "plots" / f"context-encoder-{kind}.png") as plot:
            assert plot.width > size * 200


def test_finished_cells_are_not_trained_again(whole, photographs):
    tried = []

    def watch(cell, number, count):
        tried.append(cell.name)
        return unwatched(cell, number, count)

    outcome = run_experiment(short_plan(), options(photographs, whole), watch, resume=True)
    assert (outcome.finished, tried) == (2, [])


@pytest.mark.parametrize("stop", [4, 6])
def test_stopping_and_resuming_gives_the_same_bits(whole, photographs, tmp_path, stop):
    """At a measurement and between two, which is also in the middle of a stage."""

    def stopping(cell, number, count):
        return nullcontext(lambda report: report.step == stop)

    outcome = run_experiment(short_plan(GROWING), options(photographs, tmp_path), stopping)
    assert outcome.stopped == (stop not in STEPS)
    outcome = run_experiment(short_plan(GROWING), options(photographs, tmp_path), unwatched, resume=True)
    assert (outcome.finished, outcome.stopped) == (1, False)
    name = "context-encoder-growing-seed0"
    expected, got = cells(whole)[name][1], CellDirectory(tmp_path / "cells" / name)
    assert got.scores() == expected.scores()
    one, other = expected.run.load()[0], got.run.load()[0]
    assert [key for key in one if not torch.equal(one[key], other[key])] == []


def test_a_cell_that_was_killed_before_its_first_checkpoint_starts_anew(whole, photographs, tmp_path):
    cell, _ = cells(whole)["context-encoder-growing-seed0"]
    CellDirectory(tmp_path / "cells" / cell.name).run.create(cell.recipe, {})
    outcome = run_experiment(short_plan(GROWING), options(photographs, tmp_path), unwatched)
    assert (outcome.finished, outcome.failures) == (1, {})


def test_a_failing_cell_does_not_stop_the_others(photographs, tmp_path):
    small = '{when={family=["context-encoder"]}, settings=["generator.size=64", "generator.bottleneck=64"]}'
    broken = '{when={schedule=["growing"]}, settings=["curriculum.lr=1e30"]}'
    plan = short_plan(f"adjust=[{small}, {broken}]")
    outcome = run_experiment(plan, options(photographs, tmp_path), unwatched)
    assert [*outcome.failures] == ["context-encoder-growing-seed0"]
    assert (outcome.finished, outcome.stopped) == (1, False)
    failed = CellDirectory(tmp_path / "cells" / "context-encoder-growing-seed0")
    assert "not finite" in failed.failure
    assert "context-encoder-growing-seed0 failed: " in (tmp_path / "report.md").read_text("utf-8")


def test_an_expired_clock_leaves_the_rest_for_later(photographs, tmp_path):
    outcome = run_experiment(short_plan(), options(photographs, tmp_path, deadline=deadline_in(0.0)), unwatched)
    assert outcome.stopped
    assert outcome.finished == 0
    assert "is at step 0 of 8" in (tmp_path / "report.md").read_text("utf-8")


def test_the_clock_runs_through_all_stretches_of_a_cell(whole, photographs, tmp_path, monkeypatch):
    cell, bench = cells(whole)["context-encoder-growing-seed0"][0], SimpleNamespace(config=SimpleNamespace(every=2))
    deadline, given = deadline_in(0.01), []

    def stretch(recipe, options, watchers):
        given.append(options.deadline)
        time.sleep(0.3)
        return 2 * len(given)

    monkeypatch.setattr(CellDirectory, "is_finished", lambda *_: False)
    monkeypatch.setattr(cell_module, "run_training", stretch)
    assert not run_cell(cell, tmp_path, bench, options(photographs, tmp_path, deadline=deadline))
    assert 1 <= len(given) <= 3
    assert set(given) == {deadline}


def test_several_processes_are_sent_back(photographs, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RecipeError, match="without torchrun"):
        run_experiment(short_plan(), options(photographs, tmp_path), unwatched)


def test_what_is_wrong_is_found_before_anything_is_trained(whole, photographs, shards, tmp_path, monkeypatch):
    with pytest.raises(OutputError, match="--resume"):
        run_experiment(short_plan(), options(photographs, whole), unwatched)
    with pytest.raises(OutputError, match="another experiment"):
        run_experiment(short_plan("measure.every=2"), options(photographs, whole), unwatched, resume=True)
    with pytest.raises(RecipeError, match="--val"):
        run_experiment(short_plan(), options(photographs, tmp_path / "x", val=None), unwatched)
    with pytest.raises(RecipeError, match="does not exist"):
        run_experiment(short_plan(), options(photographs, tmp_path / "x", val="nowhere"), unwatched)
    with pytest.raises(RecipeError, match="does not exist"):
        run_experiment(short_plan(), options("nowhere", tmp_path / "x", val=str(photographs)), unwatched)
    outlined = short_plan('adjust.0.settings=["generator.size=64", "holes.default.objects=0.5"]')
    with pytest.raises(RecipeError, match="--shapes DIR"):
        run_experiment(outlined, options(photographs, tmp_path / "x"), unwatched)
    with pytest.raises(RecipeError, match="No label maps"):
        run_experiment(outlined, options(photographs, tmp_path / "x", shapes=str(shards)), unwatched)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(RecipeError, match="no usable CUDA"):
        run_experiment(short_plan(), options(photographs, tmp_path / "x", device="cuda"), unwatched)
    assert not (tmp_path / "x").exists()


def test_damaged_scores_are_named_and_hold_up_nothing(whole, photographs, tmp_path):
    """The last ones are measured again, earlier ones cannot be."""
    out = tmp_path / "copy"
    shutil.copytree(whole, out)
    growing, fixed = (directory for _, directory in cells(out).values())
    expected = growing.scores()[-1]
    growing.scores_file(8).write_text('{"step": 8')
    fixed.scores_file(4).write_text("[]")
    assert not growing.is_finished(8)
    outcome = run_experiment(short_plan(), options(photographs, out), unwatched, resume=True)
    assert (outcome.finished, outcome.failures) == (2, {})
    assert growing.scores()[-1] == expected
    assert [scores.step for scores in fixed.scores()] == [8]
    text = (out / "report.md").read_text("utf-8")
    assert "2 of 2 trainings are finished" in text
    assert "- context-encoder-fixed-seed0: scores/step-000004.json is damaged, and was left out" in text
    assert text.count("is damaged") == 1


class Colours:
    """Stands in for Inception: mean colours as features, how grey it is as logits."""

    looked = 0

    def __init__(self, folder, device):
        pass

    def __call__(self, pictures):
        Colours.looked += len(pictures)
        means = pictures.float().mean(dim=(2, 3))
        return means, means[:, :2] / 50


def test_fid_and_inception_score_are_of_all_fills_together(whole, photographs, monkeypatch):
    monkeypatch.setattr(measure, "Inception", Colours)
    plan = short_plan('measure.metrics=["l1", "is", "fid"]')
    cell, directory = next(iter(cells(whole).values()))
    bench = Bench(str(photographs), plan.measure, None, "cpu")
    measured = bench.measure(directory.run.path, 8, cell.recipe)
    assert measured.rows[0.5]["fid"] > measured.rows[0.25]["fid"] > 0
    assert 1 <= measured.rows[0.5]["is"] <= 2
    # Six truths once, and six fills for each of two sizes.
    assert Colours.looked == 6 + 2 * 6


def test_irregular_holes_are_measured_too_but_not_where_the_hole_is_always_in_the_middle(photographs, tmp_path):
    gated = load_plan("debug", ['axes.family=["gated"]', GROWING, "adjust=[]"])
    outcome = run_experiment(gated, options(photographs, tmp_path), unwatched)
    assert (outcome.finished, outcome.failures) == (1, {})
    (cell,) = gated.cells()
    directory = CellDirectory(tmp_path / "cells" / cell.name)
    assert [[*entry.rows] for entry in directory.scores()] == [[0.25, 0.5, "irregular"]] * 2
    text = (tmp_path / "report.md").read_text("utf-8")
    assert "Several irregular holes, step 8:" in text
    assert "and again with several irregular holes" in text
    with (tmp_path / "scores.csv").open() as file:
        assert {row["side"] for row in csv.DictReader(file)} == {"0.25", "0.5", "irregular"}

    bench = Bench(str(photographs), gated.measure, None, "cpu")
    samples = bench.samples(cell.recipe, "irregular")
    assert all(cv2.connectedComponents(sample.hole.astype(np.uint8))[0] > 2 for sample in samples)
    assert len({sample.hole.tobytes() for sample in samples}) == len(samples)
    again = bench.samples(cell.recipe, "irregular")
    assert all(np.array_equal(one.hole, other.hole) for one, other in zip(samples, again, strict=True))
    (central,) = short_plan(GROWING).cells()
    assert bench.holes(central.recipe) == (0.25, 0.5)


def test_holes_are_the_same_for_all_and_as_large_as_asked(whole, photographs):
    bench = Bench(str(photographs), short_plan().measure, None, "cpu")
    growing, fixed = (cell for cell, _ in cells(whole).values())
    for side in (0.25, 0.5):
        one, other = bench.samples(growing.recipe, side), bench.samples(fixed.recipe, side)
        assert all(np.array_equal(a.hole, b.hole) for a, b in zip(one, other, strict=True))
        assert {sample.hole.mean() for sample in one} == {side**2}
