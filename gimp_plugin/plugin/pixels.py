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
MASK = "Y float"
"""Selections and masks are linear: as `Y' float` their soft edges would be bent."""


def read_pixels(drawable: Gimp.Drawable, rect: Rect, form: str) -> bytes:
    """Return a part of anything with pixels, in the form `RGBA`, `RGB` or `MASK`; transparent black outside of it."""
    buffer = drawable.get_buffer()
    return buffer.get(area(rect), 1.0, form, Gegl.AbyssPolicy.NONE)


def write_pixels(drawable: Gimp.Drawable, rect: Rect, form: str, pixels: bytes) -> None:
    """Write into what has just been made, without a step to undo."""
    write_buffer(drawable.get_buffer(), rect, form, pixels)
    drawable.update(rect.left, rect.top, rect.width, rect.height)


def write_buffer(buffer: Gegl.Buffer, rect: Rect, form: str, pixels: bytes) -> None:
    """Write into a buffer. Raises `PluginError` where there are more or fewer pixels than the rectangle has."""
    expected = rect.width * rect.height * (16 if form == RGBA else 4)
    if len(pixels) != expected:  # GEGL would only mutter and leave the rest black
        raise PluginError(f"The engine returned {len(pixels)} bytes instead of {expected}; run `inpaint doctor`.")
    buffer.set(area(rect), form, pixels)
    buffer.flush()  # otherwise GIMP sees nothing of it


def area(rect: Rect) -> Gegl.Rectangle:
    """Return a rectangle as GEGL wants it."""
    return Gegl.Rectangle.new(rect.left, rect.top, rect.width, rect.height)
