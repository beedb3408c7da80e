import numpy as np
import pytest
from PIL import Image

from inpaint.core.errors import ImageError, OutputError
from inpaint.training.evaluation.metrics import METRICS
from inpaint.training.evaluation.results import Scored
from inpaint.training.evaluation.sheet import BAND, EDGE, GAP, GREY, Sheet, choose

NAMES = [f"{number:03d}" for number in range(200)]


def solid(value, height=40, width=60):
    return np.full((height, width, 3), value, np.uint8)


def give(sheet, name, hole, fills, row=None):
    sheet(Scored(name, float(hole.mean()), row or {label: {} for label in fills}), solid((10, 200, 10)), hole, fills)


def cell(picture, column, row, width=60, height=40):
    left, top = GAP + column * (width + GAP), BAND + row * (height + BAND)
    return np.asarray(picture)[top : top + height, left : left + width]


def test_what_is_not_named_is_spread_evenly():
    assert choose(NAMES) == ["000", "033", "066", "100", "133", "166"]
    assert choose(NAMES[:3]) == ["000", "001", "002"]
    assert choose(NAMES, ["150", "007"]) == ["150", "007"]


def test_a_photograph_that_is_not_there_is_refused():
    with pytest.raises(ImageError, match="no photograph 200"):
        choose(NAMES, ["007", "200"])


def test_each_row_is_the_hole_the_fills_and_the_photograph(tmp_path, hole):
    """In the order of the names asked for, whichever comes first, and to the bit in a PNG."""
    sheet = Sheet(tmp_path / "sheet.png", ["red", "blue"], ["b", "a"], None)
    one, other = hole(40, 60, 10, 10, 30, 40), hole(40, 60, 0, 0, 20, 20)
    give(sheet, "a", one, {"red": solid((255, 0, 0)), "blue": solid((0, 0, 255))})
    give(sheet, "x", one, {"red": solid(0), "blue": solid(0)})
    give(sheet, "b", other, {"red": solid((200, 0, 0)), "blue": solid((0, 0, 200))})
    sheet.write()
    picture = Image.open(tmp_path / "sheet.png")
    assert picture.size == (GAP + 4 * (60 + GAP), BAND + 2 * (40 + BAND))
    for row, mask, level in ((0, other, 200), (1, one, 255)):
        given = cell(picture, 0, row)
        assert (given[~mask] == (10, 200, 10)).all()
        assert set(np.unique(given[mask])) == {GREY, EDGE}
        assert (cell(picture, 1, row) == (level, 0, 0)).all()
        assert (cell(picture, 2, row) == (0, 0, level)).all()
        assert (cell(picture, 3, row) == (10, 200, 10)).all()


def test_the_number_below_a_fill_is_its_own(tmp_path, hole):
    """The same digits make the same ink, other digits other ink."""

    def below(value):
        sheet = Sheet(tmp_path / "sheet.png", ["m"], ["a"], METRICS["ssim"])
        give(sheet, "a", hole(40, 60, 10, 10, 30, 40), {"m": solid(0)}, {"m": {"ssim": value}})
        return np.asarray(sheet.lay_out())[BAND + 40 : 2 * BAND + 40, 66 + GAP : 132]

    assert np.array_equal(below(0.81234), below(0.81232))
    assert not np.array_equal(below(0.8123), below(0.9123))
    assert below(0.8).min() < 100


def test_large_photographs_are_made_small_and_small_ones_are_left(tmp_path):
    sheet = Sheet(tmp_path / "sheet.jpg", ["m"], ["a", "b"], None)
    for name, (height, width) in {"a": (300, 900), "b": (20, 30)}.items():
        truth = solid(90, height, width)
        sheet(Scored(name, 0.5, {"m": {}}), truth, truth[..., 0] > 0, {"m": truth})
    assert sheet.lay_out().size == (GAP + 3 * (256 + GAP), BAND + (85 + BAND) + (20 + BAND))


def test_a_long_heading_stays_in_its_column(tmp_path, hole):
    sheet = Sheet(tmp_path / "sheet.png", ["a-method-with-a-very-long-name-indeed"], ["a"], None)
    give(sheet, "a", hole(40, 60, 10, 10, 30, 40), {"m": solid(0)})
    heading = np.asarray(sheet.lay_out())[:BAND]
    assert heading[:, 66 + GAP : 132].min() < 100
    assert heading[:, 132 : 132 + GAP].min() == 255


@pytest.mark.parametrize("file", ["sheet.png", "sheet.jpg", "sheet.JPEG", "sheet.webp"])
def test_formats(tmp_path, hole, file):
    sheet = Sheet(tmp_path / file, ["m"], ["a"], None)
    give(sheet, "a", hole(40, 60, 10, 10, 30, 40), {"m": solid((200, 30, 30))})
    sheet.write()
    with Image.open(tmp_path / file) as picture:
        assert picture.size == sheet.lay_out().size
        assert np.abs(cell(picture.convert("RGB"), 1, 0)[10:30, 10:50].astype(int) - (200, 30, 30)).max() < 12


@pytest.mark.parametrize(
    ("file", "sentence"),
    [("sheet.gif", "call it .jpg"), ("there.png", "exists already"), ("no/sheet.png", "does not exist")],
)
def test_what_cannot_be_written_is_said_before_any_work(tmp_path, file, sentence):
    (tmp_path / "there.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match=sentence):
        Sheet(tmp_path / file, ["m"], ["a"], None)
    assert (tmp_path / "there.png").read_bytes() == b"mine"
