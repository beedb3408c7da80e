"""What a photograph says about itself, on its way into another format: it is kept, or a note says that it is not."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms, IptcImagePlugin, PngImagePlugin

from inpaint.core import Photo, read_image, write_image
from inpaint.core.images.formats.png import read_chunks

Maker = Callable[..., np.ndarray]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
IPTC = b"\x1c\x02\x78\x00\x09a caption\x1c\x02\x50\x00\x02me"
RESOURCES = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC + bytes(len(IPTC) % 2)
SEGMENT = b"Photoshop 3.0\0" + RESOURCES
JPEG = "JPEG changes every pixel"


def write_jpeg(path: Path, array: np.ndarray, comment: bytes = b"hello", **more: object) -> None:
    """Write a JPEG with a caption and a comment."""
    extra = b"\xff\xed" + struct.pack(">H", len(SEGMENT) + 2) + SEGMENT
    Image.fromarray(array).save(path, comment=comment, extra=extra, **more)


def write_png(path: Path, array: np.ndarray, *chunks: tuple[bytes, bytes]) -> None:
    data = imagecodecs.png_encode(array)
    body = b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    path.write_bytes(data[:33] + body + data[33:])


@pytest.mark.parametrize("wide", [False, True])
def test_caption_and_comment_of_a_jpeg_go_into_a_png(tmp_path: Path, picture: Maker, wide: bool) -> None:
    """Also of a JPEG with tables of 16 bits, which Pillow reads and does not write."""
    write_jpeg(tmp_path / "in.jpg", picture(40, 56), quality=50)
    if wide:
        data = bytearray((tmp_path / "in.jpg").read_bytes())
        at = data.index(b"\xff\xdb\0\x43\0")
        table = struct.pack(">64H", *[300] * 64)
        data[at : at + 69] = b"\xff\xdb\0\x83\x10" + table
        (tmp_path / "in.jpg").write_bytes(data)
    photo = read_image(tmp_path / "in.jpg")
    assert (photo.jpeg is None) == wide
    assert write_image(photo, tmp_path / "out.png") == ()
    with Image.open(tmp_path / "out.png") as after:
        after.load()
        assert after.info["Comment"] == "hello"
        kind, length, *lines = after.info["Raw profile type iptc"].split()
    assert (kind, int(length), bytes.fromhex("".join(lines))) == ("iptc", len(RESOURCES), RESOURCES)
    again = read_image(tmp_path / "out.png")
    assert again.notes == ()
    write_image(again, tmp_path / "again.png")
    assert read_chunks(tmp_path / "again.png") == read_chunks(tmp_path / "out.png")
    assert len(write_image(photo, tmp_path / "out.jpg")) == 1
    with Image.open(tmp_path / "out.jpg") as after:
        assert after.info["comment"] == b"hello"
        assert [data for marker, data in after.applist if marker == "APP13"] == [SEGMENT]


@pytest.mark.parametrize(
    ("comment", "wanted"),
    [
        ("café".encode(), "café"),
        ("café".encode("latin-1"), "café"),
        (b"ends here\0\0", "ends here"),
        (b"in\0two", "in two"),
    ],
)
def test_a_comment_is_read_in_a_png_as_it_was_meant(
    tmp_path: Path, picture: Maker, comment: bytes, wanted: str
) -> None:
    write_image(Photo(pixels=picture(8, 8), comment=comment), tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as after:
        after.load()
        assert after.info["Comment"] == wanted


def test_a_comment_of_nothing_is_none(tmp_path: Path, picture: Maker) -> None:
    photo = Photo(pixels=picture(8, 8), comment=b"\0 ")
    for suffix in (".png", ".tif", ".webp"):
        assert write_image(photo, tmp_path / f"out{suffix}") == ()
    assert read_chunks(tmp_path / "out.png") == []


@pytest.mark.parametrize("description", [None, "    ", "hello", "seen from the bridge"])
def test_caption_and_comment_of_a_jpeg_go_into_a_tiff(tmp_path: Path, picture: Maker, description: str | None) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    if description:
        exif[0x010E] = description
    write_jpeg(tmp_path / "in.jpg", picture(40, 56), exif=exif)
    notes = write_image(read_image(tmp_path / "in.jpg"), tmp_path / "out.tif")
    if description != "seen from the bridge":
        assert notes == ()
    else:
        (note,) = notes
        assert "comment" in note
        assert ".png" in note
    with Image.open(tmp_path / "out.tif") as after:
        assert after.tag_v2[0x010E] == (description if notes else "hello")
        assert after.tag_v2[0x010F] == "Maker"
        assert IptcImagePlugin.getiptcinfo(after) == {(2, 120): b"a caption", (2, 80): b"me"}
    again = read_image(tmp_path / "out.tif")
    assert again.notes == ()
    assert write_image(again, tmp_path / "again.tif") == ()
    with Image.open(tmp_path / "again.tif") as after:
        assert IptcImagePlugin.getiptcinfo(after) == {(2, 120): b"a caption", (2, 80): b"me"}


@pytest.mark.parametrize("suffix", [".webp", ".bmp"])
def test_caption_and_comment_that_have_no_place_are_said(tmp_path: Path, picture: Maker, suffix: str) -> None:
    write_jpeg(tmp_path / "in.jpg", picture(40, 56))
    caption, comment = write_image(read_image(tmp_path / "in.jpg"), tmp_path / f"out{suffix}")
    assert "caption (IPTC)" in caption
    assert "comment" in comment


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".tif", ".bmp"])
def test_text_of_a_png_that_has_no_place_is_said(tmp_path: Path, picture: Maker, suffix: str) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "me")
    Image.fromarray(picture(40, 56)).save(tmp_path / "in.png", pnginfo=info)
    photo = read_image(tmp_path / "in.png")
    notes = [note for note in write_image(photo, tmp_path / f"out{suffix}") if JPEG not in note]
    assert len(notes) == 1
    assert "text of the PNG" in notes[0]
    assert write_image(photo, tmp_path / "out.png") == ()


GAMMA, PRIMARIES = struct.pack(">I", 45_455), (31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)
STANDARD = (b"cHRM", struct.pack(">8I", *PRIMARIES))
WIDE = (b"cHRM", struct.pack(">8I", 31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000))
PROFILE = (b"iCCP", b"profile\0\0" + zlib.compress(SRGB))


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".tif", ".bmp"])
@pytest.mark.parametrize(
    ("chunks", "lost"),
    [
        ([(b"cICP", b"\x09\x10\x00\x01")], True),
        ([(b"cICP", b"\x0c\x0d\x00\x01"), PROFILE], True),
        ([(b"gAMA", struct.pack(">I", 100_000))], True),
        ([(b"gAMA", GAMMA), WIDE], True),
        ([(b"mDCV", bytes(24))], True),
        ([(b"cICP", b"\x01\x0d\x00\x01"), (b"gAMA", struct.pack(">I", 100_000))], False),
        ([(b"gAMA", struct.pack(">I", 100_000)), PROFILE], False),
        ([(b"sRGB", b"\0"), (b"gAMA", GAMMA), STANDARD], False),
        ([(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))], False),
        ([(b"gAMA", struct.pack(">I", 45_000)), STANDARD], False),
    ],
)
def test_colours_that_will_look_different_are_said_and_others_not(
    tmp_path: Path, picture: Maker, chunks: list[tuple[bytes, bytes]], lost: bool, suffix: str
) -> None:
    write_png(tmp_path / "in.png", picture(40, 56), *chunks)
    photo = read_image(tmp_path / "in.png")
    notes = [note for note in write_image(photo, tmp_path / f"out{suffix}") if "colours" in note]
    assert len(notes) == lost
    assert write_image(photo, tmp_path / "out.png") == ()


def test_damaged_numbers_say_nothing_of_colours(tmp_path: Path, picture: Maker) -> None:
    photo = Photo(pixels=picture(8, 8), png=((b"gAMA", b"\0"), (b"cHRM", b"?")))
    assert write_image(photo, tmp_path / "out.tif") == ()


@pytest.mark.parametrize("source", [".jpg", ".png", ".webp", ".tif", ".bmp"])
@pytest.mark.parametrize("target", [".jpg", ".png", ".webp", ".tif", ".bmp"])
def test_where_nothing_is_lost_nothing_is_said(tmp_path: Path, picture: Maker, source: str, target: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    more = {} if ".bmp" in (source, target) else {"exif": exif, "icc_profile": SRGB}
    Image.fromarray(picture(40, 56)).save(tmp_path / f"in{source}", dpi=(300, 300), **more)
    notes = write_image(read_image(tmp_path / f"in{source}"), tmp_path / f"out{target}")
    assert [note for note in notes if JPEG not in note] == []


def test_exif_has_no_place_behind_4_gigabytes_of_tiff(tmp_path: Path, picture: Maker) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    photo = Photo(pixels=picture(8, 8), exif=exif.tobytes(), comment=b"hello", tiff={"bigtiff": True})
    (note,) = write_image(photo, tmp_path / "out.tif")
    assert "4 GB" in note
    assert write_image(Photo(pixels=photo.pixels, tiff=photo.tiff), tmp_path / "out.tif") == ()
