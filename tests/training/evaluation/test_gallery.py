import io

import numpy as np
import pytest
from PIL import Image

from inpaint.core.errors import OutputError
from inpaint.training.encoding import hole_png
from inpaint.training.evaluation.gallery import FillSaver, Worst, encode
from inpaint.training.evaluation.results import Scored


def give(worst, sample, values):
    for number, (one, other) in enumerate(values):
        row = {"one": {"ssim": one, "l1_hole": 1 - one}, "other": {"ssim": other, "l1_hole": 1 - other}}
        worst(Scored(str(number), 0.1, row), sample.picture, sample.hole, dict.fromkeys(row, sample.picture))
    return [case.scored.name for case in worst.worst_first()]


@pytest.mark.parametrize("metric", ["ssim", "l1_hole"])
def test_the_worst_of_every_method_are_kept_and_no_more(metric, sample):
    values = [(0.9, 0.9), (0.1, 0.8), (0.8, 0.1), (0.2, 0.7), (0.7, 0.2), (0.95, 0.95)]
    worst = Worst(["one", "other"], metric, 2)
    assert give(worst, sample, values) == ["1", "3", "4", "2"]
    assert len(worst.cases) == 4


def test_pictures_come_back_as_they_were(sample):
    case = encode(Scored("a", 0.1, {}), sample.picture, sample.hole, {"m": sample.picture})
    truth = np.asarray(Image.open(io.BytesIO(case.truth)))
    assert (case.size, truth.shape) == ((128, 96), (96, 128, 3))
    assert np.abs(truth.astype(int) - sample.picture).mean() < 12
    columns = np.flatnonzero(sample.hole.any(axis=0))
    assert case.middle == pytest.approx(100 * (columns[0] + columns[-1] + 1) / 2 / 128, abs=1)
    alpha = np.asarray(Image.open(io.BytesIO(hole_png(sample.hole, (128, 96)))).convert("RGBA"))[..., 3]
    assert np.array_equal(alpha == 255, sample.hole)
    assert np.array_equal(alpha == 0, ~sample.hole)


def test_large_pictures_are_made_small():
    large = np.zeros((600, 1200, 3), np.uint8)
    hole = np.zeros((600, 1200), bool)
    hole[:300, 600:] = True
    case = encode(Scored("a", 0.1, {}), large, hole, {})
    assert case.size == (512, 256)
    assert Image.open(io.BytesIO(case.truth)).size == (512, 256)
    assert case.middle == 75


def test_fills_are_saved_under_one_name(tmp_path, sample):
    saver = FillSaver(tmp_path, ["m", "runs/x"])
    fills = {"m": sample.picture, "runs/x": 255 - sample.picture}
    saver(Scored("deeper/1", 0.1, {}), sample.picture, sample.hole, fills)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")}
    assert files == {"fills/m/deeper-1.png", "fills/runs-x/deeper-1.png", "truth/deeper-1.png", "holes/deeper-1.png"}
    assert np.array_equal(np.asarray(Image.open(tmp_path / "fills/runs-x/deeper-1.png")), 255 - sample.picture)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "holes/deeper-1.png")), sample.hole)


def test_methods_whose_labels_make_one_name_have_a_folder_each(tmp_path, sample):
    saver = FillSaver(tmp_path, ["runs/x", "runs-x", "../x", "x"])
    assert [path.name for path in saver.folders.values()] == ["runs-x", "runs-x (2)", "x", "x (2)"]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "fills").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        FillSaver(tmp_path, ["m"])
