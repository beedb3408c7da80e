"""OpenEXR with its own library, the extra `exr`: floats of 16 and 32 bits, which a TIFF takes as they are.

Neither imagecodecs nor the wheels of OpenCV 5 read it.
"""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np

from inpaint.core.errors import ImageError
from inpaint.core.images.memory_need import check_memory
from inpaint.core.images.numbers import check_finite, note_numbers
from inpaint.core.images.photo import Photo, parted
from inpaint.core.install_hints import install_hint

_MAGIC = b"v/1\x01"
_COLOURS = ("RGBA", "RGB", "Y")
LINEAR = (b"cICP", b"\x01\x08\x00\x01")
"""What PNG would say of the colours: the primaries of sRGB, linear."""
_PRIMARIES = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)


def is_exr(path: Path) -> bool:
    """Say whether the file starts as an OpenEXR file does."""
    with path.open("rb") as file:
        return file.read(4) == _MAGIC


def read_exr(path: Path) -> Photo:
    """Read the colours of an OpenEXR file with one part. Raises `ImageError` for kinds that a fill would damage."""
    try:
        library = import_module("OpenEXR")
    except ImportError as cause:
        raise ImageError(
            f"{path} is an OpenEXR file, which needs one more package ({install_hint('exr')}); or save it as a TIFF "
            "of floats."
        ) from cause
    with library.File(str(path), header_only=True) as file:
        header = dict(file.header())
        parts = len(file.parts)
    if parts > 1 or "deep" in str(header.get("type", "")).lower():
        raise ImageError(f"{path} holds several pictures or depths; save the one you mean alone.")
    left, top, right, bottom = (int(value) for corner in header["dataWindow"] for value in corner)
    check_memory(path, right - left + 1, bottom - top + 1, 4 * len(header["channels"]), ImageError)
    with library.File(str(path)) as file:
        channels = {name: channel.pixels for name, channel in file.channels().items()}
    name = next((name for name in _COLOURS if name in channels), None)
    if name is None or any(other.endswith(("RY", "BY")) for other in channels):
        listed = ", ".join(sorted(channels))
        raise ImageError(f"{path} has the channels {listed}, and no plain RGB or Y; save it with those.")
    array = channels[name]
    if array.dtype.kind != "f":
        raise ImageError(f"{path} has whole numbers of 32 bits; save it with floats.")
    pixels, alpha, grey = parted(np.ascontiguousarray(array))
    if alpha is None and "A" in channels:
        alpha = channels["A"].astype(pixels.dtype)
    if alpha is not None:
        check_finite(alpha, path)
        if alpha.min() < 1:
            raise ImageError(
                f"{path} has premultiplied transparency, as OpenEXR wants it, which a fill cannot keep exactly; save "
                "it opaque, or as a TIFF with straight (unassociated) alpha, and fill that."
            )
    photo = Photo(pixels=pixels, alpha=alpha, grey=grey, png=(LINEAR,))
    return replace(photo, notes=(*note_numbers(pixels, path.name), *_notes(path.name, header, channels, name)))


def _notes(file: str, header: dict, channels: dict, taken: str) -> list[str]:
    """Return notes on what of the file the result does not hold."""
    notes = []
    if others := sorted(set(channels) - {taken, "A"}):
        notes.append(f"{file} has more channels ({', '.join(others)}), which were left out.")
    if not all(np.array_equal(a, b) for a, b in zip(header["dataWindow"], header["displayWindow"], strict=True)):
        notes.append(f"{file} holds a part of its frame or more than that; the result has the size of what is there.")
    primaries = header.get("chromaticities")
    if primaries is not None and not np.allclose(np.ravel(primaries), _PRIMARIES, atol=2e-3):
        notes.append(
            f"{file} has primaries of its own (chromaticities), which were left out, so its colours may differ."
        )
    return notes
