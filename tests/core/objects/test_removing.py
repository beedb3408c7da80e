import numpy as np
import pytest

from inpaint.core import Box, MaskError, load_engine, remove
from inpaint.core.objects import removing
from inpaint.core.objects.removing import find_objects
from inpaint.core.objects.segmenting import load_segmenter

BOX = Box(20, 32, 56, 56)


def test_the_object_goes_and_the_rest_stays(apple, tiny_model) -> None:
    pixels, disc = apple
    done = remove(pixels, [BOX], load_engine(tiny_model, "cpu", 1))
    np.testing.assert_array_equal(done.pixels[~done.mask], pixels[~done.mask])
    assert done.mask[disc].mean() > 0.99
    red = done.pixels[disc].astype(int)
    assert (red[:, 0] < red[:, 1]).mean() > 0.95  # green ground where the red disc was


def test_the_shadow_margin_is_at_the_foot(apple) -> None:
    plain, _ = find_objects(apple[0], [BOX], grow=2)
    wide, _ = find_objects(apple[0], [BOX], grow=2, shadow=12)
    added = wide & ~plain
    assert added[48:].sum() > 5 * added[:48].sum()
    assert not (plain & ~wide).any()


def test_the_whole_box(apple) -> None:
    hole, notes = find_objects(apple[0], [BOX], grow=0, whole_box=True)
    wanted = np.zeros((90, 120), bool)
    wanted[BOX.slices] = True
    np.testing.assert_array_equal(hole, wanted)
    assert notes == []


def test_growing_grows(apple) -> None:
    sizes = [find_objects(apple[0], [BOX], grow=pixels)[0].sum() for pixels in (0, 3, 8)]
    assert sizes == sorted(set(sizes))


def test_a_suspiciously_small_find_is_said(apple) -> None:
    pixels = apple[0].copy()
    pixels[apple[1]] = [60, 130, 70]
    pixels[44:52, 56:64] = [190, 40, 50]
    _, notes = find_objects(pixels, [BOX])
    assert notes == [] or "whole box" in notes[0]


@pytest.mark.parametrize("box", [Box(0, 446, 900, 8), Box(446, 0, 8, 900), Box(0, 440, 1000, 11)])
@pytest.mark.parametrize("network", [True, False])
def test_wires_and_poles_are_found(box: Box, network: bool) -> None:
    pixels = np.full((1000, 1000, 3), 180, np.uint8)
    wire = np.zeros((1000, 1000), bool)
    wire[box.slices] = True
    pixels[wire] = [40, 30, 30]
    hole, _ = find_objects(pixels, [box], load_segmenter() if network else None, grow=0)
    assert hole[wire].mean() > 0.5


def test_nothing_found_is_said(apple, monkeypatch) -> None:
    monkeypatch.setattr(removing, "cut_out", lambda pixels, box, segmenter: np.zeros(pixels.shape[:2], np.float32))
    with pytest.raises(MaskError, match="No object was found in the box at 32,20; take the whole box"):
        find_objects(apple[0], [BOX])
    found = iter([np.ones((90, 120), np.float32), np.zeros((90, 120), np.float32)])
    monkeypatch.setattr(
        removing, "cut_out", lambda pixels, box, segmenter: next(found)[: len(pixels), : pixels.shape[1]]
    )
    hole, notes = find_objects(apple[0], [BOX, BOX])
    assert hole.any()
    assert len(notes) == 1
    with pytest.raises(MaskError, match="Say what is to be removed"):
        find_objects(apple[0], [])


@pytest.mark.parametrize("count", [1, 2])
def test_several_boxes(apple, count: int) -> None:
    wide = np.concatenate([apple[0], apple[0]], axis=1)
    boxes = [BOX, BOX._replace(left=BOX.left + 120)][:count]
    hole, _ = find_objects(wide, boxes)
    assert hole[:, :120].any()
    assert hole[:, 120:].any() == (count == 2)


class Unsure:
    """A network that thinks it a little possible that all of the left half of the box is object."""

    def run(self, pixels, box):
        likely = np.zeros(pixels.shape[:2], np.float32)
        likely[box.top : box.top + box.height, box.left : box.left + box.width // 2] = 0.05
        return likely


def test_what_may_be_object_goes_with_it(apple, monkeypatch) -> None:
    monkeypatch.setattr(removing, "cut_out", lambda pixels, box, segmenter: np.zeros(pixels.shape[:2], np.float32))
    hole, _ = find_objects(apple[0], [BOX], Unsure(), grow=0)
    wanted = np.zeros_like(hole)
    wanted[BOX.top : BOX.top + BOX.height, BOX.left : BOX.left + BOX.width // 2] = True
    np.testing.assert_array_equal(hole, wanted)


@pytest.mark.parametrize("light", [1e-3, 1.0, 50.0])
def test_an_object_is_found_in_light_of_any_strength(light: float) -> None:
    """Floats are seen through the same curve as by a fill, and what is no number does no harm."""
    rng = np.random.default_rng(0)
    pixels = (rng.uniform(0.7, 0.8, (96, 128, 3)) * light).astype(np.float32)
    pixels[30:60, 40:80] *= 0.2
    pixels[0, 0] = np.nan
    hole, _ = find_objects(pixels, [Box(26, 36, 38, 48)], grow=3)
    assert hole[30:60, 40:80].mean() > 0.95
    assert not hole[:20].any()
