"""The image of a call: what is chosen and selected in it, and whether it stayed as it was.

All coordinates are the image's. Pixels are bytes here: GIMP's Python may have no numpy.
"""

from __future__ import annotations

from hashlib import blake2b
from time import monotonic

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402 - after the version is chosen

from .errors import PluginError  # noqa: E402
from .geometry import Rect  # noqa: E402
from .parts import cell_row, part, strips  # noqa: E402
from .pixels import mask_form, read_pixels  # noqa: E402

QUICK_MASK = "Quick Mask"
"""Name of the channel that GIMP makes for painting a selection."""
GLANCE_SECONDS = 0.5
"""How often to see whether the image is still there, while the engine works."""


class Document:
    """One layer of an image, and the selection."""

    def __init__(self, image: Gimp.Image, drawables: list[Gimp.Drawable]) -> None:
        if len(drawables) != 1:
            raise PluginError("Choose exactly one layer; Inpaint fills one at a time.")
        self.image = image
        drawable = drawables[0]
        self.mask_chosen = isinstance(drawable, Gimp.LayerMask)
        """Whether the layer's mask is being edited, and not the layer."""
        layer = Gimp.Layer.from_mask(drawable) if isinstance(drawable, Gimp.LayerMask) else drawable
        if not isinstance(layer, Gimp.Layer):
            if drawable.get_name() == QUICK_MASK:
                raise PluginError("Quick Mask is on; turn it off (Shift+Q), so that what you painted is selected.")
            raise PluginError("A channel is chosen; click on a layer in the Layers dialog.")
        if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
            raise PluginError("This image has a palette; choose Image > Mode > RGB first.")
        if image.get_floating_sel() is not None:
            raise PluginError("There is a floating selection; anchor it first (Layer > Anchor Layer).")
        self.layer: Gimp.Layer = layer
        self.name = layer.get_name()
        self.canvas = Rect(0, 0, image.get_width(), image.get_height())
        self.extent = self.extent_of(layer)
        """Where the layer is; it may reach over the canvas."""
        self._seen: list[tuple[Rect, bytes]] = []
        self._selected: tuple[Rect, bytes] | None = None
        self._glanced = monotonic()

    def require_layer(self) -> None:
        """Raise `PluginError` when not the layer itself is chosen, but its mask."""
        if self.mask_chosen:
            raise PluginError(
                "The mask of this layer is being edited; click on the layer's picture in the Layers dialog, or let the "
                "fill go to a layer above."
            )

    @staticmethod
    def extent_of(layer: Gimp.Layer) -> Rect:
        """Return where a layer is."""
        _, left, top = layer.get_offsets()
        return Rect(0, 0, layer.get_width(), layer.get_height()).moved(left, top)

    @property
    def has_selection(self) -> bool:
        """Whether anything is selected."""
        return self._bounds() is not None

    def selected(self, wish: str, extent: Rect) -> Rect:
        """Return the smallest rectangle with all that is selected within `extent`.

        wish: where to draw a selection, for the sentence of the `PluginError` when there is none.
        """
        bounds = self._bounds()
        if bounds is None:
            raise PluginError(f"Nothing is selected; draw a selection {wish}.")
        rect = bounds.within(extent)
        if rect.empty:
            raise PluginError(
                "The selection lies outside this layer; choose another layer, or select a part of this one."
            )
        return rect

    def parts(self, selected: Rect, grow: int, extent: Rect) -> list[Rect]:
        """Return rectangles with all that is `selected`: several where it is scattered."""
        buffer, form = self.image.get_selection(), mask_form(self.image)
        grid = [cell_row(read_pixels(buffer, strip, form), strip.width, strip.height) for strip in strips(selected)]
        return part(grid, selected, grow, extent) if any(map(any, grid)) else [selected]

    def read_selection(self, rect: Rect) -> bytes:
        """Return how much each pixel is selected, as one of `pixels.MASKS`."""
        return read_pixels(self.image.get_selection(), rect, mask_form(self.image))

    def remember(self, parts: list[Rect]) -> None:
        """Note down what is in these places, for `require_unchanged` and `same_selection`."""
        self._seen = [(rect, self._digest(rect)) for rect in parts]
        bounds = self._bounds()
        # With several parts nobody looks at what is between them, so the selection counts as another one.
        same = bounds is not None and parts == [bounds]
        self._selected = (bounds, _digest(self.read_selection(bounds))) if bounds is not None and same else None

    def glance(self) -> None:
        """Raise `PluginError` if the image or the layer is gone; to be called often, looks now and then."""
        if monotonic() - self._glanced > GLANCE_SECONDS:
            self._glanced = monotonic()
            self.require_there()

    def require_there(self) -> None:
        """Raise `PluginError` if the image was closed or the layer deleted."""
        if not self.image.is_valid():
            raise PluginError("The image was closed while Inpaint was working on it; nothing was changed.")
        if not self.layer.is_valid():
            raise PluginError("The layer was deleted while Inpaint was working on it; nothing was changed.")

    def require_unchanged(self, *, may_move: bool) -> None:
        """Raise `PluginError` if what was remembered is no longer there; `may_move`: the layer with its pixels."""
        self.require_there()
        changed = PluginError(
            f"The layer {self.name} was moved or changed while Inpaint was working on it, so that nothing was done; "
            "try again."
        )
        extent = self.extent_of(self.layer)
        if (extent.width, extent.height) != (self.extent.width, self.extent.height):
            raise changed
        canvas = Rect(0, 0, self.image.get_width(), self.image.get_height())
        if not may_move and (extent, canvas) != (self.extent, self.canvas):
            raise changed
        if any(self._digest(rect) != digest for rect, digest in self._seen):
            raise changed

    @property
    def moved(self) -> tuple[int, int]:
        """How far the layer was moved since the call: right and down."""
        now = self.extent_of(self.layer)
        return now.left - self.extent.left, now.top - self.extent.top

    def same_selection(self) -> bool:
        """Return whether the same is selected as when it was remembered."""
        if self._selected is None:
            return False
        bounds, digest = self._selected
        return self._bounds() == bounds and _digest(self.read_selection(bounds)) == digest

    def _bounds(self) -> Rect | None:
        _, some, *edges = Gimp.Selection.bounds(self.image)
        return Rect(*edges) if some else None

    def _digest(self, rect: Rect) -> bytes:
        """Return what tells the layer's pixels in a place from others; the place moves with the layer."""
        inside = rect.within(self.extent).moved(-self.extent.left, -self.extent.top)
        return b"" if inside.empty else _digest(read_pixels(self.layer, inside, None))


def _digest(pixels: bytes) -> bytes:
    return blake2b(pixels, digest_size=16).digest()
