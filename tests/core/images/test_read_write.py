import io
import struct
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from inpaint.core import ImageError, Photo, read_image, write_image

Maker = Callable[..., np.ndarray]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(path: Path, mode: str, picture: Maker, **options: object) -> Image.Image:
    """Write a picture of a Pillow mode to `path` and return it as Pillow reads it back."""
    array = picture(40, 56)
    alpha = Image.fromarray(array[..., 0])
    image = Image.fromarray(array).convert(mode.removesuffix("A").replace("P", "RGB") or "RGB")
    if mode.endswith("A"):
        image.putalpha(alpha)
    if mode == "P":
        image = image.quantize(32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about damaged EXIF
        image.save(path, **options)
        with Image.open(path) as back:
            back.load()
            return back


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".bmp"])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_pixels_come_back_to_the_bit(tmp_path: Path, picture: Maker, suffix: str, mode: str) -> None:
    if suffix == ".bmp" and mode.endswith("A"):
        pytest.skip("BMP files hold no transparency")
    options = {"lossless": True, "exact": True} if suffix == ".webp" else {}
    before = saved(tmp_path / f"in{suffix}", mode, picture, **options)
    write_image(read_image(tmp_path / f"in{suffix}"), tmp_path / f"out{suffix}")
    with Image.open(tmp_path / f"out{suffix}") as after:
        assert after.mode == before.mode
        assert np.array_equal(np.asarray(after), np.asarray(before))


