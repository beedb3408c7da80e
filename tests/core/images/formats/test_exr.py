"""OpenEXR: its floats go into a TIFF as they are, and what it holds besides is told."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from inpaint.core import Engine, ImageError, fill, load_engine, read_image, write_image
from inpaint.core.images.read_write import filled_name

OpenEXR = pytest.importorskip("OpenEXR")


def write(path: Path, **channels: np.ndarray) -> None:
    OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}, channels).write(str(path))


def light(channels: int, dtype: Any = np.float32) -> np.ndarray:
    values = np.exp(np.random.default_rng(0).normal(0, 2, (40, 56, channels))) - 0.1
    return values.astype(dtype)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_floats_go_into_a_tiff_as_they_are(tmp_path: Path, tiny_model: Path, dtype: Any) -> None:
    pixels = light(3, dtype)
    write(tmp_path / "in.exr", RGB=pixels)
    photo = read_image(tmp_path / "in.exr")
    assert photo.notes == ()
    assert filled_name(tmp_path / "in.exr") == "in.filled.tif"
    hole = np.zeros((40, 56), bool)
    hole[10:16, 20:28] = True
    engine: Engine = load_engine(str(tiny_model), "cpu", 1)
    assert write_image(fill(photo, hole, engine), tmp_path / "out.tif") == ()
    after = tifffile.imread(tmp_path / "out.tif")
    assert after.dtype == dtype
    assert np.array_equal(after[~hole], pixels[~hole])
    assert write_image(photo, tmp_path / "out.jxl") == ()


def test_grey_and_opaque(tmp_path: Path) -> None:
    write(tmp_path / "grey.exr", Y=light(1)[..., 0])
    assert read_image(tmp_path / "grey.exr").grey
    write(tmp_path / "opaque.exr", RGBA=np.dstack([light(3), np.ones((40, 56), np.float32)]))
    assert read_image(tmp_path / "opaque.exr").alpha is not None


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    pixels = light(3)
    write(tmp_path / "in.exr", R=pixels[..., 0], G=pixels[..., 1], B=pixels[..., 2], Z=pixels[..., 0])
    (told,) = read_image(tmp_path / "in.exr").notes
    assert "more channels (Z)" in told


def test_what_cannot_be_kept_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in.exr"
    write(path, RGBA=light(4).clip(0, 0.5))
    with pytest.raises(ImageError, match="premultiplied"):
        read_image(path)
    write(path, Z=light(1)[..., 0])
    with pytest.raises(ImageError, match="no plain RGB"):
        read_image(path)
    write(path, RGB=light(3))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match="damaged or cut short"):
        read_image(path)
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    with pytest.raises(ImageError, match=r"\.\[exr\]"):
        read_image(path)
