"""Where in the stack of layers a result goes, and what may be written to."""

from __future__ import annotations

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402 - after the version is chosen

from .errors import PluginError  # noqa: E402
from .geometry import Rect  # noqa: E402

MARK = "inpaint-result"
"""Name of what is attached to the layers with results, which tells them from the user's own; stays in saved files."""
RETOUCH = b"retouch-layer"
OWN = b"new-layer"
PERSISTENT, UNDOABLE = 1, 2
"""GIMP's flags of what is attached. Without the second one nothing before it can be undone."""
NORMAL = (Gimp.LayerMode.NORMAL, Gimp.LayerMode.PASS_THROUGH)


def siblings(image: Gimp.Image, item: Gimp.Item) -> list[Gimp.Layer]:
    """Return the layers beside an item and itself, the uppermost first."""
    parent = item.get_parent()
    return image.get_layers() if parent is None else parent.get_children()


def parents(item: Gimp.Item) -> list[Gimp.GroupLayer]:
    """Return the groups that an item is in, the innermost first."""
    found = []
    while (item := item.get_parent()) is not None:
        found.append(item)
    return found


def has_filters(layer: Gimp.Layer) -> bool:
    """Return whether a filter that stays editable changes how a layer looks."""
    return any(each.get_visible() for each in layer.get_filters())


def is_plain(layer: Gimp.Layer) -> bool:
    """Return whether a layer is seen as its pixels are: no mode, opacity, mask, filter, and not hidden."""
    return (
        layer.get_visible()
        and layer.get_mode() in NORMAL
        and layer.get_opacity() >= 100
        and (layer.get_mask() is None or not layer.get_apply_mask())
        and not has_filters(layer)
    )


def mark_of(layer: Gimp.Layer) -> bytes:
    """Return which kind of result a layer is, `RETOUCH` or `OWN`; empty for the user's own."""
    parasite = layer.get_parasite(MARK)
    return bytes(parasite.get_data()) if parasite is not None else b""


def mark(layer: Gimp.Layer, kind: bytes) -> None:
    """Remember that a layer is a result."""
    layer.attach_parasite(Gimp.Parasite.new(MARK, PERSISTENT | UNDOABLE, kind))


def top_of_results(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Layer:
    """Return what the next result for a layer goes on top of.

    This is the highest of the results right above the layer, the layer itself where there is none, or the group around
    it where the group changes how its layers look, or is locked.
    """
    for group in parents(layer):
        if not is_plain(group) or group.get_lock_content():
            layer = group
    stack = siblings(image, layer)
    position = image.get_item_position(layer)
    while position > 0 and mark_of(stack[position - 1]):
        position -= 1
    return stack[position]


def can_take_more(layer: Gimp.Layer, boxes: list[Rect]) -> bool:
    """Return whether a layer is a retouch layer that still shows what is put into it, in all these places."""
    _, left, top = layer.get_offsets()
    whole = Rect(left, top, left + layer.get_width(), top + layer.get_height())
    return (
        mark_of(layer) == RETOUCH
        and is_plain(layer)
        and layer.has_alpha()
        and not layer.get_lock_content()
        and not layer.get_lock_alpha()
        and all(box.within(whole) == box for box in boxes)
    )


def drawn_from(layer: Gimp.Layer) -> str:
    """Return what GIMP draws a layer's pixels from, in words; empty for a layer that is nothing but pixels."""
    for kind, words in (("TextLayer", "text"), ("VectorLayer", "path"), ("LinkLayer", "linked file")):
        if hasattr(Gimp, kind) and isinstance(layer, getattr(Gimp, kind)):
            drawn = getattr(layer, "is_rasterized", None)  # from GIMP 3.2 on
            return "" if drawn is not None and drawn() else words
    return ""


def require_writable(layer: Gimp.Layer) -> None:
    """Raise `PluginError` when a layer's own pixels cannot be changed. Writing all the same would kill the plug-in."""
    other = "or let it go to a layer above"
    if layer.is_group():
        raise PluginError(f"A layer group has no pixels of its own; choose a layer in it, {other}.")
    if layer.get_lock_content():
        raise PluginError(f"The pixels of this layer are locked; unlock them, {other}.")
    for group in parents(layer):
        if group.get_lock_content():
            raise PluginError(f"The pixels of the group {group.get_name()} are locked; unlock them, {other}.")
