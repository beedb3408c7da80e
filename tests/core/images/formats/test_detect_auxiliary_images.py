"""Gain maps, motion photos and other pictures inside a file: left out, told, and no longer claimed in XMP."""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inpaint.core import read_image, write_image
from inpaint.core.images.formats.auxiliary_images import NAMES, Kind, note, without_claims
from inpaint.core.images.formats.jpeg_parts import jpeg_parts

Maker = Callable[..., np.ndarray]
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SPACES = {
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "HDRGainMap": "http://ns.apple.com/HDRGainMap/1.0/",
    "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "GDepth": "http://ns.google.com/photos/1.0/depthmap/",
    "Device": "http://ns.google.com/photos/dd/1.0/device/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}
FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x20mdat" + bytes(range(24))
MPF_HEAD = b"MPF\0MM\0*\0\0\0\x08"
ISO = b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"


def packet(attributes: str, inside: str = "") -> bytes:
    """Return an XMP packet with these properties."""
    spaces = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
    return (
        f'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        f'xmlns:rdf="{RDF}"><rdf:Description rdf:about="" {spaces} {attributes}>{inside}</rdf:Description></rdf:RDF>'
        f'</x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def directory(*semantics: str) -> str:
    """Return a directory of the pictures in a file, as Google's cameras write it."""
    items = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="{name}" Item:Mime="image/jpeg" '
        f'Item:Length="100"/></rdf:li>'
        for name in ("Primary", *semantics)
    )
    return f"<Container:Directory><rdf:Seq>{items}</rdf:Seq></Container:Directory>"


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(array: np.ndarray, *, xmp: bytes = b"", extra: bytes = b"", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "JPEG", quality=90, **({"xmp": xmp} if xmp else {}), extra=extra, **options)
    return file.getvalue()


def mpf(first: int, second: int) -> bytes:
    """Return a Multi-Picture Format segment for two pictures of these lengths."""
    entries = struct.pack(">IIIHH", 0x030000, first, 0, 0, 0) + struct.pack(">IIIHH", 0, second, first, 0, 0)
    tags = struct.pack(">HHI4s", 0xB000, 7, 4, b"0100") + struct.pack(">HHII", 0xB001, 4, 1, 2)
    tags += struct.pack(">HHII", 0xB002, 7, 32, 8 + 2 + 36 + 4)
    return segment(0xE2, MPF_HEAD + struct.pack(">H", 3) + tags + bytes(4) + entries)


def ultra_hdr(array: np.ndarray, *, by_xmp: bool = True, by_iso: bool = True, film: bool = False) -> bytes:
    """Return a JPEG with a gain map behind it, as phones write them; each way to mark it can be left out."""
    said = 'hdrgm:Version="1.0"' + (' GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"' if film else "")
    map_xmp = packet('hdrgm:Version="1.0" hdrgm:GainMapMax="3.5"') if by_xmp else b""
    iso = segment(0xE2, ISO) if by_iso else b""
    gain = jpeg(array[::2, ::2, 0], xmp=map_xmp, extra=iso)
    names = ("GainMap", *(("MotionPhoto",) if film else ()))
    xmp = packet(said + ' xmp:Rating="3"', directory(*names)) if by_xmp else b""
    length = len(jpeg(array, xmp=xmp, extra=iso + mpf(0, 0)))
    return jpeg(array, xmp=xmp, extra=iso + mpf(length, len(gain))) + gain + (FILM if film else b"")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
@pytest.mark.parametrize(("by_xmp", "by_iso"), [(True, False), (False, True), (True, True)])
def test_a_gain_map_is_left_out_told_and_not_claimed(
    tmp_path: Path, picture: Maker, suffix: str, by_xmp: bool, by_iso: bool
) -> None:
    array = picture(16, 24)
    (tmp_path / "in.jpg").write_bytes(ultra_hdr(array, by_xmp=by_xmp, by_iso=by_iso))
    photo = read_image(tmp_path / "in.jpg")
    (told,) = photo.notes
    assert "an HDR gain map" in told
    write_image(photo, tmp_path / f"out{suffix}")
    data = (tmp_path / f"out{suffix}").read_bytes()
    for trace in (b'hdrgm:Version="1.0"', b"Container:Directory", b"MPF\0", ISO):
        assert trace not in data
    assert (b'xmp:Rating="3"' in data) == by_xmp
    assert read_image(tmp_path / f"out{suffix}").notes == ()


def test_the_film_of_a_motion_photo_is_told_too(tmp_path: Path, picture: Maker) -> None:
    (tmp_path / "in.jpg").write_bytes(ultra_hdr(picture(16, 24), film=True))
    photo = read_image(tmp_path / "in.jpg")
    (told,) = photo.notes
    assert "an HDR gain map, the film of a motion photo" in told
    assert photo.xmp is not None
    assert b"MotionPhoto" not in photo.xmp


@pytest.mark.parametrize(
    ("behind", "words"),
    [
        (FILM, "film"),
        (b"\0" * 5000 + FILM, "film"),
        (b"\0\0\x01\x0bMotionPhoto_Data" + FILM, "film"),
        (b"some words of the maker of the camera", "maker"),
        (bytes(9000), ""),
        (b"\xff\xd9\r\n", ""),
        (None, "behind the first"),
    ],
)
@pytest.mark.parametrize("progressive", [False, True])
def test_what_is_behind_a_jpeg_is_told(
    tmp_path: Path, picture: Maker, behind: bytes | None, words: str, progressive: bool
) -> None:
    array = picture(16, 24)
    data = jpeg(array, progressive=progressive)
    (tmp_path / "in.jpg").write_bytes(data + (jpeg(array) if behind is None else behind))
    notes = read_image(tmp_path / "in.jpg").notes
    assert len(notes) == bool(words)
    assert words in "".join(notes)


def test_a_long_xmp_that_is_not_read_is_told(tmp_path: Path, picture: Maker) -> None:
    xmp = packet('xmpNote:HasExtendedXMP="0123456789ABCDEF0123456789ABCDEF" dc:source="me"')
    more = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"0123456789ABCDEF0123456789ABCDEF" + bytes(40))
    (tmp_path / "in.jpg").write_bytes(jpeg(picture(16, 24), xmp=xmp, extra=more))
    photo = read_image(tmp_path / "in.jpg")
    (told,) = photo.notes
    assert "XMP of more than 64 KB" in told
    assert photo.xmp is not None
    assert b"HasExtendedXMP" not in photo.xmp
    assert b'dc:source="me"' in photo.xmp


