import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import pyvips
from PIL import Image, ImageFile

from inpaint.core import Photo, filled_name, read_image, write_image
from inpaint.core.images.formats import raster

Maker = Callable[..., np.ndarray]


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_what_a_jpeg_shows_is_what_libvips_sees(
    tmp_path: Path, picture: Maker, subsampling: int, progressive: bool
) -> None:
    Image.fromarray(picture(90, 70)).save(tmp_path / "in.jpg", subsampling=subsampling, progressive=progressive)
    write_image(read_image(tmp_path / "in.jpg"), tmp_path / "out.png")
    seen = pyvips.Image.new_from_file(str(tmp_path / "in.jpg")).numpy()
    assert np.array_equal(imagecodecs.png_decode((tmp_path / "out.png").read_bytes()), seen)


def test_comment_caption_and_progression_of_a_jpeg_survive(tmp_path: Path, picture: Maker) -> None:
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0e\x1c\x02\x78\x00\x09a caption"
    segment = b"\xff\xed" + (len(iptc) + 2).to_bytes(2, "big") + iptc
    Image.fromarray(picture(40, 56)).save(tmp_path / "in.jpg", progressive=True, comment=b"hello", extra=segment)
    write_image(read_image(tmp_path / "in.jpg"), tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as after:
        assert after.info["comment"] == b"hello"
        assert after.info["progressive"]
        assert [data for marker, data in after.applist if marker == "APP13"] == [iptc]


@pytest.mark.parametrize("kind", [".jpg", ".webp", ".bmp"])
def test_16_bits_are_rounded_and_it_is_said(tmp_path: Path, picture: Maker, kind: str) -> None:
    wanted = picture(40, 56)
    noise = np.random.default_rng(0).integers(-128, 129, wanted.shape)
    deep = (wanted.astype(np.int64) * 257 + noise).clip(0, 65_535).astype(np.uint16)
    notes = write_image(Photo(pixels=deep), tmp_path / f"out{kind}")
    assert "8 bits per channel" in notes[0]
    if kind != ".jpg":
        assert np.array_equal(read_image(tmp_path / f"out{kind}").pixels, wanted)


def test_xmp_too_long_for_a_jpeg_is_said(tmp_path: Path, picture: Maker) -> None:
    photo = Photo(pixels=picture(8, 8), xmp=b"<" + b"x" * 70_000)
    assert "XMP" in write_image(photo, tmp_path / "out.jpg")[1]
    assert write_image(photo, tmp_path / "out.png") == ()
    assert read_image(tmp_path / "out.png").xmp == photo.xmp
    assert "neither" in write_image(replace(photo, xmp=b"<x/>"), tmp_path / "out.bmp")[0]


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("side", [16, 256])
def test_a_progressive_jpeg_of_noise_finds_room(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], side: int, grey: bool
) -> None:
    """Pillow counts on two bytes per pixel at most, and libjpeg prints where that is too little."""
    noise = (np.random.default_rng(0).integers(0, 2, (side, side, 3)) * 255).astype(np.uint8)
    noise = noise[..., 0] if grey else noise
    kept = ImageFile.MAXBLOCK
    Image.fromarray(noise).save(tmp_path / "baseline.jpg", quality=100, subsampling=0)
    with Image.open(tmp_path / "baseline.jpg") as tables:
        settings = {"qtables": list(tables.quantization.values()), "subsampling": 0, "progressive": True}
    pixels = noise if noise.ndim == 3 else np.dstack([noise] * 3)
    write_image(Photo(pixels=pixels, grey=grey, jpeg=settings, icc=bytes(1_500_000)), tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as after:
        assert after.info["progressive"]
        assert np.abs(np.asarray(after).astype(int) - noise).max() < 8
    assert kept == ImageFile.MAXBLOCK
    assert capfd.readouterr() == ("", "")


def test_a_bmp_of_16_bits_per_pixel_is_read(tmp_path: Path) -> None:
    """Five bits of red, six of green, five of blue."""
    head = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 70 + 8, 0, 0, 70, 40, 2, 2, 1, 16, 3, 8, 2835, 2835, 0, 0)
    masks = struct.pack("<IIII", 0xF800, 0x07E0, 0x001F, 0)
    (tmp_path / "in.bmp").write_bytes(head + masks + struct.pack("<4H", 0xF800, 0x07E0, 0x001F, 0xFFFF))
    wanted = [[(0, 0, 255), (255, 255, 255)], [(255, 0, 0), (0, 255, 0)]]
    photo = read_image(tmp_path / "in.bmp")
    assert photo.pixels.tolist() == [[list(pixel) for pixel in row] for row in wanted]
    write_image(photo, tmp_path / "out.bmp")
    assert np.array_equal(read_image(tmp_path / "out.bmp").pixels, photo.pixels)


@pytest.mark.parametrize("height", [1, 2, 3, 7])
def test_bands_join_without_a_seam(
    tmp_path: Path, picture: Maker, monkeypatch: pytest.MonkeyPatch, height: int
) -> None:
    monkeypatch.setattr(raster, "_ROWS_AT_ONCE", height)
    for mode in ("RGB", "RGBA", "L", "LA", "P", "1"):
        before = Image.fromarray(np.dstack([picture(7, 9), picture(7, 9)[..., 0]])).convert(mode)
        before.save(tmp_path / "in.png")
        photo = read_image(tmp_path / "in.png")
        assert np.array_equal(photo.pixels, np.asarray(before.convert("L" if mode == "1" else mode).convert("RGB")))


def test_the_result_of_a_tiff_is_a_tiff() -> None:
    names = ("a.tif", "b.TIFF", "c.jpg", "d.e.webp", "f")
    wanted = ["a.filled.tif", "b.filled.tif", "c.filled.png", "d.e.filled.png", "f.filled.png"]
    assert [filled_name(Path(name)) for name in names] == wanted
