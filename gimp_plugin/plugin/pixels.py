"""Reading and writing pixels of anything in GIMP that has some, as bytes.

They travel as `R'G'B'A float`: sRGB, straight alpha, whatever precision and profile the image has; GIMP converts. Those
of a layer without alpha travel as `R'G'B' float`, which GIMP converts four times as fast. Coordinates are those of
what is read or written.
"""

from __future__ import annotations

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp  # noqa: E402 - after the versions are chosen

from .errors import PluginError  # noqa: E402
from .geometry import Rect  # noqa: E402

RGBA = "R'G'B'A float"
RGB = "R'G'B' float"
MASKS = {1: "Y u8", 2: "Y u16", 4: "Y float"}
"""What selections and masks travel as, by the bytes of a pixel; see `mask_form`."""


def mask_form(image: Gimp.Image) -> str:
    """Return the one of `MASKS` that costs least: as GIMP stores them, in images of 8 and 16 bits.

    The first conversion takes a process a fifth of a second and 350 MB (babl of GIMP 3.0.4), more than all else here.
    """
    bits = image.get_precision().value_nick.partition("-")[0]
    return {"u8": "Y u8", "u16": "Y u16"}.get(bits, "Y float")


def read_pixels(drawable: Gimp.Drawable, rect: Rect, form: str | None) -> bytes:
    """Return a part of anything with pixels; transparent black outside of it.

    form: `RGBA`, `RGB`, one of `MASKS`, or None for pixels as they are stored.
    """
    buffer = drawable.get_buffer()
    return buffer.get(area(rect), 1.0, form, Gegl.AbyssPolicy.NONE)


def write_pixels(drawable: Gimp.Drawable, rect: Rect, pixels: bytes) -> None:
    """Write `RGBA` into a layer, or as one of `MASKS` into a mask, that has just been made; no step to undo."""
    write_buffer(drawable.get_buffer(), rect, pixels)
    drawable.update(rect.left, rect.top, rect.width, rect.height)


def write_buffer(buffer: Gegl.Buffer, rect: Rect, pixels: bytes) -> None:
    """Write into a buffer. Raises `PluginError` where there are more or fewer pixels than the rectangle has."""
    form = {**MASKS, 16: RGBA}.get(len(pixels) // max(1, rect.width * rect.height))
    if form is None or len(pixels) % (rect.width * rect.height):  # GEGL would only mutter and leave the rest black
        raise PluginError(
            f"The engine returned {len(pixels)} bytes for {rect.width} x {rect.height} pixels; run `inpaint doctor`."
        )
    buffer.set(area(rect), form, pixels)
    buffer.flush()  # otherwise GIMP sees nothing of it


def area(rect: Rect) -> Gegl.Rectangle:
    """Return a rectangle as GEGL wants it."""
    return Gegl.Rectangle.new(rect.left, rect.top, rect.width, rect.height)
