"""What a fill is made from: one layer's own pixels, or what is seen of a layer and all below it."""

from __future__ import annotations

from abc import ABC, abstractmethod

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402 - after the version is chosen

from .document import Document  # noqa: E402
from .geometry import Rect  # noqa: E402
from .layers import has_filters, is_plain, parents, top_of_results  # noqa: E402
from .pixels import RGB, RGBA, read_pixels  # noqa: E402


class Source(ABC):
    """Where the pixels come from that a fill is made from."""

    extent: Rect
    """All pixels that there are."""

    @abstractmethod
    def read(self, rect: Rect) -> bytes:
        """Return pixels of 16 bytes each, or of 12 where all are opaque."""

    def close(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give back what reading may have kept."""


class LayerSource(Source):
    """A layer's own pixels, also beyond the canvas, without its mask, filters, mode and opacity."""

    def __init__(self, document: Document) -> None:
        self.layer = document.layer
        self.extent = document.extent

    def read(self, rect: Rect) -> bytes:
        """Return pixels of 16 bytes each, or of 12 where the layer has no alpha."""
        form = RGBA if self.layer.has_alpha() else RGB
        return read_pixels(self.layer, rect.moved(-self.extent.left, -self.extent.top), form)


class SeenSource(Source):
    """What is seen of the canvas without the layers above the results of a layer.

    So a result lies below what the user put above the layer, and is neither hidden by it nor doubles it.
    """

    def __init__(self, document: Document) -> None:
        self.image = document.image
        self.extent = document.canvas
        self.top = top_of_results(self.image, document.layer)
        """The uppermost layer that is looked at."""
        self._copy: Gimp.Image | None = None
        self._whole: Gimp.Layer | None = None

    def read(self, rect: Rect) -> bytes:
        """Return pixels of 16 bytes each, or of 12 where all are opaque."""
        if self._hides_all_below(rect):
            return read_pixels(self.top, rect.moved(*(-offset for offset in self.top.get_offsets()[1:])), RGB)
        if self._whole is not None:
            return read_pixels(self._whole, rect, RGBA)
        self._copy = copy = self.image.duplicate()  # shares the pixels, so that this takes no time and no memory
        copy.undo_disable()
        layers = self._hide_above(copy)
        if any(each.get_visible() and has_filters(each) for each in _all_of(layers)):
            # A filter may look at its whole layer, which must not be cropped then.
            self._whole = Gimp.Layer.new_from_visible(copy, copy, "seen")
            return read_pixels(self._whole, rect, RGBA)
        copy.crop(rect.width, rect.height, rect.left, rect.top)
        seen = Gimp.Layer.new_from_visible(copy, copy, "seen")
        pixels = read_pixels(seen, Rect(0, 0, rect.width, rect.height), RGBA)
        seen.delete()
        self.close()
        return pixels

    def close(self) -> None:
        """Give back what reading may have kept."""
        if self._whole is not None:
            self._whole.delete()
            self._whole = None
        if self._copy is not None:
            self._copy.delete()
            self._copy = None

    def _hides_all_below(self, rect: Rect) -> bool:
        """Return whether what is seen in a place are the pixels of one opaque layer, which saves a copy."""
        chain = [self.top, *parents(self.top)]
        extent = Document.extent_of(self.top)
        return (
            not self.top.is_group()
            and not self.top.has_alpha()
            and rect.within(extent) == rect
            and all(map(is_plain, chain))
        )

    def _hide_above(self, copy: Gimp.Image) -> list[Gimp.Layer]:
        """Hide in the copy what is above; return its layers."""
        layers = level = copy.get_layers()
        for each in reversed([self.top, *parents(self.top)]):
            position = self.image.get_item_position(each)
            for higher in level[:position]:
                higher.set_visible(False)
            level = level[position].get_children() if level[position].is_group() else []
        return layers


def open_source(document: Document, output: str) -> Source:
    """Return what a fill for this `output`, the argument of the procedures, is made from."""
    return LayerSource(document) if output == "this-layer" else SeenSource(document)


def _all_of(layers: list[Gimp.Layer]) -> list[Gimp.Layer]:
    """Return the layers and all in them."""
    found = []
    for each in layers:
        found.append(each)
        if each.is_group():
            found += _all_of(each.get_children())
    return found
