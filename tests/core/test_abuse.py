"""Whatever is in a file: a photograph or one sentence, in bounded memory, and the file stays as it was."""

import functools
import io
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from inpaint.core import ImageError, MaskError, Photo, read_image, read_mask
from inpaint.core.images import memory_need
from inpaint.core.images.numbers import check_numbers

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_pillow(array: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    extra = {} if kind == "BMP" else {"exif": exif, "icc_profile": SRGB}
    Image.fromarray(array).save(file, kind, **extra, **options)
    return file.getvalue()


def with_tifffile(array: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    kind = "rgb" if array.ndim == 3 else "minisblack"
    tifffile.imwrite(file, array, photometric=kind, metadata=None, iccprofile=SRGB, **options)  # type: ignore[arg-type]
    return file.getvalue()


def with_heif(array: np.ndarray) -> bytes:
    import pillow_heif

    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(array)).save(file)
    return file.getvalue()


@functools.cache
def valid_files() -> dict[str, bytes]:
    """Return one small file of every kind that is read."""
    array = np.random.default_rng(0).integers(0, 255, (40, 56, 3)).astype(np.uint8)
    array[::2] = array[::2] // 2 + 60
    deep = array.astype(np.uint16) * 257
    files = {
        "jpeg": with_pillow(array, "JPEG", dpi=(300, 300), comment="c"),
        "progressive": with_pillow(array, "JPEG", progressive=True),
        "grey": with_pillow(array[..., 0], "PNG"),
        "png": with_pillow(array, "PNG", dpi=(300, 300)),
        "deep": imagecodecs.png_encode(deep),
        "webp": with_pillow(array, "WEBP", lossless=True),
        "bmp": with_pillow(array, "BMP"),
        "avif": with_pillow(array, "AVIF"),
        "tiff": with_tifffile(array),
        "tiff16": with_tifffile(deep, compression="lzw", predictor=True),
        "tiff32": with_tifffile(array[..., 0] / np.float32(255), compression="zlib", tile=(16, 16)),
        "old tiff": with_pillow(array, "TIFF", compression="jpeg"),
    }
    if find_spec("pillow_heif"):
        files["heif"] = with_heif(array)
    palette = io.BytesIO()
    Image.fromarray(array).quantize(16).save(palette, "PNG", transparency=3)
    return files | {"palette": palette.getvalue()}


KINDS = sorted(valid_files())


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid file with bytes changed, cut out, doubled or cut off; mostly near its start, where the structure is."""
    data = bytearray(valid_files()[draw(st.sampled_from(KINDS))])
    for _ in range(draw(st.integers(1, 6))):
        reach = draw(st.sampled_from([64, 400, len(data)]))
        at = draw(st.integers(0, max(0, min(reach, len(data)) - 1)))
        length = draw(st.integers(1, 40))
        how = draw(st.sampled_from(["change", "change", "change", "remove", "double", "cut", "large"]))
        if how == "change":
            data[at : at + 1] = draw(st.binary(min_size=1, max_size=4))
        elif how == "large":
            data[at : at + 4] = draw(
                st.sampled_from([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\1\0\0"])
            )
        elif how == "remove":
            del data[at : at + length]
        elif how == "double":
            data[at:at] = data[at : at + length]
        else:
            del data[at + 1 :]
        if not data:
            break
    return bytes(data)


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_files_are_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "x").write_bytes(valid_files()[kind])
    assert set(read_image(tmp_path / "x").size) == {40, 56}


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=damaged())
def test_a_damaged_file_is_a_photograph_or_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with suppress(ImageError):
            check(read_image(path))
        with suppress(MaskError):
            assert read_mask(path, (56, 40))[0].shape == (40, 56)
    assert path.read_bytes() == data
    assert capsys.readouterr() == ("", "")  # libtiff may still say something below Python


def check(photo: Photo) -> None:
    """Check what a `Photo` promises."""
    assert photo.pixels.ndim == 3
    assert photo.pixels.shape[2] == 3
    assert photo.pixels.flags.c_contiguous
    assert photo.pixels.flags.writeable
    assert photo.pixels.dtype.kind in "uf"
    assert np.isfinite(photo.pixels).all()
    if photo.alpha is not None:
        assert (photo.alpha.shape, photo.alpha.dtype) == (photo.pixels.shape[:2], photo.pixels.dtype)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9])
def test_a_file_cut_short_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    data = valid_files()[kind]
    (tmp_path / "x").write_bytes(data[: int(len(data) * share)])
    try:
        said = " ".join(read_image(tmp_path / "x").notes)  # only what stands behind the pixels is cut off
    except ImageError as error:
        said = str(error)
    assert "damaged" in said or "is not a picture" in said


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "txt"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_suffix_does_not_matter(tmp_path: Path, kind: str, suffix: str) -> None:
    (tmp_path / f"x.{suffix}").write_bytes(valid_files()[kind])
    assert set(read_image(tmp_path / f"x.{suffix}").size) == {40, 56}


def png_of(width: int, height: int, depth: int, colour: int) -> bytes:
    """Return a PNG that says it is large, with next to nothing in it."""
    chunks = [
        (b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([depth, colour, 0, 0, 0])),
        (b"IDAT", zlib.compress(bytes(1000))),
        (b"IEND", b""),
    ]
    body = b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big") for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(("depth", "colour"), [(8, 2), (16, 2), (16, 4), (1, 0)])
def test_a_decompression_bomb_is_refused_by_its_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, depth: int, colour: int
) -> None:
    monkeypatch.setattr(memory_need, "available_memory", lambda: 2**32)
    (tmp_path / "x.png").write_bytes(png_of(60_000, 60_000, depth, colour))
    with pytest.raises(ImageError, match="3600 megapixels"):
        read_image(tmp_path / "x.png")
    with pytest.raises(MaskError, match="3600 megapixels"):
        read_mask(tmp_path / "x.png", (60_000, 60_000))


def test_a_tiff_bomb_is_refused_by_its_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_need, "available_memory", lambda: 2**32)
    data = bytearray(with_tifffile(np.zeros((40, 56, 3), np.uint16)))
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        page = tiff.pages[0]
        assert isinstance(page, tifffile.TiffPage)
        places = [page.tags[code].valueoffset for code in (256, 257)]
    for place in places:
        data[place : place + 4] = (60_000).to_bytes(4, "little")
    (tmp_path / "x.tif").write_bytes(data)
    with pytest.raises(ImageError, match=r"megapixels|not a picture|damaged"):
        read_image(tmp_path / "x.tif")


def test_a_profile_that_unpacks_to_gigabytes_does_no_harm(tmp_path: Path, picture: Callable[..., np.ndarray]) -> None:
    data = imagecodecs.png_encode(picture(40, 56))
    content = b"ICC\0\0" + zlib.compress(bytes(200_000_000), 9)
    bomb = len(content).to_bytes(4, "big") + b"iCCP" + content + zlib.crc32(b"iCCP" + content).to_bytes(4, "big")
    (tmp_path / "x.png").write_bytes(data[:33] + bomb + data[33:])
    try:
        photo = read_image(tmp_path / "x.png")
    except ImageError:
        return
    assert photo.icc is None or len(photo.icc) < 70_000_000


@pytest.mark.parametrize(("value", "words"), [(np.nan, "NaN"), (np.inf, "infinite"), (255, r"white is 1\.0")])
def test_floats_that_are_no_picture_are_told(tmp_path: Path, value: float, words: str) -> None:
    array = np.full((20, 30, 3), 0.5 if not np.isfinite(value) else value, np.float32)
    array[3, 4, 1] = value
    tifffile.imwrite(tmp_path / "x.tif", array, photometric="rgb")
    photo = read_image(tmp_path / "x.tif")
    assert len(photo.notes) == (not np.isfinite(value))
    assert all("(1, the first in column 4 of row 3)" in note for note in photo.notes)
    with pytest.raises(ImageError, match=words):
        check_numbers(photo.pixels, "x.tif")
