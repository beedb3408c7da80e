"""What Photoshop leaves in JPEG and TIFF files beside the picture."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from inpaint.core import read_image, write_image
from inpaint.core.images.formats.photoshop import only_captions
from inpaint.core.images.formats.png import read_chunks

Maker = Callable[..., np.ndarray]
IPTC = b"\x1c\x02\x78\x00\x09a caption\x1c\x02\x50\x00\x02me"


def resource(kind: int, content: bytes, name: bytes = b"") -> bytes:
    """Return one image resource, padded as the specification says."""
    named, size = bytes([len(name)]) + name, struct.pack(">I", len(content))
    parts = b"8BIM", struct.pack(">H", kind), named, bytes(len(named) % 2), size, content, bytes(len(content) % 2)
    return b"".join(parts)


CAPTION = resource(0x0404, IPTC)


def old_picture(picture: Maker, side: int = 120) -> bytes:
    """Return a JPEG file, as it stands in a thumbnail."""
    buffer = io.BytesIO()
    Image.fromarray(picture(side, side)).save(buffer, "JPEG", quality=100)
    return buffer.getvalue()


def resources(thumbnail: bytes) -> bytes:
    return (
        resource(0x03ED, bytes(16))
        + resource(0x040C, bytes(28) + thumbnail, b"odd")
        + CAPTION
        + resource(0x07D0, b"path", b"even")
        + resource(0x0425, bytes(16))
    )


def app13(data: bytes) -> bytes:
    return b"\xff\xed" + (len(data) + 2).to_bytes(2, "big") + data


def test_of_the_resources_the_caption_stays(picture: Maker) -> None:
    assert len(CAPTION) % 2 == 0
    for padding in (b"", bytes(7)):
        assert only_captions(resources(old_picture(picture)) + padding) == (CAPTION, [])
    assert only_captions(b"") == (b"", [])
    assert only_captions(resource(0x040C, b"picture")) == (b"", [])
    assert only_captions(CAPTION + CAPTION) == (CAPTION + CAPTION, [])


@pytest.mark.parametrize(
    "damaged", [CAPTION[:-4], CAPTION + b"8BI", CAPTION + b"8BIM\x04", b"what is this?", (8, 66, 73, 77), None]
)
def test_damaged_resources_are_left_out_with_a_note(damaged: object) -> None:
    kept, notes = only_captions(damaged)
    assert kept == b""
    assert len(notes) == 1


@pytest.mark.parametrize("cut", ["nowhere", "thumbnail", "caption"])
def test_a_jpeg_of_photoshop_does_not_show_the_old_picture(tmp_path: Path, picture: Maker, cut: str) -> None:
    """Long resources are cut into segments anywhere."""
    thumbnail = old_picture(picture)
    data = resources(thumbnail)
    at = {"nowhere": len(data), "thumbnail": data.index(thumbnail) + 900, "caption": data.index(IPTC) + 5}[cut]
    pieces = [piece for piece in (data[:at], data[at:]) if piece]
    extra = b"".join(app13(b"Photoshop 3.0\0" + piece) for piece in pieces) + app13(b"Adobe_Photoshop2.5:" + thumbnail)
    Image.fromarray(picture(40, 56)).save(tmp_path / "in.jpg", extra=extra)
    photo = read_image(tmp_path / "in.jpg")
    assert photo.notes == ()
    write_image(photo, tmp_path / "out.jpg")
    assert thumbnail[-64:] not in (tmp_path / "out.jpg").read_bytes()
    with Image.open(tmp_path / "out.jpg") as after:
        assert [data for marker, data in after.applist if marker == "APP13"] == [b"Photoshop 3.0\0" + CAPTION]


def test_a_long_caption_gets_several_segments(tmp_path: Path, picture: Maker) -> None:
    long = resource(0x0404, b"caption " * 20_000)
    extra = b"".join(app13(b"Photoshop 3.0\0" + long[at : at + 65_000]) for at in range(0, len(long), 65_000))
    Image.fromarray(picture(40, 56)).save(tmp_path / "in.jpg", extra=extra)
    write_image(read_image(tmp_path / "in.jpg"), tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as after:
        pieces = [data for marker, data in after.applist if marker == "APP13"]
    assert len(pieces) == 3
    assert b"".join(piece.removeprefix(b"Photoshop 3.0\0") for piece in pieces) == long


def test_damaged_resources_of_a_jpeg_are_no_reason_to_refuse(tmp_path: Path, picture: Maker) -> None:
    Image.fromarray(picture(40, 56)).save(tmp_path / "in.jpg", extra=app13(b"Photoshop 3.0\0" + CAPTION[:-4]))
    photo = read_image(tmp_path / "in.jpg")
    assert "IPTC" in photo.notes[0]
    write_image(photo, tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as after:
        assert not [data for marker, data in after.applist if marker == "APP13"]


@pytest.mark.parametrize("target", [".tif", ".png", ".jpg", ".webp"])
@pytest.mark.parametrize("dtype", [np.uint8, np.bool_])
def test_a_tiff_of_photoshop_does_not_show_the_old_picture(
    tmp_path: Path, picture: Maker, dtype: type, target: str
) -> None:
    """Pictures of one bit are read by Pillow, the others by tifffile."""
    thumbnail, layers = old_picture(picture), np.random.default_rng(0).bytes(5000)
    kept = resources(thumbnail)
    array = picture(40, 56)[..., 0]
    tifffile.imwrite(
        tmp_path / "in.tif",
        array if dtype is np.uint8 else array > 127,
        photometric="minisblack",
        metadata=None,
        software=False,
        extratags=[
            (315, 2, None, "somebody", True),
            (34377, 1, len(kept), kept, True),
            (37724, 7, len(layers), layers, True),
        ],
    )
    photo = read_image(tmp_path / "in.tif")
    assert any("layers" in note for note in photo.notes)
    write_image(photo, tmp_path / f"out{target}")
    written = (tmp_path / f"out{target}").read_bytes()
    assert thumbnail[-64:] not in written
    assert layers[:64] not in written
    assert CAPTION in written
    assert b"somebody" in written


def raw_profile(kind: bytes, data: bytes, name: bytes = b"8bim") -> tuple[bytes, bytes]:
    """Return a chunk of text with Photoshop's data, as ImageMagick writes it."""
    lines = [data[at : at + 36].hex() for at in range(0, len(data), 36)]
    text = "\n".join(["", name.decode(), f"{len(data):8}", *lines, ""]).encode()
    between = {b"tEXt": b"\0", b"zTXt": b"\0\0", b"iTXt": b"\0\1\0en\0nom\0"}[kind]
    return kind, b"Raw profile type " + name + between + (text if kind == b"tEXt" else zlib.compress(text))


