"""The only file that reads and writes GIMP's images. Pixels are bytes here: GIMP's Python may have no numpy.

All pixels travel as `R'G'B'A float`: sRGB, straight alpha, whatever precision and profile the image has; GIMP
converts. Those of a layer without alpha travel as `R'G'B' float`, which GIMP converts four times as fast. Coordinates
are the layer's, unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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


class Document:
    """One layer of an image, and the selection on it."""

    def __init__(self, image: Gimp.Image, drawables: list[Gimp.Drawable]) -> None:
        if len(drawables) != 1:
            raise PluginError("Choose exactly one layer; Inpaint fills one at a time.")
        self.image = image
        self.layer = drawables[0]
        if not isinstance(self.layer, Gimp.Layer):
            raise PluginError("Choose a layer; Inpaint does not fill masks and channels.")
        if self.layer.is_group():
            raise PluginError("A layer group has no pixels of its own; choose a layer in it.")
        if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
            raise PluginError("This image has a palette; choose Image > Mode > RGB first.")
        _, left, top = self.layer.get_offsets()
        self.offset = (left, top)
        """The layer's upper left corner in the image."""

    @property
    def extent(self) -> Rect:
        """The whole layer."""
        return Rect(0, 0, self.layer.get_width(), self.layer.get_height())

    def selected(self, wish: str) -> Rect:
        """Return the smallest rectangle with all that is selected of the layer.

        wish: where to draw a selection, for the sentence of the `PluginError` when there is none.
        """
        _, some, left, top, right, bottom = Gimp.Selection.bounds(self.image)
        if not some:
            raise PluginError(f"Nothing is selected; draw a selection {wish}.")
        rect = Rect(left, top, right, bottom).moved(-self.offset[0], -self.offset[1]).within(self.extent)
        if rect.empty:
            raise PluginError(
                "The selection lies outside this layer; choose another layer, or select a part of this one."
            )
        return rect

    def read(self, rect: Rect) -> bytes:
        """Return the pixels of a part of the layer, 16 bytes each, or 12 where the layer has no alpha."""
        return read_pixels(self.layer, rect, RGBA if self.layer.has_alpha() else RGB)

    def read_selection(self, rect: Rect) -> bytes:
        """Return how much each pixel of a part of the layer is selected, 4 bytes each."""
        return read_pixels(self.image.get_selection(), rect.moved(*self.offset), MASK)

    def require_writable(self) -> None:
        """Raise `PluginError` when the layer's own pixels cannot be changed, or would not stay changed."""
        if self.layer.get_lock_content():
            raise PluginError("The pixels of this layer are locked; unlock them, or let the fill go to a new layer.")
        # From GIMP 3.2 on, link and vector layers take pixels and lose them when they are drawn anew.
        kind = getattr(Gimp, "Rasterizable", None)
        if kind is not None and isinstance(self.layer, kind) and not self.layer.is_rasterized():
            raise PluginError(
                "This layer is drawn from a text, a path or a linked file; rasterize it first, or let the fill go to a "
                "new layer."
            )

    def write(self, rect: Rect, rgba: bytes, strength: bytes | None) -> None:
        """Put pixels into the layer, as one step to undo.

        Only selected pixels change, as much as they are selected; `strength`, 4 bytes for each pixel of `rect`,
        replaces the selection for this. All that is selected must lie in `rect`.
        """
        with self.one_step():
            if strength is None:
                self._write(rect, rgba)
                return
            # GIMP lets a plug-in write through the selection only.
            saved = Gimp.Selection.save(self.image)
            Gimp.Selection.none(self.image)
            own = Gimp.Selection.save(self.image)  # nothing selected in it yet
            try:
                _set(own, rect.moved(*self.offset), MASK, strength)
                self.image.select_item(Gimp.ChannelOps.REPLACE, own)
                self._write(rect, rgba)
            finally:
                self.image.select_item(Gimp.ChannelOps.REPLACE, saved)
                self.image.remove_channel(own)
                self.image.remove_channel(saved)
                self.image.set_selected_layers([self.layer])

    def _write(self, rect: Rect, rgba: bytes) -> None:
        shadow = self.layer.get_shadow_buffer()
        _set_buffer(shadow, rect, RGBA, rgba)
        if not self.layer.merge_shadow(True):
            raise PluginError("GIMP does not let this layer be changed; are its pixels locked?")
        self.layer.update(*rect[:2], rect.width, rect.height)

    def add_layer(self, rect: Rect, rgba: bytes, strength: bytes, name: str) -> Gimp.Layer:
        """Put pixels into a new layer above, shown as much as `strength` says, as one step to undo."""
        kinds = {Gimp.ImageBaseType.RGB: Gimp.ImageType.RGBA_IMAGE, Gimp.ImageBaseType.GRAY: Gimp.ImageType.GRAYA_IMAGE}
        kind = kinds[self.image.get_base_type()]
        with self.one_step():
            layer = Gimp.Layer.new(self.image, name, rect.width, rect.height, kind, 100.0, Gimp.LayerMode.NORMAL)
            layer.set_offsets(rect.left + self.offset[0], rect.top + self.offset[1])
            self.image.insert_layer(layer, self.layer.get_parent(), self.image.get_item_position(self.layer))
            whole = Rect(0, 0, rect.width, rect.height)
            _set(layer, whole, RGBA, rgba)
            mask = layer.create_mask(Gimp.AddMaskType.BLACK)
            layer.add_mask(mask)
            _set(mask, whole, MASK, strength)
            layer.set_edit_mask(False)
            layer.update(0, 0, rect.width, rect.height)
            self.image.set_selected_layers([self.layer])  # the next fill is of the same layer
        return layer

    @contextmanager
    def one_step(self) -> Iterator[None]:
        """Make one step to undo of everything inside. Opened only around changes: Cancel kills this process."""
        self.image.undo_group_start()
        try:
            yield
        finally:
            self.image.undo_group_end()


def read_pixels(drawable: Gimp.Drawable, rect: Rect, form: str) -> bytes:
    """Return a part of anything with pixels, in the form `RGBA`, `RGB` or `MASK`; transparent black outside of it."""
    buffer = drawable.get_buffer()
    area = Gegl.Rectangle.new(rect.left, rect.top, rect.width, rect.height)
    return buffer.get(area, 1.0, form, Gegl.AbyssPolicy.NONE)


def _set(drawable: Gimp.Drawable, rect: Rect, form: str, pixels: bytes) -> None:
    _set_buffer(drawable.get_buffer(), rect, form, pixels)
    drawable.update(rect.left, rect.top, rect.width, rect.height)


def _set_buffer(buffer: Gegl.Buffer, rect: Rect, form: str, pixels: bytes) -> None:
    expected = rect.width * rect.height * (16 if form == RGBA else 4)
    if len(pixels) != expected:  # GEGL would only mutter and leave the rest black
        raise PluginError(f"The engine returned {len(pixels)} bytes instead of {expected}; run `inpaint doctor`.")
    buffer.set(Gegl.Rectangle.new(rect.left, rect.top, rect.width, rect.height), form, pixels)
    buffer.flush()  # otherwise GIMP sees nothing of it
