import cv2
import numpy as np
import pytest

from inpaint.core import Box
from inpaint.core.objects.box_crop import SHARE, SIDE, box_crop, from_crop


@pytest.mark.parametrize("factor", [1, 3, 10])
def test_there_and_back(factor: int) -> None:
    """A smooth picture comes back in place, whether the crop enlarges it, reduces it, or reduces it a lot."""
    height, width = 90 * factor, 120 * factor
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = 0.5 + 0.2 * np.sin(rows / height * 9) + 0.2 * np.sin(columns / width * 9)
    box = Box(20 * factor, 30 * factor, 40 * factor, 56 * factor)
    crop, mask, matrix = box_crop(np.dstack([waves] * 3).astype(np.float32), box)
    assert crop.shape == (SIDE, SIDE, 3)
    back = from_crop(np.ascontiguousarray(crop[..., 0]), matrix, (height, width))
    np.testing.assert_allclose(back[box.slices], waves[box.slices], atol=0.01)
    assert abs(mask.sum() - SHARE**2 * SIDE**2 * 40 / 56) < 0.03 * SIDE**2
    there = from_crop(mask, matrix, (height, width)) > 0.5
    wanted = np.zeros((height, width), bool)
    wanted[box.slices] = True
    assert (there != wanted).mean() < 0.02


def test_beyond_the_edge_the_picture_goes_on() -> None:
    crop, _, _ = box_crop(np.full((40, 40, 3), 7, np.uint8), Box(0, 0, 40, 40))
    assert (crop == 7).all()


def test_reduction_averages() -> None:
    fine = (np.indices((1000, 1000)).sum(0) % 2).astype(np.float32)
    crop, _, _ = box_crop(cv2.merge([fine] * 3), Box(100, 100, 800, 800))
    assert np.abs(crop[10:-10, 10:-10] - 0.5).max() < 0.2
