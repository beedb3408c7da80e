import numpy as np
import pytest

from inpaint.core.errors import InpaintError
from inpaint.training.evaluation import pypatchmatch
from inpaint.training.evaluation.samples import Sample


def test_it_fills_the_hole_alone_and_the_same_way_again(sample):
    before = sample.picture.copy()
    filled = pypatchmatch.pypatchmatch(sample)
    assert np.array_equal(filled[~sample.hole], before[~sample.hole])
    assert np.array_equal(sample.picture, before)
    assert np.array_equal(filled, pypatchmatch.pypatchmatch(sample))
    unseen = np.where(sample.hole[..., None], np.uint8(77), sample.picture)
    assert np.array_equal(filled, pypatchmatch.pypatchmatch(Sample("x", unseen, sample.hole)))
    assert "patch_size 3, seed 1" in pypatchmatch.describe()


def test_where_it_is_missing_one_sentence_says_so(sample, monkeypatch):
    monkeypatch.setattr(pypatchmatch, "library", lambda: None)
    with pytest.raises(InpaintError, match="leave it out"):
        pypatchmatch.describe()
