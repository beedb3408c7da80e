"""The numbers of a fill point the right way, and the chooser follows them."""

import cv2
import numpy as np
import pytest

from inpaint.core.texture.best_fills import OWN
from inpaint.core.texture.chooser import scores, sure, table
from inpaint.core.texture.measures import measure
from inpaint.core.texture.source_filter import unlike_surroundings


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Return a lively picture and a hole in it."""
    noise = np.random.default_rng(0).normal(0, 1, (120, 160, 3)).astype(np.float32)
    hole = np.zeros((120, 160), bool)
    hole[40:80, 60:100] = True
    return (0.5 + 0.3 * cv2.GaussianBlur(noise, (0, 0), 1.0)).clip(0, 1), hole


def spoiled(image: np.ndarray, hole: np.ndarray, how: str) -> np.ndarray:
    other = image.copy()
    if how == "fog":
        other[hole] = cv2.GaussianBlur(image, (0, 0), 8)[hole]
    elif how == "colour":
        other[hole] *= np.float32((1.6, 0.5, 0.5))
    else:
        checks = ((np.arange(120)[:, None] // 4 + np.arange(160) // 4) % 2).astype(np.float32)
        other[hole] = checks[hole][:, None]
    return other


@pytest.mark.parametrize(("how", "number"), [("fog", "crisp"), ("colour", "colour"), ("checks", "patch")])
def test_a_spoiled_fill_has_a_worse_number_and_score(how: str, number: str) -> None:
    image, hole = scene()
    good, bad = (measure(fill, hole, hole, None, None) for fill in (image, spoiled(image, hole, how)))
    assert bad[number] > good[number]
    best, worst = scores([numbers | {OWN: 1.0} for numbers in (good, bad)])
    assert best > worst
    assert sure(np.array([best, worst])) > 0.6


def test_every_weight_counts_against_a_fill() -> None:
    for with_features in (True, False):
        assert (table(with_features).weights < 0).all()
    assert not any(name.startswith("layer") for name in table(False).names)


def test_sureness_is_even_for_equals_and_whole_for_one() -> None:
    assert sure(np.array([1.0, 1.0])) == 0.5
    assert sure(np.array([1.0])) == 1.0
    assert sure(np.array([0.0, 9.0, 1.0])) > 0.99


def test_what_looks_unlike_the_surroundings_is_found() -> None:
    rng = np.random.default_rng(0)
    maps = rng.normal(0, 1, (40, 60, 8)).astype(np.float32)
    maps[:, 45:] += 12
    hole = np.zeros((160, 240), bool)
    hole[60:100, 40:80] = True
    unlike = unlike_surroundings([maps], hole, ~hole)
    assert unlike[:, 190:].mean() > 0.95
    assert unlike[:, :160].mean() < 0.05
