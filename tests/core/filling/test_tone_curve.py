"""Floats of any brightness: into [0, 1] and back, and what a fill makes of light in a scene."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint.core import Box, Engine, fill, load_engine
from inpaint.core.filling.tone_curve import ToneCurve, curve_of

Maker = Callable[..., np.ndarray]
WHOLE = Box(4, 4, 4, 4)
NOWHERE = np.zeros((12, 12), bool)


@pytest.fixture(scope="module")
def engine(tiny_model: Any) -> Engine:
    return load_engine(str(tiny_model), "cpu", 1)


@settings(max_examples=150, deadline=None)
@given(
    scale=st.floats(-6, 5),
    spread=st.floats(0, 4),
    below=st.sampled_from([0.0, 0.01, 1.0]),
    dtype=st.sampled_from([np.float16, np.float32, np.float64]),
    seed=st.integers(0, 2**32 - 1),
)
def test_what_is_near_the_hole_comes_back(scale: float, spread: float, below: float, dtype: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(0, spread, (12, 12, 3))) * 10**scale
    values[rng.random(values.shape) < 0.1] = 0
    values -= below * values.max() * (rng.random(values.shape) < 0.05)
    window = np.clip(values, -60_000, 60_000).astype(dtype)
    curve = curve_of(window, NOWHERE, WHOLE)
    mapped = curve.encode(window)
    assert mapped.dtype == np.float32
    assert mapped.min() >= 0
    assert mapped.max() <= 1
    back = curve.decode(mapped).astype(float)
    assert curve.decode(mapped).dtype == dtype
    # A 16-bit float has 11 bits; a value is as exact as it is far from 0, or as the linear part is.
    step = 2e-3 if dtype == np.float16 else 1e-5
    slack = step * np.maximum(np.abs(window.astype(float)), curve.linear or curve.high - curve.low) + 1e-7
    assert (np.abs(back - window.astype(float)) <= slack).all()
    order = np.argsort(window.ravel())
    assert (np.diff(mapped.ravel()[order]) >= 0).all()


def test_values_between_0_and_1_and_whole_numbers_are_taken_as_they_are(picture: Maker) -> None:
    for white, dtype in ((255, np.uint8), (65_535, np.uint16)):
        assert curve_of(picture(12, 12).astype(dtype), NOWHERE, WHOLE) == ToneCurve(np.dtype(dtype), 0, white)
    image = picture(12, 12).astype(np.float32) / 255
    curve = curve_of(image, NOWHERE, WHOLE)
    assert np.array_equal(curve.encode(image), image)
    assert np.array_equal(curve.decode(image), image)


def test_a_sun_far_away_does_not_darken_what_is_near() -> None:
    window = np.full((100, 100, 3), 0.2, np.float32)
    window[0, 0] = 10_000
    curve = curve_of(window, np.zeros((100, 100), bool), Box(60, 60, 8, 8))
    assert curve.high == pytest.approx(0.8)
    assert curve.encode(window)[50, 50, 0] == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("detail", ["network", "texture"])
@pytest.mark.parametrize("level", [1e-5, 0.004, 0.3, 3.0, 10_000.0, -4.0])
def test_a_hole_in_light_of_any_strength_gets_light_like_it(
    engine: Engine, hole: Maker, detail: Any, level: float
) -> None:
    rng = np.random.default_rng(0)
    image = (level * rng.uniform(0.8, 1.25, (96, 128, 3))).astype(np.float32)
    mask = hole()
    damaged = image.copy()
    damaged[mask] = 0.02
    filled = fill(damaged, mask, engine, detail=detail)
    assert np.array_equal(filled[~mask], damaged[~mask])
    assert (filled[mask] / level).min() > 0.7
    assert (filled[mask] / level).max() < 1.4


def test_a_sky_between_a_sun_and_black_is_filled_with_sky(engine: Engine, hole: Maker) -> None:
    """Linear light with 0, negative values and 10,000 in one window."""
    image = np.full((96, 128, 3), 3.0, np.float32)
    image[:8], image[8:12], image[12:14] = 0, -0.01, 10_000
    filled = fill(np.where(hole()[..., None], np.float32(0.02), image), hole(), engine, detail="network")
    assert np.abs(filled[hole()] - 3).max() < 1.5
    assert np.array_equal(filled[~hole()], image[~hole()])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("soft", [False, True])
def test_what_is_no_number_is_filled_in_the_hole_and_kept_outside(
    engine: Engine, hole: Maker, bad: float, soft: bool
) -> None:
    image = np.full((96, 128, 3), 0.5, np.float32)
    mask = hole()
    row, column = np.argwhere(mask)[0]
    image[row, column], image[row - 3, column, 1] = bad, bad
    levels = (mask * np.uint8(128)).astype(np.uint8) if soft else mask
    filled = fill(image, levels, engine, detail="texture")
    assert np.array_equal(filled[~mask], image[~mask], equal_nan=True)
    assert np.abs(filled[mask] - 0.5).max() < 0.1
