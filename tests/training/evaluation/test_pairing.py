from pathlib import PurePath

import numpy as np
import pytest
from PIL import Image

from inpaint.core.errors import MaskError
from inpaint.training.data.mask_sets import freeze, open_mask_set
from inpaint.training.evaluation.pairing import pair
from inpaint.training.evaluation.samples import Photographs


@pytest.fixture
def masks(tmp_path, hole):
    """`masks("1.png", ...)`: a set of these files."""

    def make(*files):
        for file in files:
            (tmp_path / "masks" / file).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(hole(64, 64, 4, 4, 8, 8)).save(tmp_path / "masks" / file)
        return open_mask_set(tmp_path / "masks")

    return make


def paired(photographs, masks):
    files = [PurePath(file) for file in photographs]
    found = pair([file.with_suffix("").as_posix() for file in files], files, masks)
    return [masks.masks[number].file for number in found.numbers], found.note


@pytest.mark.parametrize("ending", ["", "_mask", "-mask", ".mask", "_mask001"])
@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_mask_10_belongs_to_photograph_10(masks, ending, suffix):
    numbers = range(1, 13)
    found, note = paired([f"{n}.jpg" for n in numbers], masks(*(f"{n}{ending}{suffix}" for n in numbers)))
    assert found == [f"{n}{ending}{suffix}" for n in numbers]
    assert note is None


def test_masks_lie_in_the_same_sub_folder_as_for_a_batch(masks):
    files = ["a/1.jpg", "b/1.jpg"]
    assert paired(files, masks("a/1.png", "b/1.png"))[0] == ["a/1.png", "b/1.png"]


def test_a_flat_folder_serves_all_sub_folders_and_what_keep_fills_wrote(masks):
    assert paired(["a/1.jpg", "b/1.jpg", "b/2.v2.jpg"], masks("1.png", "b-1.png", "2.v2.png"))[0] == [
        "1.png",
        "b-1.png",
        "2.v2.png",
    ]


def test_where_only_some_have_a_mask_the_first_without_is_named(masks):
    with pytest.raises(MaskError, match=r"No mask for 2.jpg .* call it 2.png"):
        paired(["1.jpg", "2.jpg", "3.jpg"], masks("1.png", "3.png", "4.png"))


def test_two_masks_of_one_photograph_are_refused(masks):
    with pytest.raises(MaskError, match="more than one mask for 1"):
        paired(["1.jpg", "2.jpg"], masks("1.png", "1_mask.png", "2.png"))


def test_where_none_is_called_like_a_photograph_their_order_counts_and_is_announced(masks):
    found, note = paired(["dog.jpg", "eel.jpg"], masks("h1.png", "h2.png", "h3.png"))
    assert found == ["h1.png", "h2.png"]
    assert note is not None
    assert "h1.png for dog.jpg, h2.png for eel.jpg" in note
    with pytest.raises(MaskError, match="--limit 3"):
        paired(["a.jpg", "b.jpg", "c.jpg", "d.jpg"], masks())


def test_frozen_masks_go_by_their_number(tmp_path):
    assert paired(["7.jpg", "8.jpg"], freeze(tmp_path / "m", 3, size=64)) == (["000000.png", "000001.png"], None)


def test_photographs_know_their_files(photographs, shards):
    found = Photographs(str(photographs), size=64)
    assert [file.as_posix() for file in found.files[2:4]] == ["4.png", "deeper/1.png"]
    assert Photographs(str(shards)).files[1].stem == "000001"


def test_the_holes_are_those_of_the_paired_masks(photographs, tmp_path, hole):
    widths = {"0_mask": 6, "2_mask": 7, "4_mask": 8, "deeper/1_mask": 9, "deeper/3_mask": 10, "deeper/5_mask": 11}
    (tmp_path / "deeper").mkdir()
    for name, width in widths.items():
        Image.fromarray(hole(64, 64, 4, 4, 8, 4 + width)).save(tmp_path / f"{name}.png")
    samples = list(Photographs(str(photographs), size=64).with_masks(open_mask_set(tmp_path)))
    assert {f"{sample.name}_mask": np.any(sample.hole, axis=0).sum() for sample in samples} == widths
