"""EXIF, XMP and colour profiles in the text of a PNG, where older programs put them."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from inpaint.core import read_image, write_image
from inpaint.core.images.formats.png import read_chunks

Maker = Callable[..., np.ndarray]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PACKET = b'<x:xmpmeta><a tiff:Orientation="6"/></x:xmpmeta>'
XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"


def exif_of(maker: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, maker
    return exif.tobytes()


EXIF = exif_of("Maker")


def chunk(name: bytes, data: bytes, kind: bytes = b"zTXt", length: int | None = None) -> tuple[bytes, bytes]:
    """Return a chunk of text with a profile, as ImageMagick writes it."""
    lines = [data[at : at + 36].hex() for at in range(0, len(data), 36)]
    text = "\n".join(["", name.decode(), f"{length or len(data):8}", *lines, ""]).encode()
    return kind, b"Raw profile type " + name + b"\0" + (text if kind == b"tEXt" else b"\0" + zlib.compress(text))


def write_png(path: Path, array: np.ndarray, *chunks: tuple[bytes, bytes], behind: bool = False) -> None:
    data = imagecodecs.png_encode(array)
    body = b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    at = len(data) - 12 if behind else 33
    path.write_bytes(data[:at] + body + data[at:])


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt"])
@pytest.mark.parametrize(
    ("name", "data", "field"),
    [
        (b"exif", EXIF, "exif"),
        (b"exif", EXIF.removeprefix(b"Exif\0\0"), "exif"),
        (b"APP1", EXIF, "exif"),
        (b"app1", XMP_HEADER + PACKET, "xmp"),
        (b"xmp", PACKET, "xmp"),
        (b"icc", SRGB, "icc"),
        (b"icm", SRGB, "icc"),
    ],
)
def test_what_older_programs_wrote_becomes_what_new_ones_write(
    tmp_path: Path, picture: Maker, dtype: type, name: bytes, data: bytes, field: str, kind: bytes, behind: bool
) -> None:
    write_png(tmp_path / "in.png", picture(40, 56).astype(dtype), chunk(name, data, kind), behind=behind)
    photo = read_image(tmp_path / "in.png")
    assert photo.notes == ()
    assert photo.png == ()
    assert photo.size == ((56, 40) if field == "icc" else (40, 56))
    write_image(photo, tmp_path / "out.png")
    wanted = {"exif": [b"eXIf"], "xmp": [b"iTXt"], "icc": []}[field]
    assert [kind for kind, _ in read_chunks(tmp_path / "out.png")] == wanted
    with Image.open(tmp_path / "out.png") as after:
        assert after.getexif().get(0x010F) == ("Maker" if field == "exif" else None)
        assert after.info.get("xmp") == (PACKET.replace(b"6", b"1") if field == "xmp" else None)
        assert after.info.get("icc_profile") == (SRGB if field == "icc" else None)


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_new_ways_go_before_the_old_ones(tmp_path: Path, picture: Maker, dtype: type, behind: bool) -> None:
    new = [
        (b"eXIf", exif_of("new").removeprefix(b"Exif\0\0")),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<new/>"),
        (b"iCCP", b"new\0\0" + zlib.compress(SRGB)),
    ]
    old = [chunk(b"APP1", exif_of("old")), chunk(b"xmp", b"<old/>"), chunk(b"icc", b"old")]
    array = picture(40, 56).astype(dtype)
    write_png(tmp_path / "in.png", array, *old, *new[2:], *([] if behind else new[:2]))
    if behind:
        data = (tmp_path / "in.png").read_bytes()
        write_png(tmp_path / "new.png", array, *new[:2], behind=True)
        added = (tmp_path / "new.png").read_bytes()[len(imagecodecs.png_encode(array)) - 12 :]
        (tmp_path / "in.png").write_bytes(data[:-12] + added)
    photo = read_image(tmp_path / "in.png")
    assert photo.exif is not None
    assert b"new" in photo.exif
    assert (photo.xmp, photo.icc, photo.notes) == (b"<new/>", SRGB, ())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", [b"exif", b"APP1", b"xmp", b"icc"])
@pytest.mark.parametrize("damage", ["length", "digits", "packing"])
def test_damaged_ones_are_left_out_with_a_note(
    tmp_path: Path, picture: Maker, dtype: type, name: bytes, damage: str
) -> None:
    kind, content = chunk(name, b"what is this?", length=99 if damage == "length" else None)
    if damage == "digits":
        kind, content = b"tEXt", b"Raw profile type " + name + b"\0\n" + name + b"\n  3\nno digits\n"
    elif damage == "packing":
        content = content[:-12]
    write_png(tmp_path / "in.png", picture(40, 56).astype(dtype), (kind, content))
    photo = read_image(tmp_path / "in.png")
    assert (photo.exif, photo.xmp, photo.icc, photo.png) == (None, None, None, ())
    assert len(photo.notes) == 1
    assert "damaged" in photo.notes[0]


def test_what_nobody_knows_in_app1_is_left_out_with_a_note(tmp_path: Path, picture: Maker) -> None:
    write_png(tmp_path / "in.png", picture(40, 56), chunk(b"APP1", b"http://ns.adobe.com/xmp/extension/\0more"))
    photo = read_image(tmp_path / "in.png")
    assert (photo.exif, photo.xmp, photo.png, len(photo.notes)) == (None, None, (), 1)
