"""Texture over fills that have none: what must stay, what must come, and the same every time."""

from collections.abc import Callable

import numpy as np
import pytest

from inpaint.core.exemplar import refine, worthwhile


def meadow(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Return H x W x 3 float32 in [0, 1]: blurred noise, as lively everywhere."""
    import cv2

    noise = np.random.default_rng(seed).normal(0, 1, (height, width, 3)).astype(np.float32)
    return (0.5 + 0.6 * cv2.GaussianBlur(noise, (0, 0), 1.5)).clip(0, 1)


def box(shape: tuple[int, int], *sides: int) -> np.ndarray:
    mask = np.zeros(shape, bool)
    top, left, bottom, right = sides
    mask[top:bottom, left:right] = True
    return mask


def smooth(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return the image as a network without texture would fill it."""
    filled = image.copy()
    filled[hole] = image[~hole].mean(axis=0)
    return filled


@pytest.mark.parametrize("sides", [(40, 50, 80, 100), (0, 0, 40, 50), (80, 100, 120, 160)])
def test_a_smooth_fill_becomes_as_lively_as_its_surroundings(sides: tuple[int, ...]) -> None:
    image, hole = meadow(120, 160), box((120, 160), *sides)
    filled = smooth(image, hole)
    result = filled.copy()
    assert refine(result, hole) is not None
    assert np.array_equal(result[~hole], image[~hole])
    assert result[hole].std() > 0.5 * image[~hole].std()


def test_stripes_are_continued() -> None:
    rows = np.arange(160, dtype=np.float32)
    image = np.repeat((0.5 + 0.4 * np.sin(rows * (2 * np.pi / 10)))[:, None, None], 200, axis=1).repeat(3, axis=2)
    hole = box((160, 200), 50, 70, 110, 130)
    result = smooth(image, hole)
    before = np.abs(result - image)[hole].mean()
    refine(result, hole)
    assert np.abs(result - image)[hole].mean() < 0.25 * before


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1), (np.float64, 1)])
def test_every_type_of_picture_and_the_same_twice(dtype: type, white: float) -> None:
    image, hole = (meadow(100, 100) * white).astype(dtype), box((100, 100), 30, 30, 70, 70)
    one, other = smooth(image, hole), smooth(image, hole)
    refine(one, hole, white=white, seed=3)
    refine(other, hole, white=white, seed=3)
    assert one.dtype == dtype
    assert np.array_equal(one, other)
    assert np.array_equal(one[~hole], image[~hole])
    assert one[hole].std() > 0.4 * image[~hole].std()


@pytest.mark.parametrize("side", [300, 520])
def test_a_large_hole_gets_texture_at_full_resolution(side: int) -> None:
    image = (meadow(2 * side + 1, 2 * side + 20) * 255).astype(np.uint8)
    hole = box(image.shape[:2], side // 2, side // 2, side // 2 + side, side // 2 + side)
    result = smooth(image, hole)
    texture = refine(result, hole, white=255)
    assert texture is not None
    assert texture.window.shape[0] < hole.shape[0] / 1.9  # it was found in a smaller copy
    assert np.array_equal(result[~hole], image[~hole])
    fine = np.abs(np.diff(result.astype(float), axis=1))[hole[:, 1:] & hole[:, :-1]].mean()
    assert fine > 0.8 * np.abs(np.diff(image.astype(float), axis=1))[~hole[:, 1:]].mean()


def test_a_large_hole_may_lie_in_a_view_of_any_layout() -> None:
    image = (meadow(601, 620) * 255).astype(np.uint8)
    hole = box(image.shape[:2], 150, 150, 450, 450)
    wanted = smooth(image, hole)
    refine(wanted, hole, white=255)
    wider = np.zeros((601, 700, 3), np.uint8)
    bytes_between = np.zeros((601, 620 * 3 + 2), np.uint8)
    for view in (
        wider[:, 50:670],
        np.zeros((601, 620, 4), np.uint8)[..., :3],
        np.zeros((601, 620, 3), np.uint8)[::-1],
        np.lib.stride_tricks.as_strided(bytes_between, (601, 620, 3), (620 * 3 + 2, 3, 1)),
    ):
        view[:] = smooth(image, hole)
        refine(view, hole, white=255)
        assert np.array_equal(view, wanted)
    assert not wider[:, :50].any()
    assert not wider[:, 670:].any()


def test_nothing_is_taken_from_what_is_unknown() -> None:
    image, hole = meadow(120, 160), box((120, 160), 40, 50, 80, 90)
    unknown = hole | box((120, 160), 20, 100, 100, 150)
    image[unknown & ~hole] = (1, 0, 1)  # not a colour of the meadow
    result = smooth(image, unknown)
    result[unknown & ~hole] = (1, 0, 1)
    refine(result, hole, unknown)
    assert np.array_equal(result[~hole], image[~hole])
    distance = np.abs(result[hole] - (1, 0, 1)).sum(axis=1)
    assert distance.min() > 0.3


def test_auto_keeps_a_fill_whose_structure_is_nowhere_around() -> None:
    image, hole = meadow(120, 160), box((120, 160), 40, 50, 80, 100)
    good, bad = smooth(image, hole), smooth(image, hole)
    bad[hole] = (1, 0, 1)
    before = bad.copy()
    assert refine(good, hole, always=False) is not None
    assert refine(bad, hole, always=False) is None
    assert np.array_equal(bad, before)
    assert refine(bad, hole) is not None


def test_a_light_that_changes_meets_at_the_seam() -> None:
    ramp = np.linspace(0, 0.4, 160, dtype=np.float32)[None, :, None]
    image = (0.5 * meadow(160, 160) + ramp).clip(0, 1)
    hole = box((160, 160), 50, 50, 110, 110)
    result = smooth(image, hole)
    refine(result, hole)
    for near in (slice(50, 54), slice(106, 110)):
        off = result[50:110, near].mean() - image[50:110, near].mean()
        assert abs(off) < 0.04


@pytest.mark.parametrize("sides", [(10, 10, 16, 90), (2, 2, 98, 98)])
def test_too_thin_or_too_little_known_leaves_the_fill_alone(sides: tuple[int, ...]) -> None:
    image, hole = meadow(100, 100), box((100, 100), *sides)
    result = smooth(image, hole)
    before = result.copy()
    if worthwhile(hole):
        assert refine(result, hole) is None
    assert np.array_equal(result, before)


def test_fill_asks_for_texture_only_when_told(picture: Callable[..., np.ndarray], tiny_model, hole) -> None:
    from inpaint.core import fill, load_engine

    engine = load_engine(tiny_model, device="cpu", threads=1)
    image, mask = picture(), hole()
    plain, textured = (fill(image, mask, engine, detail=detail) for detail in ("network", "texture"))
    assert np.array_equal(plain[~mask], image[~mask])
    assert np.array_equal(textured[~mask], image[~mask])
    assert textured[mask].std() > plain[mask].std()
    with pytest.raises(ValueError, match="detail"):
        fill(image, mask, engine, detail="fractal")  # type: ignore[arg-type]
