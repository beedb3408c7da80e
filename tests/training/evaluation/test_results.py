import math

import pytest

from inpaint.training.evaluation.metrics import columns
from inpaint.training.evaluation.results import Evaluation, Scored, mean


def scored(name, area, **values):
    return Scored(name, area, {method: {"l1_hole": l1, "ssim": ssim} for method, (l1, ssim) in values.items()})


@pytest.fixture
def evaluation():
    found = tuple(column for column in columns(["l1", "ssim", "fid"]) if column.key in ("l1_hole", "ssim", "fid"))
    pictures = (
        scored("a", 0.05, good=(0.1, 0.9), bad=(0.3, 0.7)),
        scored("b", 0.30, good=(0.2, 0.8), bad=(0.2, 0.9)),
        scored("c", 0.39, good=(0.3, 0.7), bad=(0.7, 0.2)),
    )
    return Evaluation(("bad", "good"), found, pictures, {"good": {"fid": 3.0}, "bad": {"fid": 5.0}})


def test_means_and_their_errors(evaluation):
    means = evaluation.summary("good")
    assert means["l1_hole"].value == pytest.approx(0.2)
    assert means["l1_hole"].error == pytest.approx(0.1 / math.sqrt(3))
    assert means["fid"].value == 3
    assert math.isnan(means["fid"].error)
    crowd = Evaluation(("one",), tuple(columns(["fid", "is"])), (), {"one": {"fid": 3.0, "is": 9.0, "is_error": 0.5}})
    assert math.isnan(crowd.summary("one")["fid"].error)
    assert crowd.summary("one")["is"].error == 0.5


def test_bins_are_those_of_the_hole(evaluation):
    assert [(name, [s.name for s in part]) for name, part in evaluation.bins()] == [
        ("0-10%", ["a"]),
        ("30-40%", ["b", "c"]),
    ]
    (_, small), (_, large) = evaluation.bins()
    assert evaluation.summary("good", large)["l1_hole"].value == pytest.approx(0.25)
    assert math.isnan(evaluation.summary("good", small)["l1_hole"].error)
    assert "fid" not in evaluation.summary("good", large)


def test_the_best_depends_on_the_metric(evaluation):
    l1, ssim, fid = (next(c for c in evaluation.columns if c.key == key) for key in ("l1_hole", "ssim", "fid"))
    assert [evaluation.best(column) for column in (l1, ssim, fid)] == ["good", "good", "good"]
    ((_, part),) = [each for each in evaluation.bins() if each[0] == "0-10%"]
    assert evaluation.best(l1, part) == "good"
    assert evaluation.best(fid, part) is None
    alone = Evaluation(("good",), evaluation.columns, evaluation.pictures, evaluation.together)
    assert alone.best(l1) is None


def test_the_ranking_is_the_nearest_to_the_eye(evaluation):
    assert evaluation.ranking is not None
    assert evaluation.ranking.key == "l1_hole"
    only_fid = Evaluation(("good",), tuple(columns(["fid"])), (), {})
    assert only_fid.ranking is None


def test_mean_of_one():
    assert mean([4.0]).value == 4
    assert math.isnan(mean([4.0]).error)


def test_the_best_crispness_is_the_one_nearest_to_1():
    (column,) = (column for column in columns(["crispness"]) if column.per_picture)
    rows = {"soft": {"crispness_hole": 0.5}, "busy": {"crispness_hole": 1.5}, "odd": {"crispness_hole": 9.0}}
    evaluation = Evaluation(tuple(rows), (column,), (Scored("a", 0.1, rows),), {})
    assert evaluation.best(column) == "busy"
    assert column.badness(1) == 0
    assert column.badness(0.5) == pytest.approx(column.badness(2))
    assert column.badness(0) == math.inf
    assert evaluation.ranking == column
