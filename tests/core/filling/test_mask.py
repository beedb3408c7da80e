import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from inpaint.core import MaskError, check_mask, grow, read_mask
from inpaint.core.filling import mask as mask_module
from inpaint.core.filling.mask import bounds

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
    read, notes = read_mask(tmp_path / "m.png", SIZE, invert)
    assert notes == ()
    assert read.dtype == np.bool_
    assert np.array_equal(read, mask ^ invert)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 0, 0)])
def test_one_colour_on_a_transparent_layer_is_hole(tmp_path: Path, hole: Maker, colour: tuple[int, int, int]) -> None:
    layer(hole(), colour, under=(9, 9, 9)).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", SIZE)[0], hole())


def test_black_and_white_on_a_transparent_layer_is_read_by_brightness(tmp_path: Path, hole: Maker) -> None:
    array = np.asarray(layer(hole(), (255, 255, 255), under=(255, 255, 255))).copy()
    array[:10] = (0, 0, 0, 255)
    Image.fromarray(array).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", SIZE)[0], hole())


def test_grey_is_soft_unless_a_threshold_is_given(tmp_path: Path) -> None:
    greys = np.arange(256, dtype=np.uint8)[None]
    Image.fromarray(greys).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", (256, 1))[0], greys)
    assert np.array_equal(read_mask(tmp_path / "m.png", (256, 1), invert=True)[0], 255 - greys)
    assert np.array_equal(read_mask(tmp_path / "m.png", (256, 1), threshold=200)[0], greys >= 200)
    assert np.array_equal(read_mask(tmp_path / "m.png", (256, 1), True, threshold=200)[0], greys < 200)


@pytest.mark.parametrize("bright", [1, 38, 128, 255])
@pytest.mark.parametrize("invert", [False, True])
def test_of_two_values_the_brighter_is_hole(tmp_path: Path, hole: Maker, bright: int, invert: bool) -> None:
    Image.fromarray(hole().astype(np.uint8) * np.uint8(bright)).save(tmp_path / "m.png")
    read, notes = read_mask(tmp_path / "m.png", SIZE, invert)
    assert read.dtype == np.bool_
    assert np.array_equal(read, hole() ^ invert)
    assert notes == ()


def test_a_mask_without_white_is_noted(tmp_path: Path) -> None:
    Image.fromarray(np.arange(100, dtype=np.uint8)[None]).save(tmp_path / "m.png")
    read, notes = read_mask(tmp_path / "m.png", (100, 1))
    assert np.array_equal(read[0], np.arange(100))
    assert "Only 0% of what is marked in m.png is marked for certain" in notes[0]
    assert "--threshold 50" in notes[0]
    assert read_mask(tmp_path / "m.png", (100, 1), threshold=50)[1] == ()
    soft, notes = read_mask(tmp_path / "m.png", (100, 1), soft=True)
    assert np.array_equal(soft[0], np.arange(100))
    assert notes == ()


def test_a_threshold_that_parts_nothing_names_a_better_one(tmp_path: Path) -> None:
    Image.fromarray(np.arange(100, dtype=np.uint8)[None]).save(tmp_path / "m.png")
    with pytest.raises(MaskError, match=r"as bright as --threshold 200: its greys go from 0 to 99 .* --threshold 50"):
        read_mask(tmp_path / "m.png", (100, 1), threshold=200)
    Image.fromarray(np.arange(50, 100, dtype=np.uint8)[None]).save(tmp_path / "m.png")
    with pytest.raises(MaskError, match="below --threshold 20"):
        read_mask(tmp_path / "m.png", (50, 1), invert=True, threshold=20)


def test_the_noise_of_a_jpeg_is_no_hole(tmp_path: Path, hole: Maker) -> None:
    Image.fromarray(hole().astype(np.uint8) * 255).save(tmp_path / "m.jpg", quality=60)
    read, notes = read_mask(tmp_path / "m.jpg", SIZE)
    assert np.array_equal(read, hole())
    assert "split at mid-grey" in notes[0]