def png(chunk: tuple[bytes, bytes], array: np.ndarray) -> bytes:
    """Return a PNG with one more chunk."""
    kind, content = chunk
    data = imagecodecs.png_encode(array)
    body = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return data[:33] + body + data[33:]


@pytest.mark.parametrize("name", [b"8bim", b"iptc"])
@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_png_of_imagemagick_does_not_show_the_old_picture(
    tmp_path: Path, picture: Maker, dtype: type, kind: bytes, name: bytes
) -> None:
    chunk = raw_profile(kind, resources(old_picture(picture, 40)), name)
    (tmp_path / "in.png").write_bytes(png(chunk, picture(40, 56).astype(dtype)))
    photo = read_image(tmp_path / "in.png")
    assert photo.notes == ()
    write_image(photo, tmp_path / "out.png")
    assert read_chunks(tmp_path / "out.png") == [raw_profile(b"zTXt", CAPTION, name)]


def test_a_png_keeps_nothing_of_photoshop_without_a_caption_and_a_bare_one_as_it_is(
    tmp_path: Path, picture: Maker
) -> None:
    for data, wanted in [(resource(0x040C, old_picture(picture, 40)), False), (IPTC, True)]:
        chunk = raw_profile(b"tEXt", data, b"iptc")
        (tmp_path / "in.png").write_bytes(png(chunk, picture(40, 56)))
        photo = read_image(tmp_path / "in.png")
        assert photo.notes == ()
        assert photo.png == ((chunk,) if wanted else ())


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (b"tEXt", b""),
        (b"tEXt", b"\0"),
        (b"tEXt", b"\0\n8bim\n  9\nff\n"),
        (b"tEXt", b"\0\n8bim\n  1\nxx\n"),
        (b"tEXt", b"\0\n8bim\n  1\n\xff\xff\n"),
        (b"tEXt", b"\0\n8bim\n  4\n3842494d\n"),
        (b"zTXt", b"\0\0no zlib"),
        (b"zTXt", b"\0\0" + zlib.compress(bytes(4000))[:-9]),
        (b"iTXt", b"\0"),
        (b"iTXt", b"\0\0\0en"),
    ],
)
def test_damaged_resources_of_a_png_are_left_out_with_a_note(
    tmp_path: Path, picture: Maker, kind: bytes, content: bytes
) -> None:
    (tmp_path / "in.png").write_bytes(png((kind, b"Raw profile type 8bim" + content), picture(40, 56).astype("u2")))
    photo = read_image(tmp_path / "in.png")
    assert photo.png == ()
    assert len(photo.notes) == 1
