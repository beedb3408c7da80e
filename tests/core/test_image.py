import io
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from inpaint.core import ImageError, OutputError, Photo, read_image, write_image
from inpaint.core import decode as decode_module
from inpaint.core.image import check_output

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
    with pytest.raises(ImageError, match=r"inpaint\[heif\]"):
        read_image(tmp_path / "in.heic")


def test_a_pixel_of_another_file_is_refused(picture: Maker) -> None:
    photo = Photo(pixels=picture(4, 4))
    with pytest.raises(ValueError, match="wanted"):
        photo.with_pixels(picture(5, 4))


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
    elif kind == "deep avif":
        import imagecodecs

        path.write_bytes(imagecodecs.avif_encode(array.astype(np.uint16) * 4, bitspersample=10))
    elif kind == "deep heif":
        heif = pytest.importorskip("pillow_heif")
        heif.from_bytes("RGB;16", (56, 40), (array.astype(np.uint16) * 257).tobytes()).save(path)
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
        ("deep avif", "more than 8 bits"),
        ("deep heif", "more than 8 bits"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(tmp_path: Path, picture: Maker, kind: str, sentence: str) -> None:
    with pytest.raises(ImageError, match=sentence) as raised:
        read_image(broken(tmp_path, kind, picture))
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 3


def test_too_many_pixels_are_refused(tmp_path: Path, picture: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path / "in.png", "RGB", picture)
    limit = Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(decode_module, "MEGAPIXELS", 0.001)
    with pytest.raises(ImageError, match="megapixels"):
        read_image(tmp_path / "in.png")
    assert limit == Image.MAX_IMAGE_PIXELS


@pytest.mark.slow
def test_two_hundred_megapixels_can_be_opened(tmp_path: Path) -> None:
    Image.new("1", (20_000, 9_990)).save(tmp_path / "in.png")
    assert read_image(tmp_path / "in.png").size == (20_000, 9_990)


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
