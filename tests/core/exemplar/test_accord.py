"""What goes back from texture to the network's fill, and what may stay."""

import numpy as np
import pytest

from inpaint.core.exemplar.accord import RETREAT, RIM, STILL, accord, astray
from inpaint.core.exemplar.product import product


@pytest.fixture
def hole() -> np.ndarray:
    """A square of 60 pixels in 100 x 110."""
    hole = np.zeros((100, 110), bool)
    hole[20:80, 25:85] = True
    return hole


def grey(hole: np.ndarray) -> np.ndarray:
    return np.full((*hole.shape, 3), 0.5, np.float32)


def goes_back(after: np.ndarray, hole: np.ndarray, liveliness: float) -> np.ndarray:
    """Return what `accord` adds to a texture over a grey fill."""
    return accord(grey(hole), after, astray(grey(hole), after), hole, liveliness)


def test_texture_of_the_right_colours_stays(hole: np.ndarray) -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, (*hole.shape, 3)).astype(np.float32)
    assert not goes_back(grey(hole) + noise * hole[..., None], hole, liveliness=STILL).any()


@pytest.mark.parametrize(("liveliness", "back"), [(0.01, 1.0), (0.2, 0.5), (0.3, 0.0)])
def test_a_wrong_thing_goes_back_unless_the_surroundings_are_as_wild(
    hole: np.ndarray, liveliness: float, back: float
) -> None:
    after = grey(hole)
    after[hole] += 0.3
    added = goes_back(after, hole, liveliness)
    assert added[50, 55] == pytest.approx(-0.3 * RETREAT * back, abs=1e-4)


def test_what_is_known_is_left_alone_and_the_rim_moves_little(hole: np.ndarray) -> None:
    after = grey(hole)
    after[hole] += 0.3
    added = goes_back(after, hole, liveliness=0.01)
    assert not added[~hole].any()
    assert np.abs(added[20, 25:85]).max() < 1.1 * 0.3 * RETREAT / RIM
    assert (np.diff(np.abs(added[20:50, 55, 0])) > -1e-5).all()  # more and more towards the middle


def test_the_edge_of_the_picture_is_no_rim() -> None:
    hole = np.zeros((60, 60), bool)
    hole[:, 20:] = True
    after = grey(hole)
    after[hole] += 0.3
    added = goes_back(after, hole, liveliness=0.01)
    assert added[0, 45] == pytest.approx(added[30, 45], abs=1e-3)


def test_a_product_has_no_warning_of_what_is_in_no_result() -> None:
    lanes = np.array([[np.inf, 1]], np.float32)
    assert np.isnan(product(lanes, np.zeros((2, 1), np.float32))).all()  # and warnings are errors here
    into = np.empty((1, 1), np.float32)
    assert product(np.ones((1, 2), np.float32), np.ones((2, 1), np.float32), out=into) is into
    assert into == 2
