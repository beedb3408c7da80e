import shutil

import numpy as np
import pytest
from scipy.ndimage import laplace

from inpaint.training.evaluation import classical
from inpaint.training.evaluation.samples import Sample

METHODS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(name == "gmic" and not shutil.which("gmic"), reason="gmic is not installed"),
    )
    for name in classical.CLASSICAL
]


@pytest.mark.parametrize("name", METHODS)
def test_only_the_hole_changes_and_the_truth_under_it_does_not_matter(name, sample):
    fill, about = classical.CLASSICAL[name]
    other = sample.picture.copy()
    other[sample.hole] = 255 - other[sample.hole]
    filled, blind = fill(sample), fill(Sample("x", other, sample.hole))
    assert (filled.shape, filled.dtype) == (sample.picture.shape, np.uint8)
    assert np.array_equal(filled[~sample.hole], sample.picture[~sample.hole])
    assert not np.array_equal(filled[sample.hole], sample.picture[sample.hole])
    assert np.array_equal(filled, blind)
    error = np.abs(filled[sample.hole].astype(float) - sample.picture[sample.hole]).mean()
    assert error < 60
    assert about if isinstance(about, str) else about()


@pytest.mark.parametrize("name", METHODS)
def test_a_flat_picture_stays_flat(name, hole):
    flat = np.full((96, 128, 3), (200, 90, 40), np.uint8)
    given = flat.copy()
    given[hole()] = 0
    filled = classical.CLASSICAL[name][0](Sample("flat", given, hole()))
    assert np.abs(filled.astype(int) - flat).max() <= 4


def test_biharmonic_is_biharmonic(hole):
    """Where the picture is a cubic, which the biharmonic operator maps to 0, the fill gives it back."""
    rows, columns = np.mgrid[0:96, 0:128] / 96.0
    smooth = 40 + 150 * (0.5 * rows**3 + 0.3 * columns**2 * rows)
    truth = np.repeat(np.rint(smooth)[..., None], 3, axis=2).astype(np.uint8)
    assert np.abs(laplace(laplace(smooth))[10:-10, 10:-10]).max() < 1e-9
    filled = classical.biharmonic(Sample("cubic", truth, hole()))
    assert np.abs(filled.astype(int) - truth).max() <= 6
