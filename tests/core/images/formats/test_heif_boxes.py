"""AVIF and HEIF: colours in numbers, more than 8 bits, and auxiliary pictures."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inpaint.core import ImageError, read_image, write_image
from inpaint.core.images.formats.heif_boxes import HeifBoxes, read_boxes, to_chunk
from inpaint.core.images.formats.png import read_chunks

Maker = Callable[..., np.ndarray]


def box(kind: bytes, *content: bytes, full: bool = False, version: int = 0) -> bytes:
    data = (bytes([version, 0, 0, 0]) if full else b"") + b"".join(content)
    return struct.pack(">I4s", len(data) + 8, kind) + data


def heif_file(*auxiliary: bytes, types: tuple[bytes, ...] = (), version: int = 2, behind: bytes = b"") -> bytes:
    """Return a HEIF with these auxiliary pictures and further items, without any pixels."""
    number = ">I" if version == 3 else ">H"
    entries = [
        box(b"infe", struct.pack(number, 10 + i), bytes(2), kind, b"\0", full=True, version=version)
        for i, kind in enumerate(types)
    ]
    listed = box(b"iinf", struct.pack(">H", len(entries)), *entries, full=True)
    properties = box(b"ipco", *(box(b"auxC", name + b"\0", full=True) for name in auxiliary))
    meta = box(b"meta", box(b"pitm", b"\0\1", full=True), listed, box(b"iprp", properties), full=True)
    return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta + behind


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (heif_file(b"urn:com:apple:photo:2020:aux:hdrgainmap"), {"gain map"}),
        (heif_file(b"urn:com:apple:photo:2018:aux:portraiteffectsmatte"), {"matte"}),
        (heif_file(b"urn:com:apple:photo:2019:aux:semanticskinmatte"), {"matte"}),
        (heif_file(b"urn:mpeg:hevc:2015:auxid:2"), {"depth"}),
        (heif_file(b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth"), {"depth"}),
        (heif_file(b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"), set()),
        (heif_file(b"urn:mpeg:hevc:2015:auxid:1"), set()),
        (heif_file(b"urn:com:somebody:thing"), {"other pictures"}),
        (heif_file(types=(b"hvc1", b"tmap")), {"gain map"}),
        (heif_file(types=(b"hvc1", b"tmap"), version=3), {"gain map"}),
        (heif_file(types=(b"hvc1", b"Exif")), set()),
        (heif_file(behind=box(b"mpvd", bytes(20))), {"film"}),
        (b"", set()),
    ],
)
def test_what_is_beside_the_picture(tmp_path: Path, data: bytes, kinds: set[str]) -> None:
    (tmp_path / "in.heic").write_bytes(data)
    assert read_boxes(tmp_path / "in.heic").kinds == kinds


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 300), value=st.integers(0, 255), end=st.integers(0, 400))
def test_no_boxes_are_too_odd(tmp_path_factory: pytest.TempPathFactory, at: int, value: int, end: int) -> None:
    data = bytearray(heif_file(b"urn:mpeg:hevc:2015:auxid:2", types=(b"hvc1", b"tmap")))
    data[at % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "odd.heic"
    path.write_bytes(data[: end or None])
    assert isinstance(read_boxes(path), HeifBoxes)


def test_a_depth_map_is_told(tmp_path: Path, picture: Maker) -> None:
    Image.fromarray(np.dstack([picture(16, 24), picture(16, 24)[..., 0]])).save(tmp_path / "in.avif")
    assert read_image(tmp_path / "in.avif").notes == ()
    data = (tmp_path / "in.avif").read_bytes()
    (tmp_path / "in.avif").write_bytes(data.replace(b"auxiliary:alpha", b"auxiliary:depth"))
    (told,) = read_image(tmp_path / "in.avif").notes
    assert "a depth map" in told


def heif_of(path: Path, mode: str, array: np.ndarray, **options: Any) -> None:
    heif = pytest.importorskip("pillow_heif")
    size = array.shape[1], array.shape[0]
    heif.from_bytes(mode, size, array.tobytes()).save(path, quality=-1, chroma=444, matrix_coefficients=0, **options)


@pytest.mark.parametrize("suffix", [".avif", ".heic"])
def test_colours_in_numbers_go_into_a_png(tmp_path: Path, picture: Maker, suffix: str) -> None:
    """Display P3, which has the numbers 12 and 13."""
    array = picture(16, 24)
    if suffix == ".avif":
        data = imagecodecs.avif_encode(array, level=100, primaries=12, transfer=13)
        (tmp_path / "in.avif").write_bytes(data)
    else:
        heif_of(tmp_path / "in.heic", "RGB", array, color_primaries=12, transfer_characteristics=13)
    photo = read_image(tmp_path / f"in{suffix}")
    assert np.abs(photo.pixels.astype(int) - array).max() <= 1
    assert write_image(photo, tmp_path / "out.png") == ()
    assert (b"cICP", b"\x0c\x0d\x00\x01") in read_chunks(tmp_path / "out.png")
    for other in (".tif", ".webp", ".jpg"):
        notes = write_image(photo, tmp_path / f"out{other}")
        assert any("colour space" in note for note in notes)


@pytest.mark.parametrize(
    ("cicp", "chunk"),
    [
        ((1, 13), None),
        ((2, 2), None),
        ((2, 13), None),
        ((12, 2), b"\x0c\x0d\x00\x01"),
        ((12, 13), b"\x0c\x0d\x00\x01"),
        ((9, 16), b"\x09\x10\x00\x01"),
        ((9, 18), b"\x09\x12\x00\x01"),
        ((1, 1), b"\x01\x01\x00\x01"),
        ((9, 300), None),
    ],
)
def test_only_colours_that_are_not_srgb_are_written(cicp: tuple[int, int], chunk: bytes | None) -> None:
    assert to_chunk(cicp) == chunk


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_avif_of_more_than_8_bits_keeps_them(tmp_path: Path, bits: int, channels: int) -> None:
    white = 2**bits - 1
    array = np.random.default_rng(0).integers(0, white, (16, 24, channels), endpoint=True).astype(np.uint16)
    array[0, 0], array[0, 1] = 0, white
    array = array[..., 0] if channels == 1 else array
    data = imagecodecs.avif_encode(array, level=100, bitspersample=bits, primaries=9, transfer=16)
    (tmp_path / "in.avif").write_bytes(data)
    write_image(read_image(tmp_path / "in.avif"), tmp_path / "out.png")
    after = imagecodecs.png_decode((tmp_path / "out.png").read_bytes())
    assert after.dtype == np.uint16
    assert (after.min(), after.max()) == (0, 65_535)
    assert np.array_equal(np.rint(after * (white / 65_535)), array)
    assert (b"cICP", b"\x09\x10\x00\x01") in read_chunks(tmp_path / "out.png")


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_deep_avif_is_read_upright(tmp_path: Path, picture: Maker, orientation: int) -> None:
    """Turned by a box of the file, as cameras do, in 8 bits and in 10 alike."""
    shallow, deep = tmp_path / "8.avif", tmp_path / "10.avif"
    exif = Image.Exif()
    exif[0x0112] = orientation
    array = picture(16, 24)
    Image.fromarray(array).save(shallow, quality=100, subsampling="4:4:4", exif=exif)
    data = imagecodecs.avif_encode(array.astype(np.uint16) * 4, level=100, bitspersample=10)
    deep.write_bytes(with_orientation(data, orientation))
    assert np.abs(read_image(deep).pixels / 257 - read_image(shallow).pixels).mean() < 3


def with_orientation(data: bytes | bytearray, orientation: int) -> bytes:
    """Put a box that turns the picture into an AVIF of one item, whose pixels then lie further behind."""
    quarter_turns = {1: 0, 3: 2, 6: 3, 8: 1}[orientation]
    turn = box(b"irot", bytes([quarter_turns]))
    at = {kind: data.index(kind) - 4 for kind in (b"meta", b"iprp", b"ipco", b"ipma", b"iloc")}
    grown = bytearray(data)

    def add(place: int, number: int) -> None:
        grown[place : place + 4] = (int.from_bytes(grown[place : place + 4], "big") + number).to_bytes(4, "big")

    count, end, place = 0, at[b"ipma"], at[b"ipco"] + 8
    while place < end:
        place, count = place + int.from_bytes(data[place : place + 4], "big"), count + 1
    many = at[b"ipma"] + 18
    grown[many] += 1
    listed = many + 1 + data[many]
    grown[listed:listed] = bytes([0x80 | (count + 1)])
    grown[end:end] = turn
    add(at[b"ipma"] + len(turn), 1)
    add(at[b"ipco"], len(turn))
    for kind in (b"iprp", b"meta"):
        add(at[kind], len(turn) + 1)
    old = data.index(b"mdat") + 4
    offset = bytes(grown).index(old.to_bytes(4, "big"), at[b"iloc"])
    add(offset, len(turn) + 1)
    return bytes(grown)


@pytest.mark.parametrize(("mode", "channels"), [("RGB;16", 3), ("RGBA;16", 4), ("I;16", 1)])
def test_heif_of_more_than_8_bits_keeps_them(tmp_path: Path, mode: str, channels: int) -> None:
    pytest.importorskip("pillow_heif")
    tens = np.random.default_rng(0).integers(0, 1023, (16, 24, channels), endpoint=True).astype(np.uint16)
    tens[0, 0], tens[0, 4] = 0, 1023
    tens = np.repeat(np.repeat(tens[::4, ::4], 4, 0), 4, 1)
    heif_of(tmp_path / "in.heic", mode, tens << 6)
    photo = read_image(tmp_path / "in.heic")
    assert photo.pixels.dtype == np.uint16
    assert (photo.alpha is not None, photo.grey) == (channels == 4, channels == 1)
    assert np.abs(np.rint(photo.pixels * (1023 / 65_535)) - tens.reshape(16, 24, -1)[..., :3]).max() <= 1
    assert photo.pixels.max() > 65_400


def test_a_deep_avif_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    data = imagecodecs.avif_encode(np.full((64, 64, 3), 700, np.uint16), level=90, bitspersample=10)
    (tmp_path / "in.avif").write_bytes(data[: len(data) - 30])
    with pytest.raises(ImageError, match="damaged or cut short"):
        read_image(tmp_path / "in.avif")
