import csv
import json

import numpy as np
import pytest

from inpaint.core.errors import OutputError
from inpaint.training.data.mask_sets import freeze
from inpaint.training.evaluation.fillers import Method
from inpaint.training.evaluation.inception import Crowd
from inpaint.training.evaluation.metrics import Judge
from inpaint.training.evaluation.runner import evaluate
from inpaint.training.evaluation.samples import Photographs
from inpaint.training.evaluation.tables import Conditions, write_tables

CONDITIONS = Conditions("0", "photographs", 6, 64, "mixed", 0, (0.1, 0.35), "abc", None)


@pytest.fixture
def evaluation(photographs, tmp_path, constant, l1_distance):
    """A grey fill, and one that cheats."""
    methods = [Method("grey", "", constant(128)), Method("perfect", "", lambda sample: sample.picture)]
    masks = freeze(tmp_path / "masks", 6, size=64, area=(0.05, 0.5))
    done = []
    judge = Judge(("l1", "ssim", "lpips", "fid"), l1_distance)
    mean_colours = lambda pictures: (pictures.float().mean(dim=(2, 3)), pictures.float().mean(dim=(2, 3)))  # noqa: E731
    crowd = Crowd(mean_colours)
    result = evaluate(methods, Photographs(str(photographs), size=64), masks, judge, crowd=crowd, progress=done.append)
    assert done == [1, 2, 3, 4, 5, 6]
    assert l1_distance.looked == ["truth", "fill", "fill"] * 6
    return result


def test_every_method_is_scored_on_every_picture(evaluation):
    assert evaluation.methods == ("grey", "perfect")
    assert [scored.name for scored in evaluation.pictures] == ["0", "2", "4", "deeper/1", "deeper/3", "deeper/5"]
    grey, perfect = (evaluation.summary(method) for method in evaluation.methods)
    assert perfect["l1"].value == perfect["lpips_hole"].value == 0
    assert perfect["ssim"].value == pytest.approx(1)
    assert perfect["fid"].value == pytest.approx(0, abs=1e-3)
    assert grey["l1_hole"].value > 0.1
    assert grey["fid"].value > 1
    for scored in evaluation.pictures:
        assert scored.rows["grey"]["l1"] == pytest.approx(scored.rows["grey"]["l1_hole"] * scored.area)


def test_two_methods_under_one_label_are_refused(photographs, tmp_path, constant):
    """One would be given the numbers of the other."""
    methods = [Method("grey", "", constant(128)), Method("grey", "", constant(64))]
    masks = freeze(tmp_path / "masks", 6, size=64)
    with pytest.raises(ValueError, match="grey"):
        evaluate(methods, Photographs(str(photographs), size=64), masks, Judge(("l1",), None))


def test_the_files_say_the_same(evaluation, tmp_path):
    write_tables(tmp_path, evaluation, CONDITIONS, {"grey": "a grey"})
    record = json.loads((tmp_path / "scores.json").read_text())
    assert record["conditions"]["masks_sha256"] == "abc"
    grey = record["methods"][0]
    assert (grey["name"], grey["about"]) == ("grey", "a grey")
    values = [picture["scores"]["grey"]["l1_hole"] for picture in record["pictures"]]
    assert grey["mean"]["l1_hole"]["value"] == pytest.approx(np.mean(values))
    assert grey["mean"]["l1_hole"]["standard_error"] == pytest.approx(np.std(values, ddof=1) / np.sqrt(6))
    assert sum(part["l1"]["pictures"] for part in grey["by_area"].values()) == 6
    with (tmp_path / "pictures.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert [float(row["l1_hole"]) for row in rows if row["method"] == "grey"] == values
    with (tmp_path / "methods.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    overall = next(row for row in rows if row["method"] == "grey" and row["hole_area"] == "all")
    assert float(overall["fid"]) == grey["mean"]["fid"]["value"]
    assert {row["fid"] for row in rows if row["hole_area"] != "all"} == {""}


def test_what_marks_a_finished_evaluation_comes_last(evaluation, tmp_path):
    (tmp_path / "pictures.csv").mkdir()
    with pytest.raises(OutputError):
        write_tables(tmp_path, evaluation, CONDITIONS, {})
    assert (tmp_path / "methods.csv").exists()
    assert not (tmp_path / "scores.json").exists()


def test_a_number_that_does_not_exist_is_null(evaluation, tmp_path):
    evaluation.together["grey"]["fid"] = float("nan")
    write_tables(tmp_path, evaluation, CONDITIONS, {})
    text = (tmp_path / "scores.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["methods"][0]["mean"]["fid"]["value"] is None
