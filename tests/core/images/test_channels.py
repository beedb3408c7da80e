"""One reader for masks, label maps and training pictures: what a file holds comes back as its numbers."""

import io
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inpaint.core import MaskError, read_image, read_mask
from inpaint.core.images.channels import decode_channels, read_channels
from inpaint.core.images.rgb8 import decode_rgb8

Maker = Callable[..., np.ndarray]
HOLE = np.zeros((8, 8), bool)
HOLE[2:4, 3:6] = True


def tiff(array: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


MASKS = {
    "white is zero, 16 bits": lambda: tiff((~HOLE).astype(np.uint16) * 65_535, photometric="miniswhite"),
    "white is zero, 8 bits": lambda: tiff((~HOLE).astype(np.uint8) * 255, photometric="miniswhite"),
    "white is zero, 1 bit": lambda: tiff(~HOLE, photometric="miniswhite"),
    "by channel": lambda: tiff(np.stack([HOLE * np.uint16(65_535)] * 3), photometric="rgb", planarconfig="separate"),
    "float16": lambda: tiff(HOLE.astype(np.float16)),
    "float64": lambda: tiff(HOLE.astype(np.float64)),
    "floats in colour": lambda: tiff(np.dstack([HOLE] * 3).astype(np.float32), photometric="rgb"),
    "32 bits": lambda: tiff(HOLE.astype(np.uint32) * 7),
    "palette": lambda: tiff(
        HOLE.astype(np.uint8), photometric="palette", colormap=np.array([[0, *[65_535] * 255]] * 3, np.uint16)
    ),
    "big endian": lambda: tiff(HOLE * np.uint16(65_535), byteorder=">"),
}


@pytest.mark.parametrize("kind", MASKS)
def test_masks_are_read_as_photographs_are(tmp_path: Path, kind: str) -> None:
    (tmp_path / "m.tif").write_bytes(MASKS[kind]())
    mask, notes = read_mask(tmp_path / "m.tif", (8, 8))
    assert np.array_equal(mask, HOLE)
    assert notes == ()


@given(
    st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from(["minisblack", "miniswhite", "rgb"]),
    st.booleans(),
    st.sampled_from([None, "zlib", "lzw"]),
    st.integers(0, 2**32 - 1),
)
@settings(deadline=None, max_examples=40)
def test_a_training_photograph_is_the_photograph(tmp_path_factory, dtype, kind, separate, compression, seed) -> None:
    shape = (5, 7, 3) if kind == "rgb" else (5, 7)
    array = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    separate = separate and kind == "rgb"
    stored = np.moveaxis(array, 2, 0) if separate else array
    encoded = tiff(
        stored, photometric=kind, planarconfig="separate" if separate else None, compression=compression, metadata=None
    )
    path = tmp_path_factory.mktemp("photo") / "a.tif"
    path.write_bytes(encoded)
    pixels = read_image(path).pixels
    small = np.asarray(decode_rgb8(encoded, "a", MaskError)).astype(float)
    assert np.abs(small - pixels / (np.iinfo(dtype).max / 255)).max() <= 0.5


def test_numbers_survive_where_libraries_scale_them() -> None:
    labels = (np.arange(16).reshape(4, 4) % 4).astype(np.uint8)
    buffer = io.BytesIO()
    picture = Image.fromarray(labels)
    picture.putpalette(bytes(range(48)))
    picture.save(buffer, "PNG", bits=2)
    assert np.array_equal(decode_channels(buffer.getvalue(), "a", MaskError).colours[..., 0], labels)
    deep = np.arange(48, dtype=np.uint16).reshape(4, 4, 3) * 1000
    assert np.array_equal(decode_channels(imagecodecs.png_encode(deep), "a", MaskError).colours, deep)


def scan(path: Path, *pages: tuple[np.ndarray, dict]) -> Path:
    with tifffile.TiffWriter(path) as file:
        for array, options in pages:
            file.write(array, metadata=None, **options)
    return path


def test_a_thumbnail_in_front_is_not_the_picture(tmp_path: Path, picture: Maker) -> None:
    large = picture(80, 120)
    for number, options in enumerate([{"subfiletype": 1}, {}]):
        path = scan(tmp_path / f"{number}.tif", (large[::4, ::4], options), (large, {"photometric": "rgb"}))
        photo = read_image(path)
        assert np.array_equal(photo.pixels, large)
        assert "smaller copy" in photo.notes[0]


def test_an_infrared_page_marked_as_reduced_is_none(tmp_path: Path, picture: Maker) -> None:
    colours, infrared = picture(40, 56), np.full((40, 56), 200, np.uint8)
    infrared[10:14, 20:26] = 20
    path = scan(tmp_path / "scan.tif", (colours, {"photometric": "rgb"}), (infrared, {"subfiletype": 1}))
    photo = read_image(path)
    assert np.array_equal(photo.pixels, colours)
    assert "--mask 'scan.tif#page=2' --invert" in photo.notes[0]
    mask, _ = read_mask(path, (56, 40), invert=True, page=2)
    assert np.array_equal(mask, infrared < 100)
    with pytest.raises(MaskError, match=r"2 pages, so there is no page 3.*scan\.tif#4"):
        read_mask(path, (56, 40), page=3)


def test_a_page_marked_as_reduced_but_as_large_is_another_picture(tmp_path: Path, picture: Maker) -> None:
    path = scan(tmp_path / "a.tif", (picture(40, 56), {}), (picture(40, 56, seed=1), {"subfiletype": 1}))
    with pytest.raises(Exception, match="several pictures"):
        read_image(path)


def test_a_channel_of_a_scan_is_named_by_its_number(tmp_path: Path, picture: Maker) -> None:
    infrared = np.full((40, 56), 52_000, np.uint16)
    infrared[10:14, 20:26] = 5_000
    array = np.dstack([picture(40, 56).astype(np.uint16) * 257, infrared])
    path = scan(tmp_path / "scan.tif", (array, {"photometric": "rgb", "extrasamples": ["unspecified"]}))
    mask, _ = read_mask(path, (56, 40), invert=True, channel=4)
    assert np.array_equal(mask, infrared < 10_000)
    with pytest.raises(MaskError, match=r"4 channels, so there is no channel 5.*#page=2"):
        read_mask(path, (56, 40), channel=5)
    assert read_channels(path, MaskError).extra is not None
