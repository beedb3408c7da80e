"""The first estimate of texture: from known patches, and not from all of them where the hole is long."""

import numpy as np
import pytest

from inpaint.core.exemplar import peel as peel_module
from inpaint.core.exemplar.peel import COMPARISONS, FEWEST, peel
from inpaint.core.exemplar.pyramid import Picture
from inpaint.core.exemplar.scale import Scale


def strip(length: int, thickness: int) -> Scale:
    """A strip of grey across noise."""
    image = np.random.default_rng(1).random((thickness + 100, length, 3), np.float32)
    hole = np.zeros(image.shape[:2], bool)
    hole[50 : 50 + thickness] = True
    image[hole] = 0.5
    return Scale.of(Picture(image, hole, hole))


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collects how many pairs of patches each product compares; there are three for every layer."""
    pairs, multiply = [], peel_module.product

    def product(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        pairs.append(len(one) * other.shape[1])
        return multiply(one, other)

    monkeypatch.setattr(peel_module, "product", product)
    return pairs


@pytest.mark.parametrize(("length", "thickness"), [(60, 10), (1200, 10)])
def test_a_long_hole_is_compared_with_a_part_of_what_is_known(compared: list[int], length: int, thickness: int) -> None:
    scale = strip(length, thickness)
    filled = peel(scale.image, scale.hole, scale.usable, scale.guide, np.random.default_rng(0))
    hole = np.count_nonzero(scale.hole)
    everything = hole * np.count_nonzero(scale.usable)
    assert sum(compared) / 3 == pytest.approx(min(everything, COMPARISONS), rel=0.01)
    assert hole * FEWEST <= COMPARISONS
    # Every colour is one of the photograph's own, and what is known stays.
    known = {tuple(colour) for colour in scale.image[~scale.hole]}
    assert {tuple(colour) for colour in filled[scale.hole]} <= known
    np.testing.assert_array_equal(filled[~scale.hole], scale.image[~scale.hole])
