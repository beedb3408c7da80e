"""Pictures that cannot be read or written, and what of one cannot be kept: one sentence each."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from inpaint.core import ImageError, OutputError, Photo, read_image, write_image
from inpaint.core.images import memory_need
from inpaint.core.images.read_write import check_output

Maker = Callable[..., np.ndarray]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def broken(folder: Path, kind: str, picture: Maker) -> Path:
    """Write a file that must be refused."""
    path = folder / "in.png"
    array = picture(40, 56)
    if kind == "missing":
        return path
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("not a picture")
    elif kind in ("cut png", "cut jpeg"):
        Image.fromarray(array).save(path, kind.split()[1].upper())
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif kind == "gif":
        Image.fromarray(array).save(path, "GIF")
    elif kind == "apng":
        Image.fromarray(array).save(path, save_all=True, append_images=[Image.fromarray(array[::-1])])
    elif kind == "cmyk":
        Image.fromarray(array).convert("CMYK").save(path, "TIFF")
    return path


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("missing", "There is no file"),
        ("folder", "is a folder"),
        ("empty", "is not a picture"),
        ("text", "is not a picture"),
        ("cut png", "damaged or cut short"),
        ("cut jpeg", "damaged or cut short"),
        ("gif", "is a GIF file"),
        ("apng", "several pictures"),
        ("cmyk", "is a CMYK picture"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(tmp_path: Path, picture: Maker, kind: str, sentence: str) -> None:
    with pytest.raises(ImageError, match=sentence) as raised:
        read_image(broken(tmp_path, kind, picture))
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 3


def test_what_does_not_fit_into_memory_is_refused(
    tmp_path: Path, picture: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(picture(40, 56)).save(tmp_path / "in.png")
    tifffile.imwrite(tmp_path / "in.tif", picture(40, 56).astype(np.uint16), photometric="rgb")
    limit = Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(memory_need, "SMALL", 0)
    for suffix, bytes_per_pixel in ((".png", 3), (".tif", 6)):
        need = int(memory_need.TIMES * 40 * 56 * bytes_per_pixel)
        monkeypatch.setattr(memory_need, "available_memory", lambda need=need: need)
        read_image(tmp_path / f"in{suffix}")
        monkeypatch.setattr(memory_need, "available_memory", lambda need=need: need - 1)
        with pytest.raises(ImageError, match=r"megapixels.*cut it into parts"):
            read_image(tmp_path / f"in{suffix}")
        monkeypatch.setattr(memory_need, "available_memory", lambda: None)
        read_image(tmp_path / f"in{suffix}")
    assert limit == Image.MAX_IMAGE_PIXELS


@pytest.mark.slow
def test_film_of_large_format_can_be_opened(tmp_path: Path) -> None:
    Image.new("1", (20_000, 10_250)).save(tmp_path / "in.png")
    assert read_image(tmp_path / "in.png").size == (20_000, 10_250)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("out.gif", "has no suffix.*png"),
        ("out", "has no suffix"),
        ("out.jpg", "transparency.*png"),
        ("out.bmp", "transparency.*png"),
        ("no/out.png", "does not exist"),
        ("folder.png", "is a folder"),
    ],
)
def test_what_cannot_be_written_is_said_before_any_work(
    tmp_path: Path, picture: Maker, name: str, sentence: str
) -> None:
    (tmp_path / "folder.png").mkdir()
    photo = Photo(pixels=picture(8, 8), alpha=picture(8, 8)[..., 0])
    with pytest.raises(OutputError, match=sentence):
        check_output(photo, tmp_path / name)


def test_a_side_too_long_for_webp_is_refused(tmp_path: Path) -> None:
    photo = Photo(pixels=np.zeros((1, 16_384, 3), np.uint8))
    with pytest.raises(OutputError, match="16383"):
        write_image(photo, tmp_path / "out.webp")


def test_opaque_alpha_is_no_reason_to_refuse_a_jpeg(tmp_path: Path, picture: Maker) -> None:
    photo = Photo(pixels=picture(8, 8), alpha=np.full((8, 8), 255, np.uint8))
    write_image(photo, tmp_path / "out.jpg")
    assert read_image(tmp_path / "out.jpg").alpha is None


def test_what_a_format_cannot_keep_is_said(tmp_path: Path, picture: Maker) -> None:
    grey = bytearray(SRGB)
    grey[16:20] = b"GRAY"
    photo = Photo(pixels=picture(8, 8), icc=SRGB)
    assert "neither" in write_image(photo, tmp_path / "out.bmp")[0]
    assert "no grey" in write_image(replace(photo, grey=True, icc=bytes(grey)), tmp_path / "out.webp")[0]
    assert "too long" in write_image(replace(photo, exif=b"Exif\0\0" + bytes(70_000)), tmp_path / "out.jpg")[1]
