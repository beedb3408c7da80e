import cv2
import numpy as np
import pytest

from inpaint.core import Box, MaskError, cut_out
from inpaint.core.objects import cutout
from inpaint.core.objects.cutout import clip_box, soften


def test_finds_the_disc_in_its_box(apple) -> None:
    pixels, disc = apple
    alpha = cut_out(pixels.astype(np.float32) / 255, Box(20, 32, 56, 56))
    found = alpha > 0.5
    assert (found & disc).sum() / (found | disc).sum() > 0.93
    assert alpha.dtype == np.float32
    assert alpha.min() == 0
    assert alpha.max() == 1


def test_nothing_outside_the_box(apple) -> None:
    pixels, _ = apple
    box = Box(20, 32, 40, 30)  # a part of the disc only
    alpha = cut_out(pixels.astype(np.float32) / 255, box)
    alpha[box.slices] = 0
    assert not alpha.any()


def test_is_the_same_every_time(apple) -> None:
    pixels = apple[0].astype(np.float32) / 255
    first, second = (cut_out(pixels, Box(20, 32, 56, 56)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_large_picture_is_cut_in_full_size(apple) -> None:
    pixels = np.kron(apple[0], np.ones((10, 10, 1), np.uint8)).astype(np.float32) / 255
    disc = np.kron(apple[1], np.ones((10, 10), bool))
    found = cut_out(pixels, Box(200, 320, 560, 560)) > 0.5
    assert (found & disc).sum() / (found | disc).sum() > 0.93


@pytest.mark.parametrize("box", [Box(0, 0, 90, 120), Box(-30, -30, 200, 200)])
def test_a_box_around_the_whole_picture_still_finds_something(apple, box: Box) -> None:
    found = cut_out(apple[0].astype(np.float32) / 255, box) > 0.5
    assert 0 < found.mean() < 1


def test_a_picture_of_one_colour_gives_something_in_the_box() -> None:
    alpha = cut_out(np.full((60, 60, 3), 0.4, np.float32), Box(10, 10, 40, 40))
    assert alpha.max() > 0.5


@pytest.mark.parametrize("box", [Box(200, 0, 50, 50), Box(0, 0, 4, 50), Box(86, 0, 50, 50)])
def test_a_box_outside_is_an_error(box: Box) -> None:
    with pytest.raises(MaskError, match="8 x 8"):
        clip_box(box, (90, 120, 3))


def test_softening_changes_the_edge_alone(apple) -> None:
    pixels, disc = apple
    blurred = cv2.GaussianBlur(pixels.astype(np.float32) / 255, (0, 0), 2)
    soft = soften(blurred, disc.astype(np.float32))
    rows, columns = np.mgrid[0:90, 0:120]
    distance = np.abs(np.hypot(rows - 48, columns - 60) - 25)
    far = distance > 6
    np.testing.assert_array_equal(soft[far], disc[far].astype(np.float32))
    assert ((soft > 0.01) & (soft < 0.99)).any()


def test_a_large_mask_is_softened_in_tiles_without_seams(apple, monkeypatch) -> None:
    pixels = cv2.resize(apple[0], None, fx=9, fy=9).astype(np.float32) / 255
    disc = cv2.resize(apple[1].astype(np.float32), None, fx=9, fy=9) > 0.5
    tiled = soften(pixels, disc)
    areas = []
    guided = cutout.guided_filter
    monkeypatch.setattr(cutout, "guided_filter", lambda g, *rest: areas.append(g.size) or guided(g, *rest))
    monkeypatch.setattr(cutout, "TILE", 2000)
    np.testing.assert_allclose(tiled, soften(pixels, disc), atol=2e-3)
    monkeypatch.setattr(cutout, "TILE", 100)
    soften(pixels, disc)
    assert sum(areas[1:]) < areas[0]
    assert max(areas[1:]) < areas[0] / 20


def test_short_memory_is_not_taken_for_a_box_of_one_colour(apple, monkeypatch: pytest.MonkeyPatch) -> None:
    def grab(*_: object) -> None:
        raise cv2.error("error: (-4:Insufficient memory) Failed to allocate 8 bytes")

    monkeypatch.setattr(cv2, "grabCut", grab)
    with pytest.raises(cv2.error, match="Insufficient memory"):
        cut_out(apple[0].astype(np.float32) / 255, Box(20, 32, 56, 56))
