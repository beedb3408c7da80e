import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from inpaint.core import ImageError, Photo, read_image, write_image
from inpaint.core.images import decode
from inpaint.core.images.decode import open_picture
from inpaint.core.images.formats.png import read_chunks

Maker = Callable[..., np.ndarray]


def with_chunks(data: bytes, *chunks: tuple[bytes, bytes], behind: bool = False) -> bytes:
    """Return a PNG with more chunks, before or behind its pixels."""
    body = b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    at = len(data) - 12 if behind else 33
    return data[:at] + body + data[at:]


@pytest.mark.parametrize("deep", [False, True])
def test_colour_space_and_text_come_back_as_they_were(tmp_path: Path, picture: Maker, deep: bool) -> None:
    array = picture(40, 56)
    colour = [(b"cICP", b"\x09\x10\x00\x01"), (b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", bytes(range(32)))]
    text = [
        (b"tEXt", b"Author\0me"),
        (b"zTXt", b"Comment\0\0" + zlib.compress(b"long")),
        (b"iTXt", b"T\0\0\0\0\0\xc3\xa9"),
    ]
    data = imagecodecs.png_encode(array.astype(np.uint16) * 257 if deep else array)
    data = with_chunks(with_chunks(data, *colour), *text, (b"tIME", b"\x07\xe8\1\1\1\1\1"), behind=True)
    (tmp_path / "in.png").write_bytes(data)
    photo = read_image(tmp_path / "in.png")
    assert photo.pixels.dtype == (np.uint16 if deep else np.uint8)
    assert list(photo.png) == colour + text
    write_image(photo, tmp_path / "out.png")
    assert read_chunks(tmp_path / "out.png") == colour + text
    with Image.open(tmp_path / "out.png") as after:
        after.load()
        assert after.info["Author"] == "me"
        assert after.info["Comment"] == "long"


def test_old_ways_of_storing_exif_are_not_kept_beside_the_new_one(tmp_path: Path, picture: Maker) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    raw = exif.tobytes()
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(raw):8}\n{raw.hex()}\n", zip=True)
    Image.fromarray(picture(40, 56)).save(tmp_path / "in.png", pnginfo=info)
    photo = read_image(tmp_path / "in.png")
    assert photo.size == (40, 56)
    write_image(photo, tmp_path / "out.png")
    assert [kind for kind, _ in read_chunks(tmp_path / "out.png")] == [b"eXIf"]


@pytest.mark.parametrize("grey", [False, True])
def test_a_transparent_colour_in_16_bits_becomes_alpha(tmp_path: Path, picture: Maker, grey: bool) -> None:
    array = picture(40, 56).astype(np.uint16) * 250
    array = array[..., 0].copy() if grey else array
    key = np.atleast_1d(array[7, 9]).astype(">u2").tobytes()
    (tmp_path / "in.png").write_bytes(with_chunks(imagecodecs.png_encode(array), (b"tRNS", key)))
    photo = read_image(tmp_path / "in.png")
    same = array == array[7, 9]
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha == 0, same if grey else same.all(axis=2))
    assert np.array_equal(photo.pixels[..., 0], array if grey else array[..., 0])


def test_a_side_longer_than_jpeg_allows(tmp_path: Path) -> None:
    line = np.random.default_rng(0).integers(0, 65_535, (1, 70_000, 3)).astype(np.uint16)
    (tmp_path / "in.png").write_bytes(imagecodecs.png_encode(line))
    write_image(read_image(tmp_path / "in.png"), tmp_path / "out.png")
    assert np.array_equal(imagecodecs.png_decode((tmp_path / "out.png").read_bytes()), line)


