import cv2
import numpy as np
import pytest

from inpaint.training.evaluation.crispness import crispness, median, share_near


def blurred(pixels, hole, sigma):
    return np.where(hole[..., None], cv2.GaussianBlur(pixels, (0, 0), sigma), pixels)


@pytest.fixture
def noise():
    random = np.random.default_rng(0)
    return np.repeat(random.integers(60, 190, (160, 160, 1), np.uint8), 3, axis=2)


@pytest.fixture
def middle():
    hole = np.zeros((160, 160), bool)
    hole[60:100, 50:110] = True
    return hole


def test_the_photograph_itself_is_1(noise, middle):
    assert crispness(noise, noise, middle) == 1


def test_the_softer_the_less(noise, middle):
    found = [crispness(blurred(noise, middle, sigma), noise, middle) for sigma in (0.5, 1, 3)]
    assert 1 > found[0] > found[1] > found[2] > 0


def test_other_texture_as_lively_is_1(noise, middle):
    other = np.where(middle[..., None], noise[::-1, ::-1], noise)
    assert crispness(other, noise, middle) == pytest.approx(1, abs=0.03)


def test_half_the_contrast_is_half_as_crisp(noise, middle):
    """The Laplacian is linear; at the rim it also sees what is outside."""
    whole = np.ones_like(middle)
    whole[0] = False
    half = np.where(whole[..., None], noise // 2, noise)
    assert crispness(half, noise, whole) == pytest.approx(0.5, abs=0.02)


def test_a_known_value(middle):
    """A checkerboard of 100 and 102 has |Laplacian| 8 everywhere, one of 100 and 101 has 4."""
    board = np.indices((160, 160)).sum(axis=0) % 2
    truth, filled = (np.repeat((100 + step * board)[..., None], 3, axis=2).astype(np.uint8) for step in (2, 1))
    assert crispness(filled, truth, np.ones_like(middle)) == pytest.approx(0.5)
    assert crispness(truth, filled, np.ones_like(middle)) == pytest.approx(2)


def test_what_changes_the_whole_picture_changes_nothing(noise, middle):
    """A fill that came back with another contrast all over is compared with its own surroundings."""
    assert crispness(noise // 2, noise, middle) == pytest.approx(1, abs=0.03)


def test_flat_pictures_have_a_number(middle):
    flat = np.full((160, 160, 3), 250, np.uint8)
    assert crispness(flat, flat, middle) == 1


def test_median_and_share():
    assert median([0.2, 1.0, 9.0]) == 1
    assert share_near([0.74, 0.75, 1.3, 1.31]) == 0.5
