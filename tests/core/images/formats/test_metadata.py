import itertools
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from inpaint.core import read_image, write_image
from inpaint.core.images.formats.metadata import clean_dpi, clean_xmp, upright

Maker = Callable[..., np.ndarray]
FORMATS = (".jpg", ".png", ".tif", ".webp")
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description dc:creator="caf\xc3\xa9"/></x:xmpmeta>'


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 3)])
def test_turning_is_what_pillow_does(orientation: int, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    picture = Image.fromarray(array)
    picture.getexif()[0x0112] = orientation
    from PIL import ImageOps

    assert np.array_equal(upright(array, orientation), np.asarray(ImageOps.exif_transpose(picture)))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (b'<a tiff:Orientation="6" b="6"/>', b'<a tiff:Orientation="1" b="6"/>'),
        (b"<tiff:Orientation>8</tiff:Orientation>", b"<tiff:Orientation>1</tiff:Orientation>"),
        (b"<a tiff:Orientation = '3'/>\0\0", b"<a tiff:Orientation = '1'/>"),
        (b"<a><xmp:Thumbnails>\n<rdf:Alt>/9j/</rdf:Alt>\n</xmp:Thumbnails ><b/></a>", b"<a><b/></a>"),
        (b"<xap:Thumbnails a='b'>1</xap:Thumbnails><xmp:Rating>5</xmp:Rating>", b"<xmp:Rating>5</xmp:Rating>"),
        (b"<xmp:Thumbnails/><xmp:Rating>5</xmp:Rating>", b"<xmp:Thumbnails/><xmp:Rating>5</xmp:Rating>"),
        ("caf\u00e9", b"caf\xc3\xa9"),
        (tuple(b"abc"), b"abc"),
        (b"\0\0", None),
        (None, None),
        (7, None),
    ],
)
def test_xmp_says_upright_and_shows_nothing(given: object, wanted: bytes | None) -> None:
    assert clean_xmp(given) == wanted


@pytest.mark.parametrize("given", [None, (0, 72), (72,), (float("nan"), 72), (1e9, 72), ("x", "y"), 72])
def test_a_resolution_without_sense_is_none(given: object) -> None:
    assert clean_dpi(given, 1) is None


def test_a_turned_resolution_is_swapped() -> None:
    assert clean_dpi((100, 200), 3) == (100, 200)
    assert clean_dpi((100, 200), 6) == (200, 100)


def saved_with(exif: Image.Exif, path: Path, array: np.ndarray) -> None:
    """Write a picture that says only what is in its EXIF."""
    if path.suffix == ".heic":
        heif = pytest.importorskip("pillow_heif")
        heif.from_pillow(Image.fromarray(array)).save(path, exif=exif.tobytes())
    else:
        Image.fromarray(array).save(path, exif=exif.tobytes())


@pytest.mark.parametrize("target", [*FORMATS, ".bmp"])
@pytest.mark.parametrize("unit", [2, 3, None])
@pytest.mark.parametrize("source", [".webp", ".avif", ".heic", ".png"])
def test_a_resolution_that_only_the_exif_says_survives(
    tmp_path: Path, picture: Maker, source: str, unit: int | None, target: str
) -> None:
    exif = Image.Exif()
    exif[282], exif[283] = 300.0, 150.0
    if source != ".heic":  # whose decoder turns the pixels itself
        exif[0x0112], exif[282], exif[283] = 6, 150.0, 300.0
    if unit:
        exif[296] = unit
    saved_with(exif, tmp_path / f"in{source}", picture(40, 56))
    photo = read_image(tmp_path / f"in{source}")
    factor = 2.54 if unit == 3 else 1
    assert photo.dpi == pytest.approx((300 * factor, 150 * factor))
    assert "hold" not in str(write_image(photo, tmp_path / f"out{target}"))
    assert read_image(tmp_path / f"out{target}").dpi == pytest.approx(photo.dpi, rel=1e-3)


@pytest.mark.parametrize(("tag", "value"), [(296, 1), (296, 7), (282, 0.0), (283, None)])
def test_a_resolution_without_sense_in_exif_is_none(
    tmp_path: Path, picture: Maker, tag: int, value: float | None
) -> None:
    exif = Image.Exif()
    exif[282], exif[283], exif[296] = 300.0, 150.0, 2
    if value is None:
        del exif[tag]
    else:
        exif[tag] = value
    saved_with(exif, tmp_path / "in.webp", picture(40, 56))
    assert read_image(tmp_path / "in.webp").dpi is None


