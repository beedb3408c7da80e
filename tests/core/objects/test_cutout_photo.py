from pathlib import Path

import numpy as np
import pytest

from inpaint.core import Box, MaskError, read_image, write_image
from inpaint.core.images.photo import Photo
from inpaint.core.objects import cutout_photo as module
from inpaint.core.objects.cutout_photo import cutout_photo

BOX = Box(20, 32, 56, 56)


@pytest.mark.parametrize("factor", [1, 257])
def test_an_object_comes_out_with_its_own_colours(apple, factor: int) -> None:
    pixels = apple[0] if factor == 1 else apple[0].astype(np.uint16) * factor
    done = cutout_photo(Photo(pixels=pixels, icc=b"profile"), BOX)
    assert done.alpha is not None
    assert done.alpha.dtype == pixels.dtype
    assert done.size[0] < 60
    assert done.icc == b"profile"
    seen = done.pixels[done.alpha > 0].astype(int)
    assert (seen[:, 0] > seen[:, 1]).mean() > 0.99  # the red disc, and no green at its rim
    whole = cutout_photo(Photo(pixels=pixels), BOX, whole=True)
    assert whole.size == (120, 90)
    assert whole.alpha is not None
    assert (whole.alpha[apple[1]] > 0).mean() > 0.97


def test_it_can_be_written_and_put_in_again(apple, tmp_path: Path) -> None:
    done = cutout_photo(Photo(pixels=apple[0]), BOX)
    write_image(done, tmp_path / "object.png")
    again = read_image(tmp_path / "object.png")
    np.testing.assert_array_equal(again.alpha, done.alpha)
    np.testing.assert_array_equal(again.pixels, done.pixels)


def test_nothing_in_the_box(apple, monkeypatch) -> None:
    monkeypatch.setattr(module, "cut_out", lambda pixels, box, segmenter: np.zeros(pixels.shape[:2], np.float32))
    with pytest.raises(MaskError, match="No object was found in the box at 32,20"):
        cutout_photo(Photo(pixels=apple[0]), BOX)
