from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inpaint.core.engines.engine import Engine, load_engine
from inpaint.core.errors import ImageError, MaskError
from inpaint.core.filling.regions import Box
from inpaint.gimp_plugin.selection import fill_selection, known_colours


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Engine:
    return load_engine(tiny_model, "cpu", threads=1)


@pytest.fixture
def rgba(picture: Callable) -> np.ndarray:
    colours = picture(96, 128) / np.float32(255)
    return np.concatenate([colours, np.ones((96, 128, 1), np.float32)], axis=2).astype(np.float32)


def selected(rgba: np.ndarray, top: int = 30, left: int = 40, bottom: int = 54, right: int = 72) -> np.ndarray:
    selection = np.zeros(rgba.shape[:2], np.float32)
    selection[top:bottom, left:right] = 1
    return selection


def test_a_hard_selection_is_filled_and_opaque(rgba: np.ndarray, engine: Engine) -> None:
    rgba[30:54, 40:72, 3] = 0.5
    done = fill_selection(rgba, selected(rgba), engine)
    assert done.box == (30, 40, 24, 32)
    assert (done.strength == 1).all()
    assert (done.rgba[..., 3] == 1).all()
    assert (done.rgba[..., :3] != rgba[30:54, 40:72, :3]).any(axis=-1).mean() > 0.9


def test_a_layer_without_alpha_is_filled_the_same(rgba: np.ndarray, engine: Engine) -> None:
    done = fill_selection(rgba[..., :3], selected(rgba), engine)
    assert np.array_equal(done.rgba, fill_selection(rgba, selected(rgba), engine).rgba)


def test_growing_makes_it_larger_and_round(rgba: np.ndarray, engine: Engine) -> None:
    done = fill_selection(rgba, selected(rgba), engine, grow=6)
    assert done.box == (24, 34, 36, 44)
    assert done.strength[0, 0] == 0
    assert done.strength[0, 20] == 1
    assert (done.rgba[0, 0] == rgba[24, 34]).all()


def test_feathering_stays_inside(rgba: np.ndarray, engine: Engine) -> None:
    done = fill_selection(rgba, selected(rgba), engine, feather=5)
    assert done.box == (30, 40, 24, 32)
    middle = done.strength[:, 16]
    assert (np.diff(middle[:6]) > 0).all()
    assert middle[0] > 0
    assert middle[12] == 1


@pytest.mark.parametrize("grow", [0, 4])
def test_a_soft_edge_stays_soft(rgba: np.ndarray, engine: Engine, grow: int) -> None:
    selection = selected(rgba)
    selection[30, 40:72] = 0.25
    done = fill_selection(rgba, selection, engine, grow=grow)
    assert done.box == (30 - grow, 40 - grow, 24 + 2 * grow, 32 + 2 * grow)
    assert done.strength[0, 16 + grow] == np.float32(0.25)
    assert done.strength[12, 16] == 1


def test_what_transparent_pixels_hide_does_not_count(rgba: np.ndarray, engine: Engine) -> None:
    rgba[..., :3] = 0.5
    rgba[:, :30] = (0, 1, 0, 0)
    rgba[40:44, 31] = np.nan
    rgba[40:44, 31, 3] = 0
    done = fill_selection(rgba, selected(rgba), engine)
    assert np.abs(done.rgba[..., :3] - 0.5).max() < 1e-3


def test_a_transparent_pixel_gets_the_nearest_colour() -> None:
    rgba = np.zeros((5, 9, 4), np.float32)
    rgba[2, 0] = (1, 0, 0, 1)
    rgba[2, 8] = (0, 0, 1, 1)
    colours = known_colours(rgba, np.zeros((5, 9), bool))
    assert (colours[2, 3] == (1, 0, 0)).all()
    assert (colours[2, 5] == (0, 0, 1)).all()


def test_transparency_is_filled_like_colours(rgba: np.ndarray, engine: Engine) -> None:
    rgba[:, 56:, 3] = 0
    rgba[30:54, 40:72, 3] = 1
    filled = fill_selection(rgba, selected(rgba), engine).rgba[..., 3]
    assert (filled[:, :16] == 1).all()
    assert (filled[:, 16:] == 0).all()


def test_of_several_parts_one_is_filled_and_the_others_are_not_looked_at(rgba: np.ndarray, engine: Engine) -> None:
    rgba[..., :3] = 0.5
    both = selected(rgba) + selected(rgba, 30, 76, 54, 90)
    rgba[both > 0, :3] = (1, 0, 0)
    done = fill_selection(rgba, both, engine, part=Box(30, 40, 24, 32))
    assert done.box == (30, 40, 24, 32)
    assert np.abs(done.rgba[..., :3] - 0.5).max() < 1e-3


def test_a_part_grows_too(rgba: np.ndarray, engine: Engine) -> None:
    both = selected(rgba) + selected(rgba, 70, 100, 80, 110)
    done = fill_selection(rgba, both, engine, grow=4, part=Box(30, 40, 24, 32))
    assert done.box == (26, 36, 32, 40)


def test_what_is_transparent_is_filled_and_becomes_opaque(rgba: np.ndarray, engine: Engine) -> None:
    rgba[..., :3] = 0.5
    rgba[:, 100:] = (0, 1, 0, 0)
    done = fill_selection(rgba, np.ones((96, 128), np.float32), engine, transparent=True)
    assert done.box == (0, 100, 96, 28)
    assert np.abs(done.rgba - (0.5, 0.5, 0.5, 1)).max() < 1e-3
    rgba[..., 3] = 1
    with pytest.raises(MaskError, match="Nothing here is transparent"):
        fill_selection(rgba, np.ones((96, 128), np.float32), engine, transparent=True)


def test_locked_transparency_is_said_where_nothing_would_show(rgba: np.ndarray, engine: Engine) -> None:
    rgba[30:54, 40:72, 3] = 0
    with pytest.raises(MaskError, match="transparency is locked"):
        fill_selection(rgba, selected(rgba), engine, lock_alpha=True)
    rgba[40, 50, 3] = 1
    assert fill_selection(rgba, selected(rgba), engine, lock_alpha=True).box == (30, 40, 24, 32)


def test_what_cannot_be_filled_is_said(rgba: np.ndarray, engine: Engine) -> None:
    with pytest.raises(MaskError, match="Nothing is selected"):
        fill_selection(rgba, np.zeros((96, 128), np.float32), engine)
    with pytest.raises(MaskError, match="covers the whole layer"):
        fill_selection(rgba, np.ones((96, 128), np.float32), engine)
    rgba[..., 3] = 0
    with pytest.raises(ImageError, match="transparent"):
        fill_selection(rgba, selected(rgba), engine)


def test_the_input_is_not_touched(rgba: np.ndarray, engine: Engine) -> None:
    selection = selected(rgba)
    rgba.flags.writeable = selection.flags.writeable = False
    fill_selection(rgba, selection, engine, grow=2, feather=2)
