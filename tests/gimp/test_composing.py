from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inpaint.core.engines.engine import Engine, load_engine
from inpaint.core.errors import InpaintError, MaskError
from inpaint.core.filling.regions import Box
from inpaint.gimp_plugin.composing import Thing, compose_selection
from inpaint.gimp_plugin.jobs import read_box, read_layer

AT = Box(30, 40, 24, 32)
RED = (0.8, 0.1, 0.1)


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Engine:
    return load_engine(tiny_model, "cpu", threads=1)


@pytest.fixture
def rgba(picture: Callable) -> np.ndarray:
    colours = picture(96, 128) / np.float32(255)
    return np.concatenate([colours, np.ones((96, 128, 1), np.float32)], axis=2).astype(np.float32)


def make_thing(*, transparent: bool = False, selected: bool = False) -> Thing:
    """Return a red bar, 12 x 32 in the middle of a grey 24 x 32 box."""
    rgba = np.full((24, 32, 4), 0.5, np.float32)
    rgba[..., 3] = 0 if transparent else 1
    rgba[6:18] = (*RED, 1)
    selection = np.ones((24, 32), np.float32)
    if selected:
        selection[:6] = selection[18:] = 0
    return Thing(rgba=rgba, selection=selection, box=Box(0, 0, 24, 32))


def selected(rgba: np.ndarray, box: Box = AT) -> np.ndarray:
    selection = np.zeros(rgba.shape[:2], np.float32)
    selection[box.slices] = 1
    return selection


@pytest.mark.parametrize(
    ("thing", "cut_out"),
    [(make_thing(transparent=True), "find"), (make_thing(selected=True), "given")],
    ids=["transparent", "selected"],
)
def test_only_the_object_comes(rgba: np.ndarray, engine: Engine, thing: Thing, cut_out: str) -> None:
    done = compose_selection(
        rgba, selected(rgba), thing, AT, engine=engine, joint=None, cut_out=cut_out, harmonize=False
    )
    assert done.box == (36, 40, 12, 32)
    assert np.abs(done.rgba[..., :3] - RED).max() < 1e-3
    assert (done.strength == 1).all()


def test_what_is_selected_goes_first(rgba: np.ndarray, engine: Engine) -> None:
    rgba[30:54, 40:72, :3] = (0, 1, 0)
    thing = make_thing(transparent=True)
    done = compose_selection(
        rgba, selected(rgba), thing, AT, engine=engine, joint=None, surroundings="fill", harmonize=False
    )
    assert done.box == AT
    assert np.abs(done.rgba[8:16, :, :3] - RED).max() < 1e-3
    assert (np.abs(done.rgba[..., :3] - (0, 1, 0)).max(axis=-1) > 0.2).all()


@pytest.mark.parametrize("everywhere", [True, False])
def test_on_a_transparent_layer_the_rim_of_the_object_stays_soft(
    rgba: np.ndarray, engine: Engine, everywhere: bool
) -> None:
    thing = make_thing(transparent=True)
    thing.rgba[5, :, 3] = thing.rgba[18, :, 3] = 0.4
    seen = []
    for hidden in (0, 1):  # black or white under what nobody sees
        rgba[25:96] = (hidden, hidden, hidden, 0)
        if everywhere:
            rgba[:25] = (hidden, hidden, hidden, 0)
        done = compose_selection(rgba, selected(rgba), thing, AT, engine=engine, joint=None, harmonize=False)
        assert done.box == (35, 40, 14, 32)
        assert np.abs(done.rgba[[0, -1], 2:-2, 3] - 0.4).max() < 0.01
        assert np.abs(done.rgba[1:-1, :, 3] - 1).max() < 0.01
        seen.append(done.rgba)
    np.testing.assert_allclose(*seen, atol=1e-5)


def test_the_object_is_found_in_its_box(rgba: np.ndarray, engine: Engine) -> None:
    pixels = np.full((64, 64, 4), 0.5, np.float32)
    pixels[..., :3] += np.random.default_rng(0).normal(0, 0.02, (64, 64, 1)).astype(np.float32)
    pixels[..., 3] = 1
    pixels[20:44, 24:40] = (*RED, 1)
    thing = Thing(rgba=pixels, selection=np.ones((64, 64), np.float32), box=Box(14, 18, 36, 28))
    done = compose_selection(
        rgba, selected(rgba), thing, Box(30, 40, 36, 28), engine=engine, joint=None, harmonize=False
    )
    red = np.abs(done.rgba[..., :3] - RED).max(axis=-1) < 0.05
    assert red.sum() == pytest.approx(24 * 16, rel=0.15)


def test_an_object_that_is_not_there(rgba: np.ndarray, engine: Engine) -> None:
    thing = make_thing(transparent=True)
    thing.rgba[..., 3] = 0
    thing.rgba[0, 0, 3] = 1
    nothing = Thing(rgba=thing.rgba, selection=thing.selection, box=Box(4, 4, 16, 16))
    with pytest.raises(MaskError, match="all transparent"):
        compose_selection(rgba, selected(rgba), nothing, AT, engine=engine, joint=None)
    everything = np.ones(rgba.shape[:2], np.float32)
    with pytest.raises(MaskError, match="covers the whole layer"):
        compose_selection(rgba, everything, make_thing(), AT, engine=engine, joint=None, surroundings="fill")


def test_a_request_is_read_by_its_names() -> None:
    request = {"width": 3, "height": 2, "object-width": 1, "object-height": 2, "at": [4, 5, 14, 25]}
    request |= {"selected": [1, 0, 3, 1], "object-selected": [0, 0, 1, 2]}
    parts = [bytes(96), np.array([0.5, 1], np.float32).tobytes(), bytes(32), bytes(8)]
    pixels, selection = read_layer(request, parts, "", 0)
    assert pixels.shape == (2, 3, 4)
    assert selection.tolist() == [[0, 0.5, 1], [0, 0, 0]]
    assert read_layer(request, [bytes(72), *parts[1:]], "", 0)[0].shape == (2, 3, 3)
    assert read_layer(request, parts, "object-", 2)[1].shape == (2, 1)
    assert read_box(request, "at") == Box(top=5, left=4, height=20, width=10)
    with pytest.raises(InpaintError, match="other pixels than it announced"):
        read_layer(request, parts[:3], "object-", 2)
    with pytest.raises(InpaintError, match="other pixels than it announced"):
        read_layer({**request, "selected": [2, 0, 4, 1]}, parts, "", 0)
