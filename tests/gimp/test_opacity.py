import numpy as np
import pytest

from inpaint.gimp_plugin.opacity import fill_opacity

HEIGHT, WIDTH = 150, 200


def disc(soft: float) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    depth = 50 - np.hypot(columns - 100, rows - 75)
    return (np.clip(depth / soft + 0.5, 0, 1) if soft else depth > 0).astype(np.float32)


def box(top: int, left: int, height: int, width: int) -> np.ndarray:
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[top : top + height, left : left + width] = True
    return hole


def test_what_is_opaque_all_around_becomes_opaque() -> None:
    alpha, hole = disc(0), box(60, 80, 30, 40)
    alpha[hole] = 0.3
    assert (fill_opacity(alpha, hole, hole)[hole] == 1).all()


def test_what_is_transparent_all_around_becomes_transparent() -> None:
    alpha, hole = np.zeros((HEIGHT, WIDTH), np.float32), box(60, 80, 30, 40)
    alpha[hole] = 1
    assert (fill_opacity(alpha, hole, hole)[hole] == 0).all()


def test_half_transparent_stays_half_transparent() -> None:
    alpha, hole = np.full((HEIGHT, WIDTH), np.float32(0.5)), box(60, 80, 30, 40)
    alpha[hole] = 1
    assert fill_opacity(alpha, hole, hole)[hole] == pytest.approx(0.5)


@pytest.mark.parametrize("soft", [0, 1])
@pytest.mark.parametrize("place", [(20, 80, 30, 40), (50, 30, 45, 50), (10, 40, 20, 120)])
def test_an_outline_goes_on_through_the_hole(place: tuple[int, int, int, int], soft: float) -> None:
    whole, hole = disc(soft), box(*place)
    given = np.where(hole, np.float32(0.7), whole)
    filled = fill_opacity(given, hole, hole)
    assert np.array_equal(filled[~hole], whole[~hole])
    assert (np.abs(filled - whole)[hole] > 0.5).mean() < 0.04
    if not soft:
        assert set(np.unique(filled)) <= {0, 1}


def test_a_soft_outline_stays_soft() -> None:
    whole, hole = disc(60), box(40, 130, 60, 30)
    filled = fill_opacity(np.where(hole, np.float32(1), whole), hole, hole)
    assert np.abs(filled - whole)[hole].mean() < 0.05


def test_a_straight_edge_stays_straight() -> None:
    alpha, hole = np.ones((HEIGHT, WIDTH), np.float32), box(40, 20, 20, 30)
    alpha[:, :20] = 0
    assert (fill_opacity(alpha, hole, hole)[hole] == 1).all()


def test_other_unknown_places_are_not_looked_at() -> None:
    alpha, hole, elsewhere = np.ones((HEIGHT, WIDTH), np.float32), box(60, 80, 30, 40), box(60, 120, 30, 20)
    alpha[elsewhere] = 0
    assert (fill_opacity(alpha, hole, hole | elsewhere)[hole] == 1).all()
