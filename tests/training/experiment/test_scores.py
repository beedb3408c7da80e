import pytest

from inpaint.training.evaluation.metrics import METRICS, columns
from inpaint.training.experiment.cell import CellDirectory, Scores
from inpaint.training.experiment.plan import load_plan
from inpaint.training.experiment.report import _table
from inpaint.training.experiment.scores import ScoreTable, Spread, common_step, over_seeds
from inpaint.training.json_files import write_json


@pytest.fixture
def table(tmp_path):
    """Two seeds of two schedules; the fixed one has come one measurement further."""
    plan = load_plan("debug", ['axes.family=["gated"]', "seeds=[0, 1]", "adjust=[]"])
    cells = plan.cells()
    for cell in cells:
        directory = CellDirectory(tmp_path / "cells" / cell.name)
        (directory.path / "scores").mkdir(parents=True)
        for step in (4, 8) if cell.values["schedule"] == "fixed" else (4,):
            l1 = {"fixed": 0.2, "growing": 0.1}[cell.values["schedule"]] + 0.02 * cell.seed
            sides = [{"side": side, "scores": {"l1_hole": l1 * side, "psnr_hole": 20.0}} for side in (0.25, 0.5)]
            record = {"step": step, "pictures": 8, "sides": sides}
            write_json(directory.path / "scores" / f"step-{step:06d}.json", record)
    return ScoreTable(plan, cells, tmp_path, columns(plan.measure.metrics))


def test_seeds_are_averaged_and_their_range_is_kept(table):
    ((name, entries),) = table.groups()
    assert name == "gated"
    lines = table.lines(entries)
    assert [*lines] == ["growing", "fixed"]
    spread = over_seeds(lines["growing"], METRICS["l1_hole"], step=4, side=0.5)
    assert spread == Spread(pytest.approx(0.055), 0.05, pytest.approx(0.06), 2)
    assert over_seeds(lines["growing"], METRICS["l1_hole"], step=8, side=0.5) is None


def test_a_distance_that_is_not_lpips_is_not_called_so(table, tmp_path):
    measured = columns(["l1", "lpips"], "LPIPS (SqueezeNet), uncalibrated")
    plain = ScoreTable(table.plan, table.plan.cells(), tmp_path, measured)
    assert [metric.title for metric in plain.metrics] == ["l1 in hole", "perceptual in hole"]


def test_lines_are_compared_where_all_have_come(table):
    ((_, entries),) = table.groups()
    assert common_step(table.lines(entries)) == 4
    assert common_step({}) is None


def test_the_best_is_bold_whichever_way_is_better(table):
    ((_, entries),) = table.groups()
    rows = _table(table.lines(entries), table.metrics, 4, 0.5, "schedule")
    assert rows[0] == "| schedule | l1 in hole ↓ | PSNR in hole ↑ |"
    assert rows[2] == "| growing | **0.0550** [0.0500, 0.0600] | **20.00** [20.00, 20.00] |"
    assert rows[3] == "| fixed | 0.1050 [0.1000, 0.1100] | **20.00** [20.00, 20.00] |"


def test_scores_survive_the_disk(tmp_path):
    directory = CellDirectory(tmp_path)
    (tmp_path / "scores").mkdir()
    record = {"step": 4, "pictures": 2, "sides": [{"side": 0.5, "scores": {"l1": 0.25}}]}
    write_json(tmp_path / "scores" / "step-000004.json", record)
    assert directory.scores() == [Scores(4, 2, {0.5: {"l1": 0.25}})]
    assert directory.is_finished(4)
    assert not directory.is_finished(8)