@pytest.mark.parametrize(("mode", "wanted"), [("P", "RGB"), ("1", "L")])
def test_palettes_and_bitmaps_become_full_pictures(tmp_path: Path, picture: Maker, mode: str, wanted: str) -> None:
    before = saved(tmp_path / "in.png", mode, picture)
    photo = read_image(tmp_path / "in.png")
    assert len(photo.notes) == 1
    write_image(photo, tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as after:
        assert after.mode == wanted
        assert np.array_equal(np.asarray(after), np.asarray(before.convert(wanted)))


@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_a_transparent_colour_becomes_alpha(tmp_path: Path, picture: Maker, mode: str) -> None:
    colour = {"L": 128, "RGB": tuple(int(v) for v in picture(40, 56)[3, 4]), "P": 5}[mode]
    before = saved(tmp_path / "in.png", mode, picture, transparency=colour)
    photo = read_image(tmp_path / "in.png")
    wanted = np.asarray(before.convert("RGBA"))
    assert photo.alpha is not None
    assert np.array_equal(photo.pixels, wanted[..., :3])
    assert np.array_equal(photo.alpha, wanted[..., 3])
    assert photo.alpha.min() == 0


def test_grey_survives_in_all_its_values() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    back = cv2.cvtColor(np.repeat(grey[..., None], 3, -1), cv2.COLOR_RGB2GRAY)
    assert np.array_equal(back, grey)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_the_orientation_is_applied_and_removed(tmp_path: Path, picture: Maker, suffix: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Maker"
    path = tmp_path / f"in{suffix}"
    saved(path, "RGB", picture, exif=exif, dpi=(100, 200))
    photo = read_image(path)
    assert photo.size == ((40, 56) if orientation >= 5 else (56, 40))
    if suffix != ".webp":
        assert photo.dpi == pytest.approx((200, 100) if orientation >= 5 else (100, 200), rel=1e-3)
    write_image(photo, tmp_path / f"out{suffix}")
    with Image.open(tmp_path / f"out{suffix}") as after:
        assert after.size == photo.size
        assert after.getexif().get(0x0112, 1) == 1
        assert after.getexif()[0x010F] == "Maker"


@pytest.mark.parametrize("target", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("source", [".png", ".jpg", ".webp", ".tif"])
def test_profile_exif_and_resolution_survive(tmp_path: Path, picture: Maker, source: str, target: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2024:01:02 03:04:05"
    exif.get_ifd(0x8825)[1] = "N"
    saved(tmp_path / f"in{source}", "RGB", picture, exif=exif.tobytes(), dpi=(300, 300), icc_profile=SRGB)
    write_image(read_image(tmp_path / f"in{source}"), tmp_path / f"out{target}")
    with Image.open(tmp_path / f"out{target}") as after:
        after.load()
        assert after.info["icc_profile"] == SRGB
        assert after.getexif()[0x010F] == "Maker"
        assert after.getexif().get_ifd(0x8769)[0x9003] == "2024:01:02 03:04:05"
        assert after.getexif().get_ifd(0x8825)[1] == "N"
        if ".webp" not in (source, target):
            assert float(after.info["dpi"][0]) == pytest.approx(300, abs=0.1)


def test_the_thumbnail_of_the_old_picture_is_dropped(tmp_path: Path, picture: Maker) -> None:
    thumbnail = io.BytesIO()
    Image.fromarray(picture(16, 16)).save(thumbnail, "JPEG")
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    # IFD0 with its one tag, then IFD1 that points at the thumbnail behind it.
    body = bytearray(exif.tobytes())
    ifd1 = len(body) - 6
    count = int.from_bytes(body[14:16], "big")
    link = 16 + 12 * count
    body[link : link + 4] = ifd1.to_bytes(4, "big")
    data = thumbnail.getvalue()
    body += (2).to_bytes(2, "big")
    for tag, value in ((0x0201, ifd1 + 2 + 24 + 4), (0x0202, len(data))):
        body += tag.to_bytes(2, "big") + (4).to_bytes(2, "big") + (1).to_bytes(4, "big")
        body += value.to_bytes(4, "big")
    body += bytes(4) + data
    saved(tmp_path / "in.jpg", "RGB", picture, exif=bytes(body))
    assert data in (tmp_path / "in.jpg").read_bytes()
    photo = read_image(tmp_path / "in.jpg")
    assert photo.exif is not None
    assert b"Maker" in photo.exif
    assert data[-32:] not in photo.exif


def test_damaged_exif_is_no_reason_to_refuse(tmp_path: Path, picture: Maker) -> None:
    saved(tmp_path / "in.jpg", "RGB", picture, exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\x07" * 40)
    photo = read_image(tmp_path / "in.jpg")
    assert photo.size == (56, 40)
    write_image(photo, tmp_path / "out.jpg")


def test_a_jpeg_keeps_its_tables(tmp_path: Path, picture: Maker) -> None:
    before = saved(tmp_path / "in.jpg", "RGB", picture, quality=71, subsampling=1)
    notes = write_image(read_image(tmp_path / "in.jpg"), tmp_path / "out.jpg")
    assert any("JPEG changes every pixel" in note for note in notes)
    with Image.open(tmp_path / "out.jpg") as after:
        assert after.quantization == before.quantization
        assert after.layer == before.layer
    write_image(read_image(tmp_path / "in.jpg"), tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as after:
        assert np.array_equal(np.asarray(after), np.asarray(before))


def test_a_grey_jpeg_stays_grey(tmp_path: Path, picture: Maker) -> None:
    saved(tmp_path / "in.jpg", "L", picture, quality=80)
    write_image(read_image(tmp_path / "in.jpg"), tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as after:
        assert after.mode == "L"


def test_of_a_jpeg_with_more_behind_it_the_first_is_read(tmp_path: Path, picture: Maker) -> None:
    first, second = (Image.fromarray(picture(40, 56, seed)) for seed in (0, 1))
    first.save(tmp_path / "in.jpg", "MPO", save_all=True, append_images=[second], quality=90)
    photo = read_image(tmp_path / "in.jpg")
    assert photo.size == (56, 40)
    assert photo.jpeg is not None
    assert "behind the first" in photo.notes[0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_is_read_upright(tmp_path: Path, picture: Maker, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Maker"
    saved(tmp_path / "in.avif", "RGB", picture, exif=exif, icc_profile=SRGB, quality=100, subsampling="4:4:4")
    with Image.open(tmp_path / "in.avif") as plain:
        wanted = np.asarray(ImageOps.exif_transpose(plain).convert("RGB"))
    photo = read_image(tmp_path / "in.avif")
    assert np.array_equal(photo.pixels, wanted)
    assert photo.icc == SRGB
    assert photo.exif is not None
    assert b"Maker" in photo.exif


def test_heif_is_read_upright(tmp_path: Path, picture: Maker) -> None:
    heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    array = cv2.GaussianBlur(picture(40, 56), (0, 0), 3)
    heif.from_pillow(Image.fromarray(array)).save(tmp_path / "in.heic", quality=-1, exif=exif.tobytes())
    photo = read_image(tmp_path / "in.heic")
    assert np.abs(photo.pixels.astype(int) - np.rot90(array, -1)).mean() < 3
    assert photo.exif is not None
    assert b"Maker" in photo.exif
    back = Image.Exif()
    back.load(photo.exif)
    assert 0x0112 not in back


def test_without_the_extra_heif_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(64))
    monkeypatch.setitem(sys.modules, "pillow_heif.as_plugin", None)
    with pytest.raises(ImageError, match=r"\.\[heif\]"):
        read_image(tmp_path / "in.heic")


def test_a_pixel_of_another_file_is_refused(picture: Maker) -> None:
    photo = Photo(pixels=picture(4, 4))
    with pytest.raises(ValueError, match="wanted"):
        photo.with_pixels(picture(5, 4))


@pytest.mark.parametrize(("suffix", "dpi"), [(".jpg", None), (".jpg", (300, 300)), (".png", None), (".webp", None)])
def test_exif_without_a_header_is_no_reason_to_refuse(
    tmp_path: Path, picture: Maker, suffix: str, dpi: tuple[int, int] | None
) -> None:
    """With a resolution in its JFIF header, Pillow does not look at a JPEG's EXIF while it opens it."""
    options = {"dpi": dpi} if dpi else {}
    saved(tmp_path / f"in{suffix}", "RGB", picture, exif=b"Exif\0\0" + bytes(40), **options)
    photo = read_image(tmp_path / f"in{suffix}")
    assert any("EXIF data is damaged" in note for note in photo.notes)
    assert photo.exif is None
    write_image(photo, tmp_path / f"out{suffix}")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_damaged_exif_still_says_what_is_up(tmp_path: Path, picture: Maker, suffix: str) -> None:
    """A width in letters, which cannot be written again, beside an orientation of 6."""
    entries = struct.pack("<HHHI4sHHI4s", 2, 256, 2, 4, b"abc\0", 0x0112, 3, 1, b"\6\0\0\0")
    saved(tmp_path / f"in{suffix}", "RGB", picture, exif=b"Exif\0\0II*\0\x08\0\0\0" + entries + bytes(4))
    photo = read_image(tmp_path / f"in{suffix}")
    assert photo.size == (40, 56)
    assert any("EXIF data is damaged" in note for note in photo.notes)
