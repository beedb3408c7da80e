import numpy as np
import pytest

from inpaint.gimp_plugin.plugin.geometry import Rect, with_context
from inpaint.gimp_plugin.plugin.parts import CELL, cell_row, part, strips

EXTENT = Rect(0, 0, 8000, 6000)


def parts_of(selected: np.ndarray, grow: int = 0, extent: Rect = EXTENT) -> list[Rect]:
    rows, columns = np.flatnonzero(selected.any(axis=1)), np.flatnonzero(selected.any(axis=0))
    bounds = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    grid = [
        cell_row(selected[strip.top : strip.bottom, strip.left : strip.right].tobytes(), strip.width, strip.height)
        for strip in strips(bounds)
    ]
    return part(grid, bounds, grow, extent)


def with_spots(*places: tuple[int, int], side: int = 40, shape: tuple[int, int] = (6000, 8000)) -> np.ndarray:
    selected = np.zeros(shape, np.uint8)
    for left, top in places:
        selected[top : top + side, left : left + side] = 1
    return selected


def test_a_strip_says_which_cells_have_something() -> None:
    strip = np.zeros((3, 2 * CELL + 5), np.uint8)
    strip[1, CELL] = 1
    strip[2, -1] = 200
    assert list(cell_row(strip.tobytes(), strip.shape[1], 3)) == [0, 1, 1]
    assert list(cell_row((strip / np.float32(255)).tobytes(), strip.shape[1], 3)) == [0, 1, 1]


def test_spots_far_apart_get_a_part_each() -> None:
    places = [(100, 100), (7000, 200), (4000, 3000), (300, 5500), (7800, 5900)]
    found = parts_of(with_spots(*places))
    assert len(found) == 5
    for left, top in places:
        spot = Rect(left, top, left + 40, top + 40)
        assert sum(spot.within(each) == spot for each in found) == 1
    surroundings = [with_context(each, EXTENT) for each in found]
    assert sum(each.width * each.height for each in surroundings) < 5 * 800**2


def test_spots_side_by_side_stay_together() -> None:
    assert parts_of(with_spots((1000, 1000), (1100, 1040))) == [Rect(1000, 1000, 1140, 1080)]


def test_one_spot_keeps_its_exact_bounds() -> None:
    assert parts_of(with_spots((1001, 1003), side=37)) == [Rect(1001, 1003, 1038, 1040)]


def test_a_long_wire_is_not_cut() -> None:
    selected = np.zeros((600, 3000), np.uint8)
    selected[np.arange(600).repeat(5), np.arange(3000)] = 1
    assert len(parts_of(selected, extent=Rect(0, 0, 3000, 600))) == 1


@pytest.mark.parametrize("grow", [0, 50])
@pytest.mark.parametrize("seed", range(3))
def test_parts_hold_everything_once(seed: int, grow: int) -> None:
    random = np.random.default_rng(seed)
    places = [(int(x), int(y)) for x, y in zip(random.integers(0, 3900, 60), random.integers(0, 2900, 60), strict=True)]
    selected = with_spots(*places, side=20, shape=(3000, 4000))
    count = np.zeros(selected.shape, int)
    for left, top, right, bottom in parts_of(selected, grow, Rect(0, 0, 4000, 3000)):
        count[top:bottom, left:right] += 1
    assert (count[selected > 0] == 1).all()
    assert count.max() == 1
