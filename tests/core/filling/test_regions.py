import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint.core import Box, Region, plan
from inpaint.core.filling.regions import BUCKET, LARGEST
from inpaint.weights import Contract

CONTRACT = Contract(name="x", native_size=256, native_hole=128)
SMALL = Contract(name="x", native_size=64, native_hole=32)


def holes(shape: tuple[int, int], *boxes: tuple[int, int, int, int]) -> np.ndarray:
    """Return a mask with holes given as top, left, height, width."""
    mask = np.zeros(shape, bool)
    for box in boxes:
        mask[Box(*box).slices] = True
    return mask


def inside(inner: Box, outer: Box) -> bool:
    return (
        outer.top <= inner.top
        and outer.left <= inner.left
        and inner.top + inner.height <= outer.top + outer.height
        and inner.left + inner.width <= outer.left + outer.width
    )


def check(mask: np.ndarray, regions: list[Region], contract: Contract) -> None:
    """What holds for every plan."""
    owners = np.zeros(mask.shape, int)
    for region in regions:
        assert inside(region.window, Box(0, 0, *mask.shape))
        assert inside(region.hole, region.window)
        assert mask[region.hole.slices].any()
        assert 0 < region.scale <= 1
        owners[region.hole.slices] += 1
        for side, photo, fed in zip(region.window[2:], mask.shape, region.fed, strict=True):
            assert side == photo or (side >= contract.native_size and fed % BUCKET == 0)
        # Known pixels on every side, unless the photograph ends there.
        assert region.window.top in (0, mask.shape[0] - region.window.height) or region.hole.top > region.window.top
        assert region.window.left in (0, mask.shape[1] - region.window.width) or region.hole.left > region.window.left
        fed = region.fed[0] * region.fed[1]
        assert fed <= LARGEST * contract.native_size**2 or max(region.hole[2:]) * region.scale <= contract.native_size
    assert owners.max(initial=0) <= 1
    assert owners[mask].all()


@st.composite
def masks(draw: st.DrawFn) -> np.ndarray:
    shape = draw(st.tuples(st.integers(1, 500), st.integers(1, 700)))
    mask = np.zeros(shape, bool)
    for _ in range(draw(st.integers(1, 12))):
        top, left = draw(st.integers(0, shape[0] - 1)), draw(st.integers(0, shape[1] - 1))
        mask[top : top + draw(st.integers(1, 300)), left : left + draw(st.integers(1, 300))] = True
    return mask


@given(masks())
@settings(deadline=None, max_examples=60)
def test_every_hole_pixel_has_one_region_with_a_window_in_the_photograph(mask: np.ndarray) -> None:
    check(mask, plan(mask, SMALL), SMALL)


def test_no_hole_no_regions() -> None:
    assert plan(np.zeros((50, 50), bool), CONTRACT) == []


def test_a_small_hole_gets_a_native_window_around_it() -> None:
    (region,) = plan(holes((1000, 1000), (500, 500, 20, 20)), CONTRACT)
    assert region == Region(Box(382, 382, 256, 256), Box(500, 500, 20, 20), 1.0)


@pytest.mark.parametrize("corner", [(0, 0), (0, 980), (980, 0), (980, 980)])
def test_a_window_is_moved_inwards_at_the_edges(corner: tuple[int, int]) -> None:
    (region,) = plan(holes((1000, 1000), (*corner, 20, 20)), CONTRACT)
    assert region.window == Box(min(corner[0], 744), min(corner[1], 744), 256, 256)


def test_a_small_photograph_is_its_own_window() -> None:
    (region,) = plan(holes((50, 300), (10, 140, 5, 5)), CONTRACT)
    assert region.window[2:] == (50, 256)


def test_distant_holes_are_apart_and_near_ones_together() -> None:
    assert len(plan(holes((600, 2000), (300, 300, 40, 40), (300, 1500, 40, 40)), CONTRACT)) == 2
    assert len(plan(holes((2000, 600), (300, 300, 40, 40), (1500, 300, 40, 40)), CONTRACT)) == 2
    assert len(plan(holes((600, 2000), (300, 300, 40, 40), (300, 400, 40, 40)), CONTRACT)) == 1


@pytest.mark.parametrize(("side", "scale"), [(64, 1), (128, 1), (256, 1 / 2), (512, 1 / 4)])
def test_only_holes_beyond_the_trained_size_are_scaled(side: int, scale: float) -> None:
    (region,) = plan(holes((2000, 2000), (700, 700, side, side)), CONTRACT)
    assert region.scale == scale
    assert region.fed == (256, 256)
    context = region.hole.top - region.window.top
    assert context >= side / 2


def test_at_the_edge_a_hole_is_as_large_as_it_looks() -> None:
    (region,) = plan(holes((1000, 1000), (0, 0, 128, 128)), CONTRACT)
    assert region.scale == 1


def test_a_wire_is_cut_and_keeps_its_scale() -> None:
    mask = holes((1500, 4000), (700, 0, 8, 4000))
    regions = plan(mask, CONTRACT)
    assert {region.scale for region in regions} == {1.0}
    assert len(regions) > 4
    check(mask, regions, CONTRACT)


def test_a_speck_far_from_a_large_hole_is_not_scaled_with_it() -> None:
    regions = plan(holes((2000, 3000), (500, 200, 600, 600), (700, 2500, 10, 10)), CONTRACT)
    assert sorted(region.scale for region in regions) == [128 / 600, 1.0]


def test_the_best_surrounded_regions_come_first() -> None:
    mask = holes((1000, 8000), (0, 0, 1000, 7000))
    regions = plan(mask, Contract(name="x", native_size=256, native_hole=250))
    known = [1 - mask[region.window.slices].mean() for region in regions]
    assert known == sorted(known, reverse=True)


def test_a_mask_without_anything_known_is_planned_all_the_same() -> None:
    mask = np.ones((300, 400), bool)
    check(mask, plan(mask, CONTRACT), CONTRACT)


def test_ten_thousand_specks_take_no_time() -> None:
    rng = np.random.default_rng(0)
    mask = np.zeros((3000, 4000), bool)
    mask[rng.integers(0, 3000, 10_000), rng.integers(0, 4000, 10_000)] = True
    start = time.process_time()
    regions = plan(mask, CONTRACT)
    assert time.process_time() - start < 5
    assert sum(region.fed[0] * region.fed[1] for region in regions) < 6 * mask.size
    check(mask, regions, CONTRACT)
