import numpy as np
import pytest

from inpaint.core import load_engine
from inpaint.core.filling.regions import Box, plan
from inpaint.gimp_plugin.plugin.geometry import Rect, placed, with_context, with_rim
from inpaint.weights import MODELS

LAYER = Rect(0, 0, 400, 300)
WIDE = Rect(0, 0, 200, 100)


def test_an_object_goes_into_the_middle_as_large_as_it_fits() -> None:
    assert placed(WIDE, Rect(100, 100, 200, 200), 100, (0, 0), LAYER) == Rect(100, 125, 200, 175)
    assert placed(Rect(7, 3, 57, 103), Rect(100, 100, 200, 200), 100, (0, 0), LAYER) == Rect(125, 100, 175, 200)


def test_it_can_be_resized_and_moved() -> None:
    assert placed(WIDE, Rect(100, 100, 200, 200), 50, (10, -20), LAYER) == Rect(135, 117, 185, 142)
    assert placed(WIDE, Rect(100, 100, 200, 200), 150, (0, 0), LAYER) == Rect(75, 112, 225, 187)


@pytest.mark.parametrize("move", [(-1000, 0), (1000, 0), (0, -1000), (0, 1000), (-1000, 1000)])
@pytest.mark.parametrize("percent", [5, 100, 400])
def test_it_stays_in_the_layer_and_keeps_its_shape(move: tuple[int, int], percent: float) -> None:
    at = placed(WIDE, Rect(100, 100, 200, 200), percent, move, LAYER)
    assert at.within(LAYER) == at
    assert at.width == pytest.approx(2 * at.height, abs=2)


def test_the_smallest_object_keeps_a_pixel() -> None:
    at = placed(Rect(0, 0, 4000, 3), Rect(10, 10, 20, 20), 5, (0, 0), LAYER)
    assert at.width >= 1
    assert at.height == 1


def test_a_rim_and_a_context_end_at_the_layer() -> None:
    assert with_rim(Rect(100, 100, 180, 140), LAYER) == Rect(80, 80, 200, 160)
    assert with_rim(Rect(0, 0, 400, 300), LAYER) == LAYER
    assert with_context(Rect(10, 10, 20, 20), Rect(0, 0, 5000, 300)) == Rect(0, 0, 340, 300)


def test_around_holds_both() -> None:
    assert Rect(0, 10, 20, 30).around(Rect(5, 0, 40, 20)) == Rect(0, 0, 40, 30)


@pytest.mark.parametrize("sides", [(1, 1), (60, 200), (256, 256), (513, 513), (900, 40), (1000, 700)])
def test_the_context_holds_all_that_a_model_looks_at(sides: tuple[int, int]) -> None:
    engine = load_engine("default", device="cpu", threads=1)
    layer, selected = Box(0, 0, 3000, 3000), Rect(1000, 1000, 1000 + sides[1], 1000 + sides[0])
    mask = np.zeros((layer.height, layer.width), bool)
    mask[selected.top : selected.bottom, selected.left : selected.right] = True
    context = with_context(selected, Rect(0, 0, layer.width, layer.height))
    known = [model.contract for model in MODELS if model.contract is not None]
    for contract in (engine.contract, *known):
        for region in plan(mask, contract):
            top, left, height, width = region.window
            window = Rect(left, top, left + width, top + height)
            assert window.within(context) == window, contract
