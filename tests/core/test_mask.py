from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from inpaint.core import MaskError, check_mask, grow, read_mask

Maker = Callable[..., np.ndarray]
SIZE = (128, 96)


def layer(mask: np.ndarray, colour: tuple[int, int, int], under: tuple[int, int, int] = (0, 0, 0)) -> Image.Image:
    """Return `colour` painted where `mask` is, on transparency that hides `under`."""
    array = np.zeros((*mask.shape, 4), np.uint8)
    array[..., :3] = under
    array[mask] = (*colour, 255)
    return Image.fromarray(array)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("invert", [False, True])
def test_white_is_hole_in_every_mode(tmp_path: Path, hole: Maker, mode: str, invert: bool) -> None:
    mask = hole()
    Image.fromarray(mask.astype(np.uint8) * 255).convert("RGB").convert(mode).save(tmp_path / "m.png")
    read = read_mask(tmp_path / "m.png", SIZE, invert)
    assert read.dtype == np.bool_
    assert np.array_equal(read, mask ^ invert)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 0, 0)])
def test_one_colour_on_a_transparent_layer_is_hole(tmp_path: Path, hole: Maker, colour: tuple[int, int, int]) -> None:
    layer(hole(), colour, under=(9, 9, 9)).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", SIZE), hole())


def test_black_and_white_on_a_transparent_layer_is_read_by_brightness(tmp_path: Path, hole: Maker) -> None:
    array = np.asarray(layer(hole(), (255, 255, 255), under=(255, 255, 255))).copy()
    array[:10] = (0, 0, 0, 255)
    Image.fromarray(array).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", SIZE), hole())


def test_the_threshold_is_mid_grey(tmp_path: Path) -> None:
    Image.fromarray(np.arange(256, dtype=np.uint8)[None]).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", (256, 1))[0], np.arange(256) >= 128)


def test_sixteen_bits_are_enough(tmp_path: Path, hole: Maker) -> None:
    cv2.imwrite(str(tmp_path / "m.png"), hole().astype(np.uint16) * 65535)
    assert np.array_equal(read_mask(tmp_path / "m.png", SIZE), hole())


def test_the_orientation_is_applied(tmp_path: Path, hole: Maker) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(hole().astype(np.uint8) * 255).save(tmp_path / "m.png", exif=exif)
    assert np.array_equal(read_mask(tmp_path / "m.png", SIZE[::-1]), np.rot90(hole(), -1))


def test_another_size_is_refused_with_both(tmp_path: Path, hole: Maker) -> None:
    Image.fromarray(hole()).save(tmp_path / "m.png")
    with pytest.raises(MaskError, match="128 x 96 pixels and the picture 96 x 128") as raised:
        read_mask(tmp_path / "m.png", (96, 128))
    assert raised.value.exit_code == 4


@pytest.mark.parametrize(("name", "sentence"), [("no.png", "no file"), ("", "folder"), ("t.png", "not a picture")])
def test_what_is_no_picture_is_refused(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "t.png").write_text("text")
    with pytest.raises(MaskError, match=sentence):
        read_mask(tmp_path / name, SIZE)


def test_empty_and_full_masks_are_refused(hole: Maker) -> None:
    with pytest.raises(MaskError, match="--invert"):
        check_mask(np.zeros((4, 4), bool))
    with pytest.raises(MaskError, match="whole picture"):
        check_mask(np.ones((4, 4), bool))
    assert check_mask(hole()) == ()
    assert "--invert" in check_mask(~hole())[0]


def brute_force(mask: np.ndarray, pixels: int) -> np.ndarray:
    rows, columns = np.nonzero(mask)
    there = np.stack(np.indices(mask.shape), -1)
    squares = [(there[..., 0] - r) ** 2 + (there[..., 1] - c) ** 2 for r, c in zip(rows, columns, strict=True)]
    return np.min(squares, 0) <= pixels**2 if squares else mask


@given(arrays(bool, (12, 9)), st.integers(0, 6))
def test_growing_is_round_and_exact(mask: np.ndarray, pixels: int) -> None:
    assert np.array_equal(grow(mask, pixels), brute_force(mask, pixels))


def test_a_hole_does_not_shrink() -> None:
    with pytest.raises(ValueError, match="negative"):
        grow(np.ones((2, 2), bool), -1)