def test_a_false_claim_is_taken_out_of_any_format(tmp_path: Path, picture: Maker) -> None:
    xmp = packet('hdrgm:Version="1.0" xmp:Rating="3"')
    for suffix in (".png", ".webp", ".tif"):
        source = tmp_path / f"in{suffix}"
        Image.fromarray(picture(16, 24)).save(source)
        write_with_xmp(source, xmp)
        photo = read_image(source)
        (told,) = photo.notes
        assert "speaks of an HDR gain map" in told
        assert photo.xmp is not None
        assert b"hdrgm:Version" not in photo.xmp


def write_with_xmp(path: Path, xmp: bytes) -> None:
    """Put XMP into a picture by hand, because Inpaint's own writers are given none with claims."""
    photo = read_image(path)
    object.__setattr__(photo, "xmp", xmp)
    write_image(photo, path)


CLAIMS: dict[str, set[Kind]] = {
    "hdrgm:Version": {"gain map"},
    "hdrgm:GainMapMax": {"gain map"},
    "HDRGainMap:HDRGainMapVersion": {"gain map"},
    "GCamera:MotionPhoto": {"film"},
    "GCamera:MicroVideoOffset": {"film"},
    "GDepth:Format": {"depth"},
    "Device:Profiles": {"depth"},
    "xmpNote:HasExtendedXMP": {"extended XMP"},
}
OTHERS = ("dc:source", "xmp:Rating", "xmp:CreatorTool", "GCamera:hdrp_makernote")
VALUES = st.text("abc 1.0/=:<>'&é", max_size=8)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;").replace('"', "&quot;")


def properties(xmp: bytes) -> dict[str, str]:
    """Return what a packet says, as an XML parser reads it: attributes and elements with text."""
    names = {space: prefix for prefix, space in SPACES.items()}
    said = {}
    for element in ElementTree.fromstring(xmp).iter():
        for name, value in (*element.attrib.items(), (element.tag, element.text or "")):
            space, _, local = name[1:].partition("}")
            if space in names:
                said[f"{names[space]}:{local}"] = value
    return said


@settings(max_examples=150, deadline=None)
@given(
    claims=st.dictionaries(st.sampled_from(sorted(CLAIMS)), VALUES),
    others=st.dictionaries(st.sampled_from(OTHERS), VALUES),
    as_elements=st.sets(st.sampled_from([*CLAIMS, *OTHERS])),
    listed=st.lists(st.sampled_from(["GainMap", "MotionPhoto", "Depth"]), max_size=2),
)
def test_claims_go_and_everything_else_stays(
    claims: dict[str, str], others: dict[str, str], as_elements: set[str], listed: list[str]
) -> None:
    said = {**claims, **others}
    attributes = " ".join(f'{name}="{escaped(value)}"' for name, value in said.items() if name not in as_elements)
    inside = "".join(f"<{name}>{escaped(value)}</{name}>" for name, value in said.items() if name in as_elements)
    xmp = packet(attributes, inside + (directory(*listed) if listed else ""))
    assert properties(xmp).keys() >= said.keys()
    cleaned, kinds = without_claims(xmp)
    assert properties(cleaned) == others
    words: dict[str, Kind] = {"GainMap": "gain map", "MotionPhoto": "film", "Depth": "depth"}
    assert kinds == set().union(*(CLAIMS[name] for name in claims)) | {words[name] for name in listed}
    if not claims and not listed:
        assert cleaned == xmp
    assert without_claims(cleaned) == (cleaned, set())
    assert note("in.jpg", kinds, kinds) == ([] if not kinds else note("in.jpg", kinds, set()))


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200))
def test_no_packet_is_too_odd(data: bytes) -> None:
    without_claims(packet("")[:150] + data + b'<hdrgm:Version a="<hdrgm:Version>' * 20)


@settings(max_examples=150, deadline=None)
@given(at=st.integers(2, 5000), value=st.integers(0, 255), end=st.integers(2, 5000), film=st.booleans())
def test_no_jpeg_is_too_odd(
    tmp_path_factory: pytest.TempPathFactory, at: int, value: int, end: int, film: bool
) -> None:
    data = bytearray(ultra_hdr(np.full((16, 24, 3), 90, np.uint8), film=film))
    path = tmp_path_factory.getbasetemp() / "odd.jpg"
    path.write_bytes(data)
    assert jpeg_parts(path) == ({"gain map", "film"} if film else {"gain map"})
    data[at % len(data)] = value
    path.write_bytes(data[:end])
    assert jpeg_parts(path) <= set(NAMES)
