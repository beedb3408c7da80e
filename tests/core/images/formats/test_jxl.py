"""JPEG XL: read with all its bits, written without loss, and its head understood."""

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inpaint.core import ImageError, MaskError, OutputError, Photo, read_image, read_mask, write_image
from inpaint.core.batch.pool import _pixels
from inpaint.core.images.formats.jxl_header import JxlHeader, read_header
from inpaint.core.images.formats.png import read_chunks

Maker = Callable[..., np.ndarray]
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf title="caf\xc3\xa9"/></x:xmpmeta>'


def array_of(dtype: Any, channels: int) -> np.ndarray:
    white = {np.uint8: 255, np.uint16: 65_535}.get(dtype, 30.0)
    array = (np.random.default_rng(0).random((20, 28, channels)) * white).astype(dtype)
    if white == 30:
        array[0, 0] = -2
        array[..., 3:] = array[..., 3:].clip(0, 1)
    return array[..., 0] if channels == 1 else array


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pixels_come_back_to_the_bit(tmp_path: Path, dtype: Any, channels: int) -> None:
    if channels == 2 and dtype in (np.float16, np.float32):
        pytest.skip("grey floats with alpha are rare, and not worth a file here")
    array = array_of(dtype, channels)
    (tmp_path / "in.jxl").write_bytes(imagecodecs.jpegxl_encode(array, lossless=True))
    photo = read_image(tmp_path / "in.jxl")
    assert photo.pixels.dtype == dtype
    assert photo.notes == ()
    for cicp in (None, (1, 8), (1, 13), (12, 13), (9, 16), (9, 18), (12, 1)):
        chunks = ((b"cICP", bytes([*cicp, 0, 1])),) if cicp else ()
        assert write_image(replace(photo, png=chunks), tmp_path / "out.jxl") == ()
        data = (tmp_path / "out.jxl").read_bytes()
        after = imagecodecs.jpegxl_decode(data)
        assert after.dtype == dtype
        assert np.array_equal(after, array)
        said = read_header(data[data.index(b"\xff\x0a") :])
        assert said.cicp == ((1, (cicp or (1, 13))[1]) if channels < 3 else (cicp or (1, 13)))


@pytest.mark.parametrize("bits", [10, 12])
def test_other_depths_have_the_white_of_16_bits(tmp_path: Path, bits: int) -> None:
    array = np.random.default_rng(0).integers(0, 2**bits, (16, 24, 3)).astype(np.uint16)
    array[0, 0] = 2**bits - 1
    (tmp_path / "in.jxl").write_bytes(imagecodecs.jpegxl_encode(array, lossless=True, bitspersample=bits))
    photo = read_image(tmp_path / "in.jxl")
    assert photo.pixels.max() == 65_535
    assert np.array_equal(np.rint(photo.pixels * ((2**bits - 1) / 65_535)), array)