def test_the_exif_of_16_bits_says_the_resolution_as_that_of_8_does(tmp_path: Path, picture: Maker) -> None:
    exif = Image.Exif()
    exif[282], exif[283] = 300.0, 150.0
    data = imagecodecs.png_encode(picture(40, 56).astype(np.uint16))
    said = exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(said)) + b"eXIf" + said + struct.pack(">I", zlib.crc32(b"eXIf" + said))
    (tmp_path / "in.png").write_bytes(data[:33] + chunk + data[33:])
    assert read_image(tmp_path / "in.png").dpi == (300, 150)


def test_a_resolution_joins_what_a_webp_says_already(tmp_path: Path, picture: Maker) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2024:01:02 03:04:05"
    Image.fromarray(picture(40, 56)).save(tmp_path / "in.png", exif=exif, dpi=(300, 150))
    assert write_image(read_image(tmp_path / "in.png"), tmp_path / "out.webp") == ()
    with Image.open(tmp_path / "out.webp") as after:
        said = after.getexif()
        assert (said[0x010F], said[296]) == ("Maker", 2)
        assert (said[282], said[283]) == pytest.approx((300, 150), rel=1e-3)
        assert said.get_ifd(0x8769)[0x9003] == "2024:01:02 03:04:05"


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_letters_beyond_ascii_in_exif_survive(
    tmp_path: Path, picture: Maker, source: str, target: str, encoding: str
) -> None:
    """Pillow reads them as Latin-1 and writes question marks."""
    said = {0x013B: "Ren\xe9".encode(encoding), 0x8298: "\xa9 M\xfcller".encode(encoding)}
    if source == ".tif":
        tags = [(tag, 2, None, text, True) for tag, text in said.items()]
        tifffile.imwrite(tmp_path / "in.tif", picture(40, 56), metadata=None, extratags=tags)
    else:
        exif = Image.Exif()
        exif.update(said)
        exif.get_ifd(0x8769)[0xA430] = "owner"
        data = exif.tobytes().replace(b"owner", b"\xd8wner")  # a tag whose type Pillow does not know
        Image.fromarray(picture(40, 56)).save(tmp_path / f"in{source}", exif=data, dpi=(300, 300))
    photo = read_image(tmp_path / f"in{source}")
    write_image(photo, tmp_path / f"out{target}")
    with Image.open(tmp_path / f"out{target}") as after:
        exif = after.getexif()
        assert {tag: exif[tag].encode("latin-1") for tag in said} == said
        assert source == ".tif" or exif.get_ifd(0x8769)[0xA430] == "\xd8wner"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", FORMATS)
def test_the_size_in_the_exif_is_turned_along(tmp_path: Path, picture: Maker, suffix: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8769).update({0xA002: 56, 0xA003: 40, 0x9003: "2024:01:02 03:04:05"})
    saved_with(exif, tmp_path / f"in{suffix}", picture(40, 56))
    photo = read_image(tmp_path / f"in{suffix}")
    write_image(photo, tmp_path / f"out{suffix}")
    with Image.open(tmp_path / f"out{suffix}") as after:
        said = after.getexif().get_ifd(0x8769)
        assert (said[0xA002], said[0xA003]) == after.size == photo.size
        assert said[0x9003] == "2024:01:02 03:04:05"


def test_turning_adds_nothing_to_exif(tmp_path: Path, picture: Maker) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    saved_with(exif, tmp_path / "in.jpg", picture(40, 56))
    assert read_image(tmp_path / "in.jpg").exif is None


@pytest.mark.parametrize(("source", "target"), list(itertools.product((*FORMATS, ".avif"), FORMATS)))
def test_xmp_survives_from_every_format_to_every_other(
    tmp_path: Path, picture: Maker, source: str, target: str
) -> None:
    if source == ".png":
        from PIL import PngImagePlugin

        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        Image.fromarray(picture(40, 56)).save(tmp_path / f"in{source}", pnginfo=info)
    elif source == ".tif":
        Image.fromarray(picture(40, 56)).save(tmp_path / f"in{source}", tiffinfo={700: XMP})
    else:
        Image.fromarray(picture(40, 56)).save(tmp_path / f"in{source}", xmp=XMP)
    photo = read_image(tmp_path / f"in{source}")
    assert photo.xmp == XMP
    write_image(photo, tmp_path / f"out{target}")
    with Image.open(tmp_path / f"out{target}") as after:
        after.load()
        assert after.info["xmp"] == XMP


def test_what_the_codecs_warn_about_is_not_printed(tmp_path: Path, picture: Maker) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(picture(40, 56)[..., 0].astype(np.uint16)).save(tmp_path / "in.png", icc_profile=profile)
    script = f"from inpaint.core import read_image; read_image({str(tmp_path / 'in.png')!r})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
