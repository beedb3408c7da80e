"""The parts of texture synthesis against what can be computed by hand."""

import numpy as np
import pytest

from inpaint.core.exemplar.field import Field
from inpaint.core.exemplar.membrane import span
from inpaint.core.exemplar.patches import RADIUS, SIDE, Basis, unroll, window
from inpaint.core.exemplar.pyramid import Picture, halve, hole_size
from inpaint.core.exemplar.vote import vote


@pytest.fixture
def noise() -> np.ndarray:
    """40 x 50 x 3 float32, no two patches alike."""
    return np.random.default_rng(0).random((40, 50, 3), np.float32)


def centres(shape: tuple[int, int]) -> np.ndarray:
    """Return the flat indices of all pixels with a whole patch around them."""
    inner = np.zeros(shape, bool)
    inner[RADIUS:-RADIUS, RADIUS:-RADIUS] = True
    return np.flatnonzero(inner)


def test_unrolled_patches_are_the_slices_of_the_picture(noise: np.ndarray) -> None:
    rows = unroll(noise, np.array([3 * 50 + 3, 20 * 50 + 31]))
    assert np.array_equal(rows[0], noise[:7, :7].ravel())
    assert np.array_equal(rows[1], noise[17:24, 28:35].ravel())


def test_distances_of_descriptions_are_those_of_weighted_patches() -> None:
    # Few different patches, so that the components keep everything.
    line = np.sin(np.arange(60) / 3).astype(np.float32)
    image = np.repeat(np.outer(line, line)[..., None], 3, axis=2)
    places = centres(image.shape[:2])
    rows = Basis.of(image, places, np.random.default_rng(0)).describe(image, places)
    patches, shares = unroll(image, places), np.repeat(window().ravel(), 3) / 3
    assert shares.sum() == pytest.approx(1)
    for one, other in ((0, 100), (5, 700), (300, 301)):
        wanted = (shares * (patches[one] - patches[other]) ** 2).sum()
        assert ((rows[one] - rows[other]) ** 2).sum() == pytest.approx(wanted, rel=1e-2, abs=1e-5)


def test_an_exhaustive_search_finds_copies(noise: np.ndarray) -> None:
    noise[20:35, 5:20] = noise[3:18, 30:45]
    usable = np.zeros((40, 50), bool)
    usable[RADIUS : 18 - RADIUS, RADIUS:-RADIUS] = True
    targets = np.array([27 * 50 + 12, 25 * 50 + 10])
    places = centres((40, 50))
    basis = Basis.of(noise, places, np.random.default_rng(0))
    sources = np.zeros((noise[..., 0].size, 24), np.float32)
    sources[places] = basis.describe(noise, places)
    field = Field(usable, targets, np.random.default_rng(0))
    field.exhaust(sources, basis.describe(noise, targets))
    assert field.shifts().tolist() == [[-17, 25], [-17, 25]]
    assert field.cost == pytest.approx([0, 0], abs=1e-6)


def test_a_search_spreads_a_good_shift_and_never_makes_a_match_worse(noise: np.ndarray) -> None:
    noise[20:35, 5:20] = noise[3:18, 30:45]
    usable = np.zeros((40, 50), bool)
    usable[RADIUS : 18 - RADIUS, RADIUS:-RADIUS] = True
    rows, columns = np.mgrid[23:32, 8:17]
    targets = (rows * 50 + columns).ravel()
    places = centres((40, 50))
    basis = Basis.of(noise, places, np.random.default_rng(0))
    sources = np.zeros((noise[..., 0].size, 24), np.float32)
    sources[places] = basis.describe(noise, places)
    wanted = basis.describe(noise, targets)
    field = Field(usable, targets, np.random.default_rng(0))
    field.match[40] = targets[40] - 17 * 50 + 25  # one of 81 knows
    field.measure(sources, wanted)
    for _ in range(6):
        before = field.cost.copy()
        field.search(sources, wanted, 4)
        assert (field.cost <= before).all()
    assert (field.shifts() == (-17, 25)).all(axis=1).mean() > 0.95
    assert usable.ravel()[field.match].all()


def test_a_place_in_use_becomes_dearer(noise: np.ndarray) -> None:
    usable = np.zeros((40, 50), bool)
    usable[RADIUS:-RADIUS, RADIUS:-RADIUS] = True
    field = Field(usable, np.arange(200) + 600, np.random.default_rng(0))
    field.match[:] = 20 * 50 + 20
    field.cost[:] = 0.01
    field.discourage(0.5)
    penalty = field.penalty.reshape(40, 50)
    assert penalty[20, 20] > 0.01
    assert penalty[5, 40] == 0


def test_matches_that_agree_vote_for_exactly_what_they_copy(noise: np.ndarray) -> None:
    number = np.full(40 * 50, -1, np.int32)
    rows, columns = np.mgrid[20:30, 20:30]
    targets = (rows * 50 + columns).ravel()
    number[targets] = np.arange(100)
    pixels = np.array([25 * 50 + 25, 22 * 50 + 23])
    colours, weights = vote(noise, pixels, number, targets - 10 * 50 - 5, np.ones(100, np.float32))
    assert colours == pytest.approx(noise.reshape(-1, 3)[pixels - 10 * 50 - 5], abs=1e-6)
    assert weights[0, 0] == pytest.approx(1, abs=1e-5)
    assert weights[1, 0] < 1  # fewer patches reach it


def test_a_membrane_continues_a_plane_and_keeps_what_is_known() -> None:
    rows, columns = np.mgrid[0:61, 0:47].astype(np.float32)
    plane = np.stack([rows / 60, columns / 46], axis=-1)
    known = np.ones((61, 47), bool)
    known[10:50, 12:40] = False
    torn = np.where(known[..., None], plane, 9)
    result = span(torn, known)
    assert np.array_equal(result[known], plane[known])
    assert np.abs(result - plane).max() < 0.04
    assert (span(torn, np.zeros_like(known)) == 0).all()


def test_halving_keeps_the_hole_apart() -> None:
    hole = np.zeros((21, 30), bool)
    hole[3:12, 5:20] = True
    image = np.where(hole[..., None], np.float32(1), np.float32(0)).repeat(3, axis=2)
    small = halve(Picture(image, hole, hole))
    assert small.hole.shape == (11, 15)
    assert set(np.unique(small.image)) == {0, 1}  # no pixel mixes both
    assert np.array_equal(small.image[..., 0] == 1, small.hole)
    assert hole_size(hole) == 10


def test_patches_have_an_odd_side() -> None:
    assert SIDE == 2 * RADIUS + 1
