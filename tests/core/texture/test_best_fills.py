"""Texture in holes: what must come, what must stay out, and the same every time."""

import cv2
import numpy as np
import pytest

from inpaint.core.texture import Result, best_fills, synthesize
from inpaint.core.texture.candidates import CANDIDATES


def meadow(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Return H x W x 3 float32 in [0, 1]: blurred noise, as lively everywhere."""
    noise = np.random.default_rng(seed).normal(0, 1, (height, width, 3)).astype(np.float32)
    return (0.5 + 0.6 * cv2.GaussianBlur(noise, (0, 0), 1.5)).clip(0, 1)


def box(shape: tuple[int, int], top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[top:bottom, left:right] = True
    return mask


def blank(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    return np.where(hole[..., None], image.dtype.type(0), image)


def filled(image: np.ndarray, hole: np.ndarray, result: Result) -> np.ndarray:
    full = image.copy()
    full[hole] = result.colours
    return full


def crispness(image: np.ndarray, where: np.ndarray) -> float:
    return float(np.abs(cv2.Laplacian(image.astype(np.float32).mean(2), cv2.CV_32F))[where].mean())


@pytest.mark.parametrize("sides", [(40, 50, 80, 100), (0, 0, 40, 50), (80, 100, 120, 160)])
def test_a_hole_becomes_as_crisp_as_its_surroundings(sides: tuple[int, int, int, int]) -> None:
    image, hole = meadow(120, 160), box((120, 160), *sides)
    (result,) = synthesize(blank(image, hole), hole, hole)
    assert 0.75 < crispness(filled(image, hole, result), hole) / crispness(image, ~hole) < 1.3


def test_stripes_are_continued() -> None:
    rows = np.arange(160, dtype=np.float32)
    image = np.repeat((0.5 + 0.4 * np.sin(rows * (2 * np.pi / 10)))[:, None, None], 200, axis=1).repeat(3, axis=2)
    hole = box((160, 200), 50, 70, 110, 130)
    (result,) = synthesize(blank(image, hole), hole, hole)
    assert np.abs(result.colours - image[hole]).mean() < 0.06


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1), (np.float64, 1)])
def test_every_type_of_picture_and_the_same_twice(dtype: type, white: float) -> None:
    image, hole = (meadow(100, 100) * white).astype(dtype), box((100, 100), 30, 30, 70, 70)
    one, other = (synthesize(blank(image, hole), hole, hole, white=white, seed=3)[0] for _ in range(2))
    assert one.colours.dtype == dtype
    assert np.array_equal(one.colours, other.colours)
    assert np.array_equal(one.shifts, other.shifts)
    assert not np.array_equal(one.colours, synthesize(blank(image, hole), hole, hole, white=white, seed=4)[0].colours)


def test_copies_keep_sixteen_bits() -> None:
    rng = np.random.default_rng(0)
    hole = box((120, 120), 45, 45, 75, 75)
    deep = rng.integers(0, 65536, (120, 120, 3)).astype(np.uint16)
    colours = synthesize(deep, hole, hole, white=65535)[0].colours
    assert len(np.unique(colours % 257)) > 200  # not eight bits made longer


def test_shifts_point_to_what_is_known_and_say_where_colours_come_from() -> None:
    image, hole = meadow(120, 160), box((120, 160), 40, 50, 80, 100)
    (result,) = synthesize(blank(image, hole), hole, hole)
    rows, columns = np.nonzero(hole)
    rows, columns = rows + result.shifts[:, 0], columns + result.shifts[:, 1]
    assert not hole[rows, columns].any()
    copied = image[rows, columns]
    assert np.abs(copied - result.colours).mean() < 0.25 * np.abs(image[~hole][: len(copied)] - result.colours).mean()


def test_only_what_is_allowed_is_copied() -> None:
    image, hole = meadow(120, 200) * np.float32(0.4), box((120, 200), 40, 80, 80, 120)
    image[:, 130:] += np.float32(0.6)
    allowed = np.zeros((120, 200), bool)
    for side in (slice(0, 70), slice(130, 200)):
        allowed[:] = False
        allowed[:, side] = True
        for result in synthesize(blank(image, hole), hole, hole, allowed=allowed, count=4):
            assert (result.colours > 0.5).all() if side.start else (result.colours < 0.5).all()
    assert synthesize(image, hole, hole, allowed=box((120, 200), 0, 0, 6, 200)) == []


def test_variations_differ_and_come_in_order() -> None:
    image, hole = meadow(100, 120), box((100, 120), 30, 40, 70, 80)
    several = synthesize(blank(image, hole), hole, hole, count=len(CANDIDATES) + 3)
    assert len(several) == len(CANDIDATES) + 3
    assert [one.score for one in several] == sorted((one.score for one in several), reverse=True)
    assert len({one.colours.tobytes() for one in several}) == len(several)
    (best,) = synthesize(blank(image, hole), hole, hole)
    assert best.candidate in {candidate.name for candidate in CANDIDATES}


def test_a_fill_that_begins_with_an_earlier_one_is_like_it() -> None:
    image, hole = meadow(120, 160), box((120, 160), 40, 50, 80, 100)
    (first,) = synthesize(blank(image, hole), hole, hole)
    start = np.zeros((*hole.shape, 2), np.int32)
    start[hole] = first.shifts
    grain = np.random.default_rng(1).normal(0, 0.01, image.shape).astype(np.float32)
    (again,) = synthesize(blank(image + grain, hole), hole, hole, start=start)
    change = np.abs(again.colours - first.colours).mean()
    assert change < 0.03
    assert again.candidate == "last frame"


def test_what_nobody_sees_is_neither_copied_nor_looked_at() -> None:
    image, hole = meadow(100, 140), box((100, 140), 30, 50, 70, 90)
    hidden = box((100, 140), 0, 100, 100, 140)
    fills = []
    for colour in (0.0, 1.0):
        image[hidden] = colour
        fills.append(synthesize(image, hole, hole | hidden)[0].colours)
    assert np.array_equal(*fills)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_large_hole_is_carried_up_and_as_crisp(monkeypatch: pytest.MonkeyPatch, dtype: type) -> None:
    monkeypatch.setattr(best_fills, "WORKING", (1500, 4_000_000))
    white = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    image = (meadow(241, 251) * white).astype(dtype)
    hole = box((241, 251), 80, 80, 160, 161)
    window = blank(image, hole)
    (result,) = synthesize(window, hole, hole, white=white)
    assert result.colours.dtype == dtype
    full = filled(image, hole, result)
    assert 0.8 < crispness(full, hole) / crispness(image, ~hole) < 1.4
    assert np.array_equal(window[~hole], image[~hole])
    rows, columns = np.nonzero(hole)
    rows, columns = rows + result.shifts[:, 0], columns + result.shifts[:, 1]
    assert not hole[rows, columns].any()
    assert (image[rows, columns] == result.colours).all(axis=1).mean() > 0.5  # but for seams


def test_a_network_that_is_wrong_is_not_followed() -> None:
    image, hole = meadow(160, 200), box((160, 200), 50, 70, 110, 130)
    wrong = image.copy()
    wrong[hole] = (0.9, 0.1, 0.9)
    (result,) = synthesize(wrong, hole, hole, structure=True)
    assert abs(float(result.colours.mean()) - 0.5) < 0.1
    assert result.candidate != "network"


@pytest.mark.parametrize("shape", [(3, 9), (7, 7), (9, 60), (60, 9), (30, 30)])
def test_small_windows_give_a_fill_or_none(shape: tuple[int, int]) -> None:
    image, hole = meadow(*shape), np.zeros(shape, bool)
    hole[-1, -2:] = True
    for result in synthesize(image, hole, hole):
        assert np.isfinite(result.colours).all()


def test_votes_that_disagree_altogether_give_their_mean() -> None:
    from inpaint.core.texture import patchmatch_kernels as kernels

    # Two patches of three pixels a side over the middle of a row: one would put black there, one white.
    image = np.zeros((9, 9, 3), np.float32)
    image[:, 5:] = 1
    number = np.full(81, -1, np.int32)
    number[[39, 40]] = 0, 1
    hole = np.zeros(81, np.uint8)
    hole[40] = 1
    match, share = np.array([29, 34], np.int32), np.full(2, 1e-7, np.float32)
    out = image.copy().reshape(-1)
    kernels.vote(image.reshape(-1), out, hole, number, match, share, 9, 3, 1, 1e-4)
    assert np.allclose(out.reshape(-1, 3)[40], 0.5)
