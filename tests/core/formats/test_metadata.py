import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint.core import read_image, write_image
from inpaint.core.formats.metadata import clean_dpi, clean_xmp, upright

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
