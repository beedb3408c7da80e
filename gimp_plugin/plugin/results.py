"""Putting results into the image: into a layer's own pixels, into the retouch layer, or into a new layer with a mask.

GIMP goes on reacting to its user while a plug-in works. So everything is checked again here, and written through a
selection of our own: GIMP lets a plug-in write through the selection of the moment only, and what of the selection is
not written turns black.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from typing import NamedTuple

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402 - after the version is chosen

from .document import Document  # noqa: E402
from .errors import PluginError  # noqa: E402
from .geometry import Rect  # noqa: E402
from .layers import OWN, RETOUCH, can_take_more, mark, require_writable, top_of_results  # noqa: E402
from .pixels import write_buffer, write_pixels  # noqa: E402


class Result(NamedTuple):
    """What changes in one place."""

    box: Rect
    """Where, in the image."""
    rgba: bytes
    """16 bytes for each pixel."""
    strength: bytes
    """How much of it is to show, as one of `pixels.MASKS`; where nothing is, `rgba` has what was there."""


def put(document: Document, output: str, results: list[Result], name: str, *, as_selected: bool) -> Gimp.Layer:
    """Put results where `output` says, as one step to undo, and return the layer that has them.

    as_selected: whether the strength is the selection itself, neither grown nor feathered.

    Raises `PluginError`, and changes nothing, if the image is no longer what it was.
    """
    document.require_unchanged(may_move=output == "this-layer")
    Gimp.progress_end()  # its button Cancel would kill this process between two steps
    if output == "this-layer":
        require_writable(document.layer)
        right, down = document.moved
        results = [each._replace(box=each.box.moved(right, down)) for each in results]
        as_selected = as_selected and (right, down) == (0, 0)
        with _one_step(document.image):
            _write(document, document.layer, results, as_selected)
        return document.layer
    top = top_of_results(document.image, document.layer)
    with _one_step(document.image):
        if output == "retouch-layer":
            layer = top
            if not can_take_more(top, [each.box for each in results]):
                layer = _insert(document.image, top, document.canvas, f"{document.name} retouched", RETOUCH)
            _write(document, layer, results, as_selected)
            return layer
        box = reduce(Rect.around, (each.box for each in results))
        return _with_mask(_insert(document.image, top, box, name, OWN), box, results)


def _insert(image: Gimp.Image, below: Gimp.Layer, rect: Rect, name: str, kind: bytes) -> Gimp.Layer:
    """Insert an empty layer above another one. It shares one empty tile, so that a large one takes no memory."""
    kinds = {Gimp.ImageBaseType.RGB: Gimp.ImageType.RGBA_IMAGE, Gimp.ImageBaseType.GRAY: Gimp.ImageType.GRAYA_IMAGE}
    with _chosen_stays(image):
        layer = Gimp.Layer.new(
            image, name, rect.width, rect.height, kinds[image.get_base_type()], 100.0, Gimp.LayerMode.NORMAL
        )
        layer.set_offsets(rect.left, rect.top)
        mark(layer, kind)
        image.insert_layer(layer, below.get_parent(), image.get_item_position(below))
    return layer


def _with_mask(layer: Gimp.Layer, rect: Rect, results: list[Result]) -> Gimp.Layer:
    """Put results into a new layer and their strength into a mask."""
    mask = layer.create_mask(Gimp.AddMaskType.BLACK)
    layer.add_mask(mask)
    for box, rgba, strength in results:
        place = box.moved(-rect.left, -rect.top)
        write_pixels(layer, place, rgba)
        write_pixels(mask, place, strength)
    layer.set_edit_mask(False)
    return layer


def _write(document: Document, layer: Gimp.Layer, results: list[Result], as_selected: bool) -> None:
    """Put results into a layer's own pixels, as far as their strength says."""
    _, left, top = layer.get_offsets()
    shadow = layer.get_shadow_buffer()
    for box, rgba, _ in results:
        write_buffer(shadow, box.moved(-left, -top), rgba)
    del shadow
    if as_selected and document.same_selection():
        _merge(layer)
    else:
        with _selecting(document.image, results) as select:
            for result in results:
                select(result.box)
                _merge(layer)
    for box, *_ in results:
        place = box.moved(-left, -top)
        layer.update(place.left, place.top, place.width, place.height)


def _merge(layer: Gimp.Layer) -> None:
    if not layer.merge_shadow(True):
        raise PluginError("GIMP does not let this layer be changed; are its pixels locked?")


@contextmanager
def _selecting(image: Gimp.Image, results: list[Result]) -> Iterator:
    """Give a function that selects the strength of a result by its box; in the end the user's selection is back."""
    with _chosen_stays(image):
        saved = Gimp.Selection.save(image)
        Gimp.Selection.none(image)
        own = Gimp.Selection.save(image)  # nothing selected in it yet
        canvas = Rect(0, 0, image.get_width(), image.get_height())

        def select(box: Rect) -> None:
            image.select_item(Gimp.ChannelOps.REPLACE, own)
            if len(results) > 1:
                inside = box.within(canvas)
                image.select_rectangle(Gimp.ChannelOps.INTERSECT, inside.left, inside.top, inside.width, inside.height)

        try:
            for box, _, strength in results:
                write_pixels(own, box, strength)
            yield select
        finally:
            image.select_item(Gimp.ChannelOps.REPLACE, saved)
            image.remove_channel(own)
            image.remove_channel(saved)


@contextmanager
def _chosen_stays(image: Gimp.Image) -> Iterator[None]:
    """Choose again in the end what the user has chosen in the dialogs: new layers and channels take its place."""
    layers, channels = image.get_selected_layers(), image.get_selected_channels()
    try:
        yield
    finally:
        if channels:
            image.set_selected_channels(channels)
        else:
            image.set_selected_layers(layers)


@contextmanager
def _one_step(image: Gimp.Image) -> Iterator[None]:
    """Make one step to undo of everything inside."""
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()
