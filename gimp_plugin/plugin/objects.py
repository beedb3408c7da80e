"""Reading the object to be placed: from a layer of any open image, or from a file."""

from __future__ import annotations

from dataclasses import dataclass

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, Gio  # noqa: E402 - after the version is chosen

from .errors import PluginError  # noqa: E402
from .geometry import Rect, with_rim  # noqa: E402
from .pixels import RGBA, mask_form, read_pixels  # noqa: E402


@dataclass(frozen=True)
class GuideObject:
    """A part of a picture with an object in it, and a little around it."""

    name: str
    width: int
    height: int
    box: Rect
    """Where in this part the object is."""
    rgba: bytes
    """16 bytes for each pixel, as `pixels.RGBA`."""
    selection: bytes
    """How much each pixel is selected, as one of `pixels.MASKS`; all of it where nothing is."""


def open_object(layer: Gimp.Drawable | None, file: Gio.File | None, target: Gimp.Image) -> GuideObject:
    """Read the object: from `file` if there is one, otherwise from `layer`.

    The selection of the layer's image is the object's box, unless that image is the `target` itself, whose selection
    says where the object goes. Raises `PluginError` with a sentence for the user.
    """
    if file is not None:
        return _from_file(file)
    if layer is None:
        raise PluginError("There is no object yet; choose a layer that shows it, or a file.")
    if layer.is_group():
        raise PluginError("A layer group has no pixels of its own; choose a layer in it as the object.")
    image = layer.get_image()
    same = image.get_id() == target.get_id()
    return _from_layer(image, layer, layer.get_name(), selected=not same)


def _from_file(file: Gio.File) -> GuideObject:
    name = file.get_basename() or "object"
    try:
        image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file)
    except Exception:  # GLib's error has no type of its own in Python
        image = None
    if image is None:
        raise PluginError(f"{name} cannot be opened as a picture; choose another file.")
    try:
        layer = image.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE)
        return _from_layer(image, layer, name.rsplit(".", 1)[0], selected=False)
    finally:
        image.delete()


def _from_layer(image: Gimp.Image, layer: Gimp.Drawable, name: str, *, selected: bool) -> GuideObject:
    whole = Rect(0, 0, layer.get_width(), layer.get_height())
    _, right, down = layer.get_offsets()
    some, *edges = Gimp.Selection.bounds(image)[1:] if selected else (False,)
    box = Rect(*edges).moved(-right, -down).within(whole) if some else whole
    if box.empty:
        raise PluginError(f"The selection in the object's image lies outside its layer {name}; select a part of it.")
    part = with_rim(box, whole)
    return GuideObject(
        name=name,
        width=part.width,
        height=part.height,
        box=box.moved(-part.left, -part.top),
        rgba=read_pixels(layer, part, RGBA),
        selection=read_pixels(image.get_selection(), part.moved(right, down), mask_form(image))
        if some
        else b"\xff" * (part.width * part.height),
    )