@pytest.mark.parametrize("deep", [False, True])
def test_exif_xmp_and_resolution_survive(tmp_path: Path, picture: Maker, deep: bool) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    pixels = picture(20, 28).astype(np.uint16 if deep else np.uint8)
    photo = Photo(pixels=pixels, exif=exif.tobytes(), xmp=XMP, dpi=(300, 150))
    assert write_image(photo, tmp_path / "out.jxl") == ()
    assert np.array_equal(imagecodecs.jpegxl_decode((tmp_path / "out.jxl").read_bytes()), pixels)
    again = read_image(tmp_path / "out.jxl")
    assert (again.xmp, again.dpi) == (XMP, (300, 150))
    assert again.exif is not None
    assert b"Maker" in again.exif
    write_image(again, tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as after:
        after.load()
        assert after.getexif()[0x010F] == "Maker"
        assert after.info["dpi"] == pytest.approx((300, 150), rel=1e-3)


def container(stream: bytes | bytearray, *boxes: tuple[bytes, bytes]) -> bytes:
    parts = [(b"JXL ", b"\r\n\x87\n"), (b"ftyp", b"jxl \0\0\0\0jxl "), *boxes, (b"jxlc", stream)]
    return b"".join(struct.pack(">I4s", len(content) + 8, kind) + content for kind, content in parts)


def test_packed_boxes_are_read_and_bombs_are_not(tmp_path: Path, picture: Maker) -> None:
    stream = imagecodecs.jpegxl_encode(picture(20, 28), lossless=True)
    packed = b"xml " + imagecodecs.brotli_encode(XMP)
    (tmp_path / "in.jxl").write_bytes(container(stream, (b"brob", packed)))
    assert read_image(tmp_path / "in.jxl").xmp == XMP
    bomb = b"xml " + imagecodecs.brotli_encode(bytes(17 * 2**20), level=1)
    (tmp_path / "in.jxl").write_bytes(container(stream, (b"brob", bomb)))
    photo = read_image(tmp_path / "in.jxl")
    assert photo.xmp is None
    assert "too long" in photo.notes[0]


def test_the_orientation_of_the_exif_is_not_applied_again(tmp_path: Path, picture: Maker) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    stream = imagecodecs.jpegxl_encode(picture(20, 28), lossless=True)
    (tmp_path / "in.jxl").write_bytes(container(stream, (b"Exif", bytes(4) + exif.tobytes()[6:])))
    photo = read_image(tmp_path / "in.jxl")
    assert np.array_equal(photo.pixels, picture(20, 28))
    back = Image.Exif()
    back.load(photo.exif or b"")
    assert dict(back) == {0x010F: "Maker"}


def test_what_jpeg_xl_cannot_hold_is_said(tmp_path: Path, picture: Maker) -> None:
    photo = Photo(pixels=picture(8, 8), icc=bytes(200), comment=b"hello", png=((b"cICP", b"\x05\x06\0\x01"),))
    notes = " ".join(write_image(photo, tmp_path / "out.jxl"))
    assert "colour profile" in notes
    assert "colour space" in notes
    assert "comment" in notes
    with pytest.raises(OutputError, match="64 bits"):
        write_image(Photo(pixels=np.zeros((4, 4, 3))), tmp_path / "out.jxl")


def test_files_that_are_no_photograph(tmp_path: Path, picture: Maker) -> None:
    frames = np.stack([picture(20, 28), picture(20, 28)[::-1]])
    (tmp_path / "in.jxl").write_bytes(imagecodecs.jpegxl_encode(frames, lossless=True))
    with pytest.raises(ImageError, match="several pictures"):
        read_image(tmp_path / "in.jxl")
    data = imagecodecs.jpegxl_encode(picture(20, 28), lossless=True)
    for end in (2, 8, len(data) // 2, len(data) - 3):
        (tmp_path / "in.jxl").write_bytes(data[:end])
        with pytest.raises(ImageError, match="damaged or cut short"):
            read_image(tmp_path / "in.jxl")
    (tmp_path / "in.jxl").write_bytes(data)
    with pytest.raises(MaskError, match="JPEG XL"):
        read_mask(tmp_path / "in.jxl", (28, 20))
    assert _pixels(tmp_path / "in.jxl") == 20 * 28


class Writer:
    """Bits of a head, the lowest of each byte first."""

    def __init__(self) -> None:
        self.value, self.count = 0, 0

    def put(self, *pairs: tuple[int, int]) -> "Writer":
        """Append numbers of so many bits."""
        for number, count in pairs:
            self.value |= number << self.count
            self.count += count
        return self

    def done(self) -> bytes:
        return b"\xff\x0a" + self.value.to_bytes(self.count // 8 + 1, "little") + bytes(64)


SIZE = ((1, 1), (1, 5), (0, 3), (2, 5))
"""16 high and 24 wide."""
PLAIN = ((0, 1), (0, 1), (0, 1), (0, 2), (0, 1), (0, 2), (0, 1))
"""Metadata of its own, no more of it, whole numbers, 8 bits, buffers of 32 bits, no further channels, no XYB."""
MULTIPLIED = (
    *((0, 1), (0, 1), (0, 1), (0, 2), (0, 1), (1, 2)),
    *((0, 1), (0, 2), (0, 1), (0, 2), (0, 2), (0, 2), (1, 1), (0, 1), (1, 1)),
)
"""One channel of transparency that the colours are multiplied by, of 8 bits and without a name."""


def enum(value: int) -> tuple[tuple[int, int], ...]:
    return ((value, 2),) if value < 2 else (((2, 2), (value - 2, 4)) if value < 18 else ((3, 2), (value - 18, 6)))


def colours(primaries: int, transfer: int, *, white: int = 1, space: int = 0) -> tuple[tuple[int, int], ...]:
    said = ((0, 1), (0, 1), *enum(space), *enum(white))
    said += enum(primaries) if space != 1 else ()
    return (*said, (0, 1), *enum(transfer), *enum(1))


@pytest.mark.parametrize(
    ("pairs", "wanted"),
    [
        ((*SIZE, (1, 1)), {}),
        ((*SIZE, *PLAIN, (1, 1)), {}),
        ((*SIZE, *PLAIN, *colours(11, 13)), {"cicp": (12, 13)}),
        ((*SIZE, *PLAIN, *colours(9, 16)), {"cicp": (9, 16)}),
        ((*SIZE, *PLAIN, *colours(9, 18)), {"cicp": (9, 18)}),
        ((*SIZE, *PLAIN, *colours(1, 8)), {"cicp": (1, 8)}),
        ((*SIZE, *PLAIN, *colours(1, 13, space=1)), {"cicp": (1, 13), "grey": True}),
        ((*SIZE, *PLAIN, *colours(11, 17, white=11)), {"cicp": None}),
        ((*SIZE, *PLAIN, (0, 1), (1, 1), *enum(0)), {"cicp": None, "has_icc": True}),
        ((*SIZE, (0, 1), (1, 1), (5, 3), (0, 2), (1, 1)), {"orientation": 6, "animated": True}),
        (
            (*SIZE, (0, 1), (1, 1), (7, 3), (1, 1), *SIZE, (0, 2), (0, 1), (2, 2), (0, 1), (0, 2), (0, 1), (1, 1)),
            {"orientation": 8, "bits": 12},
        ),
        ((*SIZE, (0, 1), (0, 1), (1, 1), (0, 2), (7, 4), (0, 1), (0, 2), (0, 1), (1, 1)), {"bits": 32, "floats": True}),
        ((*SIZE, (0, 1), (0, 1), (0, 1), (0, 2), (0, 1), (1, 2), (1, 1), (0, 1), (1, 1)), {"extra": [0]}),
        (
            (*SIZE, *MULTIPLIED),
            {"extra": [0], "premultiplied": True},
        ),
        (((0, 1), (1, 2), (15, 13), (5, 3), (1, 1)), {"height": 16, "width": 28}),
    ],
)
def test_heads(pairs: tuple[tuple[int, int], ...], wanted: dict[str, Any]) -> None:
    header = read_header(Writer().put(*pairs).done())
    if wanted.get("animated"):
        wanted = {**wanted, "cicp": (1, 13)}
    assert header == JxlHeader(**{"height": 16, "width": 24, **wanted})


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_no_head_is_too_odd(data: bytes) -> None:
    try:
        read_header(b"\xff\x0a" + data)
    except ValueError:
        return


def test_colours_in_numbers_reach_a_png(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture: Maker) -> None:
    """No encoder at hand writes them, so the pixels are those of another file."""
    pixels = picture(16, 24)
    monkeypatch.setattr(imagecodecs, "jpegxl_decode", lambda data: pixels)
    (tmp_path / "in.jxl").write_bytes(Writer().put(*SIZE, *PLAIN, *colours(11, 13)).done())
    write_image(read_image(tmp_path / "in.jxl"), tmp_path / "out.png")
    assert (b"cICP", b"\x0c\x0d\x00\x01") in read_chunks(tmp_path / "out.png")
    (tmp_path / "in.jxl").write_bytes(Writer().put(*SIZE, *PLAIN, *colours(11, 17, white=11)).done())
    assert "may look different" in read_image(tmp_path / "in.jxl").notes[0]
    (tmp_path / "in.jxl").write_bytes(Writer().put(*SIZE, *PLAIN, (0, 1), (1, 1), *enum(0)).done())
    with pytest.raises(ImageError, match="colour profile"):
        read_image(tmp_path / "in.jxl")
