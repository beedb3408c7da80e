import numpy as np
import pytest
from PIL import Image

from inpaint.core.errors import MaskError, RecipeError
from inpaint.training.data.mask_sets import freeze, open_mask_set
from inpaint.training.evaluation.fillers import FilledFolder
from inpaint.training.evaluation.gallery import FillSaver
from inpaint.training.evaluation.results import Scored
from inpaint.training.evaluation.samples import Photographs


def test_pictures_have_their_names_and_their_holes(photographs, tmp_path):
    found = Photographs(str(photographs), size=64)
    assert found.names == ["0", "2", "4", "deeper/1", "deeper/3", "deeper/5"]
    masks = freeze(tmp_path / "masks", 6, size=64)
    samples = list(found.with_masks(masks))
    assert [sample.name for sample in samples] == found.names
    for number, sample in enumerate(samples):
        assert sample.picture.shape == (64, 64, 3)
        assert np.array_equal(sample.hole, masks.read(number))


def test_shards_name_their_pictures(shards):
    assert Photographs(str(shards)).names == [f"{number:06}" for number in range(6)]


@pytest.mark.parametrize("files", [("x.png", "x.bmp"), ("a/b.png", "a-b.png")])
def test_kept_fills_of_pictures_with_one_name_are_told_apart(tmp_path, picture, files):
    """`--keep-fills` writes a file for each, and finds each again when its folder is a method."""
    for number, file in enumerate(files):
        (tmp_path / "data" / file).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(64, 64, number)).save(tmp_path / "data" / file)
    photographs = Photographs(str(tmp_path / "data"), size=64)
    samples = list(photographs.with_masks(freeze(tmp_path / "masks", 2, size=64)))
    saver = FillSaver(tmp_path, ["m"])
    for sample in samples:
        saver(Scored(sample.name, 0.1, {}), sample.picture, sample.hole, {"m": sample.picture})
    kept = FilledFolder(tmp_path / "fills" / "m", photographs.names)
    assert all(np.array_equal(kept(sample), sample.picture) for sample in samples)
    # Masks of files still find theirs, each its own.
    again = photographs.with_masks(open_mask_set(tmp_path / "holes"))
    assert all(np.array_equal(one.hole, other.hole) for one, other in zip(samples, again, strict=True))


def test_a_mask_serves_all_pictures_of_its_name(tmp_path, picture, hole):
    (tmp_path / "data").mkdir()
    (tmp_path / "masks").mkdir()
    for number, file in enumerate(("w.png", "x.png", "x.bmp")):
        Image.fromarray(picture(64, 64, number)).save(tmp_path / "data" / file)
    for number, file in enumerate(("w.png", "x.png", "y.png")):
        Image.fromarray(hole(64, 64, 4, 4, 8, 10 + number)).save(tmp_path / "masks" / file)
    samples = Photographs(str(tmp_path / "data"), size=64).with_masks(open_mask_set(tmp_path / "masks"))
    assert [sample.hole.any(axis=0).sum() for sample in samples] == [6, 7, 7]


def test_limit(photographs):
    assert len(Photographs(str(photographs), limit=2)) == 2
    assert len(Photographs(str(photographs), limit=99)) == 6


def test_whole_photographs_stretch_the_masks(photographs, tmp_path):
    masks = freeze(tmp_path / "masks", 6, size=64, kind="centre")
    sample = next(Photographs(str(photographs), whole=True).with_masks(masks))
    assert sample.picture.shape == (80, 96, 3)
    assert np.array_equal(sample.picture, np.asarray(Image.open(photographs / "0.png")))
    assert sample.hole.shape == (80, 96)
    assert sample.hole.mean() == pytest.approx(0.25, abs=0.01)


def test_masks_of_the_same_names_find_their_photographs(photographs, tmp_path, hole):
    """In the folder's own order, deeper-1 comes after 4 by name, and so it does not tell; widths do."""
    names = ["deeper-5", "deeper-3", "deeper-1", "4", "2", "0"]
    for number, name in enumerate(names):
        Image.fromarray(hole(64, 64, 4, 4, 8, 10 + number)).save(tmp_path / f"{name}.png")
    samples = Photographs(str(photographs), size=64).with_masks(open_mask_set(tmp_path))
    widths = {sample.name.replace("/", "-"): sample.hole.any(axis=0).sum() for sample in samples}
    assert widths == {name: 6 + number for number, name in enumerate(names)}


def test_too_few_masks_and_wrong_sizes_are_refused(photographs, tmp_path):
    masks = freeze(tmp_path / "masks", 4, size=96)
    with pytest.raises(MaskError, match="--limit 4"):
        next(Photographs(str(photographs), size=96).with_masks(masks))
    with pytest.raises(MaskError, match="--size 96"):
        next(Photographs(str(photographs), size=64, limit=2).with_masks(masks))


def test_a_stream_is_refused():
    with pytest.raises(RecipeError, match="on disk"):
        Photographs("http://127.0.0.1:1/x.tar")
