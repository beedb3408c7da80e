import numpy as np
import pytest
from PIL import Image

from inpaint.core.errors import InpaintError, OutputError
from inpaint.training.evaluation.blind_sheets import BlindSheets, around, lay_out
from inpaint.training.evaluation.results import Scored
from inpaint.training.study.sheet_key import SheetKey


@pytest.fixture
def fills(sample):
    return {name: sample.keep_known(np.full_like(sample.picture, v)) for name, v in (("red", 30), ("blue", 220))}


def test_a_sheet_for_each_photograph_and_the_key_beside_them(sample, fills, tmp_path):
    sheets = BlindSheets(tmp_path / "sheets", ["red", "blue"], ["one", "deep/er"], seed=5)
    for name in ("one", "deep/er", "not chosen"):
        sheets(Scored(name, 0.1, {}), sample.picture, sample.hole, fills)
    assert sorted(path.name for path in (tmp_path / "sheets").iterdir()) == ["deep-er.png", "one.png"]
    key = SheetKey.read(tmp_path / "sheets.key.json")
    assert set(key.photographs) == {"one", "deep/er"}
    with Image.open(tmp_path / "sheets" / "one.png") as sheet:
        assert not sheet.info
        shown = np.asarray(sheet)
    by_letter = {letter: fills[method] for letter, method in key.photographs["one"].items()}
    assert np.array_equal(shown, np.asarray(lay_out("one", sample.picture, sample.hole, by_letter)))


def test_the_truth_in_the_hole_is_nowhere(sample, fills):
    changed = sample.picture.copy()
    changed[sample.hole] = 255 - changed[sample.hole]
    one, other = (np.asarray(lay_out("n", truth, sample.hole, fills)) for truth in (sample.picture, changed))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("count", range(2, 9))
@pytest.mark.parametrize("shape", [(40, 300), (300, 40), (90, 90)])
def test_no_side_is_longer_than_it_should_be(count, shape):
    truth, hole = np.zeros((*shape, 3), np.uint8), np.zeros(shape, bool)
    hole[10:20, 10:20] = True
    sheet = lay_out("n", truth, hole, {"ABCDEFGH"[number]: truth for number in range(count)})
    assert sheet.width == 1600
    assert sheet.height <= 1600


def test_around_shows_half_the_hole_on_each_side_and_64_pixels_at_least():
    hole = np.zeros((1000, 1200), bool)
    hole[400:600, 300:700] = True
    rows, columns = around(hole)
    assert (rows.start, rows.stop, columns.start, columns.stop) == (200, 800, 100, 900)
    hole[:] = False
    hole[10:20, 500:510] = True
    rows, columns = around(hole)
    assert (rows.start, rows.stop, columns.start, columns.stop) == (0, 84, 436, 574)


def test_what_is_there_is_not_written_over(tmp_path):
    BlindSheets(tmp_path / "a", ["x", "y"], ["n"], 0)
    with pytest.raises(OutputError, match="key of other sheets"):
        BlindSheets(tmp_path / "a", ["x", "y"], ["n"], 0)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "n.png").write_bytes(b"")
    with pytest.raises(OutputError, match="holds pictures already"):
        BlindSheets(tmp_path / "b", ["x", "y"], ["n"], 0)
    (tmp_path / "c").write_bytes(b"")
    with pytest.raises(OutputError, match="is a file"):
        BlindSheets(tmp_path / "c", ["x", "y"], ["n"], 0)
    with pytest.raises(InpaintError, match="2 to 8"):
        BlindSheets(tmp_path / "d", ["x"], ["n"], 0)
    assert not (tmp_path / "d.key.json").exists()