@pytest.mark.parametrize(("dtype", "white"), [(np.uint16, 65_535), (np.float32, 1.0), (np.float32, 255.0)])
def test_deep_masks_stay_soft(tmp_path: Path, dtype: type, white: float) -> None:
    shares = np.linspace(0, 1, 101)
    Image.fromarray((shares[None] * white).astype(dtype)).save(tmp_path / "m.tif")
    read, _ = read_mask(tmp_path / "m.tif", (101, 1))
    assert read.dtype == np.uint8
    assert np.abs(read[0] / 255 - shares).max() < 0.003
    assert (read[0, 1:] > 0).all()


def test_a_float_mask_with_holes_in_its_numbers_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, np.nan, 1]], np.float32)).save(tmp_path / "m.tif")
    with pytest.raises(MaskError, match="not numbers"):
        read_mask(tmp_path / "m.tif", (3, 1))


def test_sixteen_bits_are_enough(tmp_path: Path, hole: Maker) -> None:
    cv2.imwrite(str(tmp_path / "m.png"), hole().astype(np.uint16) * 65535)
    assert np.array_equal(read_mask(tmp_path / "m.png", SIZE)[0], hole())


def test_the_orientation_is_applied(tmp_path: Path, hole: Maker) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(hole().astype(np.uint8) * 255).save(tmp_path / "m.png", exif=exif)
    assert np.array_equal(read_mask(tmp_path / "m.png", SIZE[::-1])[0], np.rot90(hole(), -1))


def test_another_size_is_refused_with_both(tmp_path: Path, hole: Maker) -> None:
    Image.fromarray(hole()).save(tmp_path / "m.png")
    with pytest.raises(MaskError, match="128 x 96 pixels and the picture 96 x 120") as raised:
        read_mask(tmp_path / "m.png", (96, 120))
    assert raised.value.exit_code == 4
    with pytest.raises(MaskError, match="the picture, upright, 96 x 128; turn the mask"):
        read_mask(tmp_path / "m.png", (96, 128))


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
    assert "(--invert)" in check_mask(~hole())[0]
    assert "leave --invert out" in check_mask(~hole(), inverted=True)[0]
    for mask in (np.zeros((4, 4), bool), np.ones((4, 4), bool)):
        with pytest.raises(MaskError, match="leave --invert out"):
            check_mask(mask, inverted=True)


def brute_force(mask: np.ndarray, pixels: int) -> np.ndarray:
    rows, columns = np.nonzero(mask)
    there = np.stack(np.indices(mask.shape), -1)
    squares = [(there[..., 0] - r) ** 2 + (there[..., 1] - c) ** 2 for r, c in zip(rows, columns, strict=True)]
    return np.min(squares, 0) <= pixels**2 if squares else mask


@given(arrays(bool, (12, 9)), st.integers(0, 6), st.sampled_from([1, 2, 5, 512]))
def test_growing_is_round_and_exact_in_bands_of_any_height(mask: np.ndarray, pixels: int, rows: int) -> None:
    with mock.patch.object(mask_module, "_ROWS_AT_ONCE", rows):
        assert np.array_equal(grow(mask, pixels), brute_force(mask, pixels))


def test_the_box_around_a_hole(hole: Maker) -> None:
    assert bounds(hole()) == (slice(30, 54), slice(40, 72))
    assert bounds(hole(96, 128, 0, 2, 96, 5), 4) == (slice(0, 100), slice(0, 9))
    assert bounds(np.zeros((4, 4), bool)) is None


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_soft_edge_stays_soft_when_it_grows(dtype: type) -> None:
    ramp = np.tile(np.array([0] * 12 + [50, 150, 250] + [255] * 12).astype(dtype), (9, 1))
    grown = grow(ramp, 5)
    assert grown.dtype == dtype
    assert np.array_equal(grown[:, :-5], ramp[:, 5:])


def test_a_hole_does_not_shrink() -> None:
    with pytest.raises(ValueError, match="negative"):
        grow(np.ones((2, 2), bool), -1)


def test_a_mask_in_heif_without_the_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mask.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(64))
    monkeypatch.setitem(sys.modules, "pillow_heif.as_plugin", None)
    with pytest.raises(MaskError, match=r"\.\[heif\]"):
        read_mask(tmp_path / "mask.heic", SIZE)