def test_chunks_cut_short_are_refused(tmp_path: Path, picture: Maker) -> None:
    data = with_chunks(imagecodecs.png_encode(picture(40, 56)), (b"tEXt", b"Author\0" + b"me" * 500), behind=True)
    (tmp_path / "in.png").write_bytes(data[:-900])
    with pytest.raises(ImageError, match="cut short"):
        read_image(tmp_path / "in.png")


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("kind", ["eXIf", "old text", "XMP"])
def test_16_bits_are_turned_as_8_are(tmp_path: Path, picture: Maker, kind: str, behind: bool) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    raw = exif.tobytes()
    chunk = {
        "eXIf": (b"eXIf", raw.removeprefix(b"Exif\0\0")),
        "old text": (b"tEXt", f"Raw profile type exif\0\nexif\n{len(raw):8}\n{raw.hex()}\n".encode()),
        "XMP": (b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<a tiff:Orientation="6"/>'),
    }[kind]
    array = picture(40, 56).astype(np.uint16) * 257
    (tmp_path / "in.png").write_bytes(with_chunks(imagecodecs.png_encode(array), chunk, behind=behind))
    photo = read_image(tmp_path / "in.png")
    assert np.array_equal(photo.pixels, np.rot90(array, -1))
    assert photo.notes == ()
    assert photo.xmp == (b'<a tiff:Orientation="1"/>' if kind == "XMP" else None)
    assert (photo.exif is None) == (kind == "XMP")
    write_image(photo, tmp_path / "out.png")
    assert [kind for kind, _ in read_chunks(tmp_path / "out.png")] == [b"iTXt" if kind == "XMP" else b"eXIf"]


def test_damaged_exif_in_16_bits_is_no_reason_to_refuse(tmp_path: Path, picture: Maker) -> None:
    data = imagecodecs.png_encode(picture(40, 56).astype(np.uint16) * 257)
    (tmp_path / "in.png").write_bytes(with_chunks(data, (b"eXIf", bytes(40))))
    photo = read_image(tmp_path / "in.png")
    assert "EXIF data is damaged" in photo.notes[0]


LONG = np.random.default_rng(0).bytes(1_500_000)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_long_profile_does_not_make_a_png_unreadable(tmp_path: Path, picture: Maker, suffix: str) -> None:
    """Pillow's own limit is 1 MB."""
    write_image(Photo(pixels=picture(40, 56), icc=LONG), tmp_path / f"in{suffix}")
    write_image(read_image(tmp_path / f"in{suffix}"), tmp_path / "out.png")
    assert read_image(tmp_path / "out.png").icc == LONG


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("deep", [False, True])
def test_long_texts_are_read_wherever_they_stand(tmp_path: Path, picture: Maker, deep: bool, behind: bool) -> None:
    before = PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY
    packed = zlib.compress(LONG.hex().encode())
    chunks = [(b"zTXt", b"Comment\0\0" + packed), (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed)]
    data = imagecodecs.png_encode(picture(40, 56).astype(np.uint16) if deep else picture(40, 56))
    (tmp_path / "in.png").write_bytes(with_chunks(data, *chunks, behind=behind))
    photo = read_image(tmp_path / "in.png")
    assert photo.png == (chunks[0],)
    assert photo.xmp == LONG.hex().encode()
    assert before == (PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY)


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("start", [b"zTXtComment\0\0", b"iTXtComment\0\1\0\0\0", b"iCCPname\0\0"])
def test_a_text_that_is_an_attack_on_memory_is_refused(
    tmp_path: Path, picture: Maker, monkeypatch: pytest.MonkeyPatch, start: bytes, behind: bool
) -> None:
    monkeypatch.setattr(decode, "LONGEST", 2**21)
    data, bomb = imagecodecs.png_encode(picture(40, 56)), zlib.compress(bytes(2**21 + 1))
    (tmp_path / "in.png").write_bytes(with_chunks(data, (start[:4], start[4:] + bomb), behind=behind))
    with pytest.raises(ImageError, match="attacks on memory"):
        read_image(tmp_path / "in.png")


def test_the_limit_of_texts_holds_until_the_last_picture_is_closed(tmp_path: Path, picture: Maker) -> None:
    Image.fromarray(picture(40, 56)).save(tmp_path / "in.png")
    before = PngImagePlugin.MAX_TEXT_CHUNK
    first, second = (open_picture(tmp_path / "in.png", ImageError) for _ in range(2))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert before < PngImagePlugin.MAX_TEXT_CHUNK
    second.__exit__(None, None, None)
    assert before == PngImagePlugin.MAX_TEXT_CHUNK
