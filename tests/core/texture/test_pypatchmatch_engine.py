"""PyPatchMatch among the candidates: at every depth, from allowed sources only, and without it where it is missing."""

import cv2
import numpy as np
import pytest

from inpaint.core.texture import best_fills, synthesize
from inpaint.core.texture.pypatchmatch_engine import LibrarySynthesis
from inpaint.core.texture.scale import Picture
from inpaint.core.texture.synthesis import pyramid


@pytest.fixture
def scene():
    """Red noise on the left, blue on the right, and a hole between them: H x W x 3 float32, H x W bool."""
    noise = np.random.default_rng(0).normal(0, 1, (100, 140, 3)).astype(np.float32)
    image = (0.35 + 0.3 * cv2.GaussianBlur(noise, (0, 0), 1.2)).clip(0.05, 0.6)
    image[:, :70, 0] += 0.35
    image[:, 70:, 2] += 0.35
    hole = np.zeros((100, 140), bool)
    hole[35:65, 55:85] = True
    return image, hole


def library_of(image, hole, allowed=None, seed=1):
    sources = np.ones_like(hole) if allowed is None else allowed
    return LibrarySynthesis(pyramid(Picture(image, hole, hole, sources)), seed)


def test_known_pixels_stay_and_a_seed_gives_the_same(scene) -> None:
    image, hole = scene
    one, other = (library_of(image, hole).run(0) for _ in range(2))
    np.testing.assert_array_equal(one[~hole], image[~hole])
    np.testing.assert_array_equal(one, other)
    assert (library_of(image, hole, seed=2).run(0)[hole] != one[hole]).any()


@pytest.mark.parametrize(("side", "channel"), [(np.s_[:, :50], 0), (np.s_[:, 90:], 2)])
def test_it_copies_from_what_is_allowed_only(scene, side, channel) -> None:
    image, hole = scene
    allowed = np.zeros_like(hole)
    allowed[side] = True
    synthesis = library_of(image, hole, allowed)
    assert synthesis.run(0)[hole].mean(axis=0).argmax() == channel
    shifts = synthesis.shifts()[hole]
    rows, columns = np.nonzero(hole)
    assert allowed[rows + shifts[:, 0], columns + shifts[:, 1]].all()


def test_every_depth_is_copied_and_not_made_of_eight_bits(scene) -> None:
    image, hole = scene
    synthesis = library_of(image, hole)
    filled, shifts = synthesis.run(0), synthesis.shifts()
    deep = synthesis.deepen(image * np.float32(65535), shifts, 65535.0)
    np.testing.assert_allclose(deep[hole] / 65535, filled[hole], atol=1.01 / 255)
    eighths = deep[hole] / 257
    assert np.abs(eighths - np.rint(eighths)).mean() > 0.1
    np.testing.assert_array_equal(deep[~hole], image[~hole] * np.float32(65535))


@pytest.mark.parametrize("there", [True, False])
def test_a_hole_is_filled_with_and_without_it(scene, monkeypatch, there: bool) -> None:
    image, hole = scene
    if not there:
        monkeypatch.setattr(best_fills, "library", lambda: None)
    results = synthesize(image, hole, hole, count=12)
    names = {result.candidate for result in results}
    assert any(name.startswith("PyPatchMatch") for name in names) == there
    assert any(not name.startswith("PyPatchMatch") for name in names)
    assert all(np.isfinite(result.colours).all() for result in results)
