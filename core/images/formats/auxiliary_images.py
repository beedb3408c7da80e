"""Pictures and films inside a picture: gain maps, motion photos, depth. They show the old one, so they are left out.

What XMP says of them would be false then, and viewers would look for what is not there: it goes as well. Everything
that is known of such properties is the one table here.
"""

import re
from typing import Literal

Kind = Literal["gain map", "film", "depth", "matte", "other pictures", "extended XMP", "other data"]
"""What a file can hold beside its picture."""

NAMES: dict[Kind, str] = {
    "gain map": "an HDR gain map",
    "film": "the film of a motion photo",
    "depth": "a depth map",
    "matte": "mattes (masks of people or sky)",
    "other pictures": "more pictures behind the first",
    "extended XMP": "XMP of more than 64 KB",
    "other data": "data of the camera's maker behind the picture",
}

_GOOGLE = b"http://ns.google.com/photos/"
_CLAIMS: tuple[tuple[bytes, bytes, Kind | None], ...] = (
    # Namespace, names of properties as a regular expression, and what they say is there; None: that depends.
    (rb"http://ns\.adobe\.com/hdr-gain-map/1\.0/", rb"\w+", "gain map"),
    (rb"http://ns\.apple\.com/HDRGainMap/1\.0/", rb"\w+", "gain map"),
    (rb"http://ns\.apple\.com/pixeldatainfo/1\.0/", rb"\w+", None),
    (_GOOGLE + rb"1\.0/camera/", rb"(?:MotionPhoto|MicroVideo)\w*", "film"),
    (rb"http://ns\.oplus\.com/photos/1\.0/camera/", rb"(?:MotionPhoto\w*|OLivePhoto\w*|VideoLength)", "film"),
    (_GOOGLE + rb"1\.0/container/", rb"\w+", None),
    (_GOOGLE + rb"1\.0/container/item/", rb"\w+", None),
    (_GOOGLE + rb"1\.0/(?:depthmap|image)/", rb"\w+", "depth"),
    (_GOOGLE + rb"1\.0/audio/", rb"\w+", "other data"),
    (_GOOGLE + rb"dd/1\.0/\w+/", rb"\w+", "depth"),
    (rb"http://ns\.adobe\.com/xmp/note/", rb"HasExtendedXMP", "extended XMP"),
)
_PREFIX = re.compile(rb"""xmlns:([\w.-]+)\s*=\s*["']([^"'<>]*)["']""")
_VALUE = rb"""(?:"[^"<]*"|'[^'<]*')"""
_ATTRIBUTES = rb"""(?:[^<>"']|""" + _VALUE + rb")*"
# No value of an attribute holds "<", so that no search goes beyond the tag it began in.
_SEMANTICS: tuple[tuple[bytes, Kind], ...] = (
    (rb"GainMap", "gain map"),
    (rb"MotionPhoto", "film"),
    (rb"Depth", "depth"),
)
"""What a directory of pictures (`Item:Semantic`) calls them."""


def without_claims(xmp: bytes) -> tuple[bytes, set[Kind]]:
    """Return an XMP packet without what it says of pictures and films beside the picture, and what that was.

    A packet that says nothing of them comes back as it was, to the bit.
    """
    kinds: set[Kind] = set()
    for prefix, space in set(_PREFIX.findall(xmp)):
        for namespace, names, kind in _CLAIMS:
            if not re.fullmatch(namespace, space):
                continue
            xmp, said = _without(xmp, re.escape(prefix) + b":" + names)
            if not said:
                continue
            if kind:
                kinds.add(kind)
            else:
                kinds.update(other for word, other in _SEMANTICS if any(word in part for part in said))
    return xmp, kinds


def _without(xmp: bytes, names: bytes) -> tuple[bytes, list[bytes]]:
    """Return the packet without the properties of these names, as elements and as attributes, and what they were."""
    said: list[bytes] = []

    def take(match: re.Match[bytes]) -> bytes:
        said.append(match[0])
        return b""

    # An empty element, or one up to its end: properties of one name do not stand inside each other.
    element = rb"<(" + names + rb")(?=[\s/>])" + _ATTRIBUTES + rb"?(?:/>|>(?:(?!<\1[\s/>]).)*?</\1\s*>)"
    xmp = re.sub(element, take, xmp, flags=re.DOTALL)
    attribute = rb"\s" + names + rb"\s*=\s*" + _VALUE
    # Only inside tags, where an attribute can be.
    tag = rb"<[A-Za-z_]" + _ATTRIBUTES + rb"+>"
    return re.sub(tag, lambda match: re.sub(attribute, take, match[0]), xmp), said


def note(name: str, there: set[Kind], claimed: set[Kind]) -> list[str]:
    """Return a note on what the file `name` holds beside its picture, or says so in XMP without holding it."""
    notes = []
    if there:
        listed = ", ".join(NAMES[kind] for kind in NAMES if kind in there)
        notes.append(f"{name} holds more than the picture ({listed}); only the picture is filled and kept.")
    if lost := claimed - there:
        listed = ", ".join(NAMES[kind] for kind in NAMES if kind in lost)
        notes.append(f"The XMP of {name} speaks of {listed}, which the result does not hold; that was taken out.")
    return notes
