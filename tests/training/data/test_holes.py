import numpy as np
import pytest

from inpaint.core.errors import RecipeError
from inpaint.core.trainers import Phase
from inpaint.training.data.holes import HoleConfig, draw_holes, holes_of
from inpaint.training.data.object_shapes import Shapes


def masks(config, count=200, size=64):
    return [draw_holes(config, size, np.random.default_rng(n)) for n in range(count)]


def test_one_or_two_rectangles_of_the_published_size():
    for mask in masks(HoleConfig(rectangles=(1, 1))):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        assert 16 <= height <= 32
        assert 16 <= width <= 32
        assert mask.sum() == height * width
    areas = [mask.mean() for mask in masks(HoleConfig())]
    assert min(areas) >= 1 / 16
    assert max(areas) <= 0.5


def test_holes_are_found_everywhere():
    covered = np.mean(masks(HoleConfig(), 400), axis=0)
    assert min(covered[0].max(), covered[-1].max(), covered[:, 0].max(), covered[:, -1].max()) > 0
    assert covered[24:40, 24:40].min() > covered[:4, :4].max()


def test_strokes_are_not_rectangles_and_never_empty():
    drawn = masks(HoleConfig(strokes=1.0))
    assert all(mask.any() for mask in drawn)
    full = [mask[np.ix_(mask.any(1), mask.any(0))].mean() for mask in drawn]
    assert np.mean(full) < 0.8


def test_the_share_of_strokes_is_as_asked():
    def is_stroke(mask):
        return mask[np.ix_(mask.any(1), mask.any(0))].mean() < 1

    single = HoleConfig(rectangles=(1, 1), strokes=0.5)
    assert 0.4 < np.mean([is_stroke(mask) for mask in masks(single, 400)]) < 0.6


def test_the_area_limits_hold():
    drawn = masks(HoleConfig(strokes=0.5, area=(0.1, 0.35)), size=128)
    assert all(0.1 <= mask.mean() <= 0.35 for mask in drawn)


def test_the_same_seed_gives_the_same_holes():
    config = HoleConfig(strokes=0.5)
    assert all(np.array_equal(a, b) for a, b in zip(masks(config, 20), masks(config, 20), strict=True))


@pytest.mark.parametrize(
    "settings",
    [
        {"rectangles": (0, 1)},
        {"side": (0.5, 0.25)},
        {"side": (0.0, 0.5)},
        {"strokes": 2.0},
        {"area": (0.5, 0.5)},
        {"stroke_width": (0.2, 0.1)},
    ],
)
def test_impossible_policies_are_refused(settings):
    with pytest.raises(RecipeError):
        HoleConfig(**settings)


@pytest.mark.parametrize(("side", "size", "pixels"), [(0.5, 128, 64), (0.0625, 128, 8), (0.25, 96, 24)])
def test_a_central_rectangle_is_in_the_middle(side, size, pixels):
    mask = draw_holes(HoleConfig(rectangles=(1, 1), side=(side, side), centred=True), size, np.random.default_rng(0))
    wanted = np.zeros((size, size), bool)
    wanted[(size - pixels) // 2 : (size + pixels) // 2, (size - pixels) // 2 : (size + pixels) // 2] = True
    assert np.array_equal(mask, wanted)


def test_a_phase_prescribes_the_side():
    policies = {"default": HoleConfig(rectangles=(1, 1)), "other": HoleConfig(strokes=1.0)}
    grown = holes_of(Phase(name="x", steps=1, side=0.125), policies)
    assert (grown.side, grown.rectangles) == ((0.125, 0.125), (1, 1))
    assert {mask.sum() for mask in masks(grown, 20)} == {8 * 8}
    assert holes_of(Phase(name="x", steps=1, holes="other"), policies) == policies["other"]


def test_outlines_of_objects_as_often_as_asked(shapes):
    outlines = Shapes(str(shapes))
    config = HoleConfig(rectangles=(1, 1), objects=0.5, area=(0.05, 0.3))
    drawn = [draw_holes(config, 64, np.random.default_rng(n), outlines) for n in range(200)]
    rectangular = [mask[np.ix_(mask.any(1), mask.any(0))].all() for mask in drawn]
    assert 0.35 < np.mean(rectangular) < 0.65
    assert all(0.05 <= mask.mean() <= 0.3 for mask in drawn)


def test_without_objects_the_outlines_change_nothing(shapes):
    config = HoleConfig(strokes=0.5)
    for n in range(20):
        rng, same = np.random.default_rng(n), np.random.default_rng(n)
        assert np.array_equal(draw_holes(config, 64, rng, Shapes(str(shapes))), draw_holes(config, 64, same))


def test_outlines_that_are_wanted_must_be_there():
    with pytest.raises(RecipeError, match="--shapes"):
        draw_holes(HoleConfig(objects=1.0), 64, np.random.default_rng(0))
    with pytest.raises(RecipeError, match="together at most 1"):
        HoleConfig(strokes=0.6, objects=0.6)
