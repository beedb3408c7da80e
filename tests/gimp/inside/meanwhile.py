"""The user goes on working while a fill runs: the result goes where it was asked for, or nothing happens.

GIMP takes no second call from this script while the first one runs. So the copy of the plug-in in GIMP's folder gets
another `client.py`, whose `call` runs a piece of code when the engine has answered: what a user may have done by then.
"""

import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from bench import (
    CHECKS,
    HEIGHT,
    REPLACE,
    RGBA,
    WIDTH,
    Gimp,  # noqa: F401 - for the pieces of code
    call,
    check,
    fills,
    get,
    new_image,
    noise,
    put,
    select,
    selection_of,
)

PLUGIN = Path(os.environ["GIMP3_DIRECTORY"], "plug-ins", "inpaint-fill", "plugin")
WRAPPER = """
from gi.repository import Gimp
from .real_client import *
from . import real_client

def call(*args, **options):
    answer = real_client.call(*args, **options)
    image = max(Gimp.get_images(), key=lambda each: each.get_id())
    layer = image.get_layers()[-1]
    exec({code!r})
    return answer
"""


@contextmanager
def meanwhile(code):
    """Let the plug-in run `code`, with `image` and its lowest `layer`, before it sees the engine's answer."""
    real, wrapper = PLUGIN / "real_client.py", PLUGIN / "client.py"
    wrapper.rename(real)
    try:
        wrapper.write_text(WRAPPER.format(code=code))
        yield
    finally:
        real.replace(wrapper)


def photograph(kind="RGB"):
    image, layer = new_image(kind)
    put(layer, noise(), RGBA)
    return image, layer, select(image)


def only_changed(layer, before, mask):
    changed = (get(layer) != before).any(axis=-1)
    assert changed[mask].mean() > 0.9, f"{changed[mask].mean():.0%} of the selection changed"
    assert not changed[~mask].any(), f"{changed[~mask].sum()} pixels outside the selection changed"


SELECTIONS = {
    "none": "Gimp.Selection.none(image)",
    "all": "Gimp.Selection.all(image)",
    "inverted": "Gimp.Selection.invert(image)",
    "moved": "image.select_rectangle(Gimp.ChannelOps.REPLACE, 5, 5, 60, 60)",
    "soft": "Gimp.Selection.feather(image, 10)",
}


def the_selection_changes(code, output, settings):
    """The fill goes to what was selected when it was asked for, and the user's new selection stays."""
    image, layer, mask = photograph()
    before = get(layer).copy()
    with meanwhile(code):
        fills(image, [layer], output=output, **settings)
    after = selection_of(image).copy()
    image.select_rectangle(REPLACE, 60, 40, 30, 20)
    exec(code)
    assert (after == selection_of(image)).all(), "the user's selection is another one"
    if settings:
        mask = np.zeros_like(mask)
        mask[37:63, 57:93] = True
        mask[37:40, [57, 58, 59, 90, 91, 92]] = mask[60:63, [57, 58, 59, 90, 91, 92]] = False  # round corners
        changed = (get(layer if output == "this-layer" else image.flatten()) != before).any(axis=-1)
        assert changed[mask].mean() > 0.9
        assert not changed[:37].any() and not changed[63:].any() and not changed[:, :57].any()
    else:
        only_changed(layer if output == "this-layer" else image.flatten(), before, mask)
    assert not image.get_channels()
    image.delete()


def note(function, name, *arguments):
    """Note down a check with arguments."""
    CHECKS[name] = lambda: function(*arguments)


for selection_name, selection_code in SELECTIONS.items():
    note(
        the_selection_changes,
        f"this_layer_while_the_selection_becomes {selection_name}",
        selection_code,
        "this-layer",
        {},
    )
note(the_selection_changes, "this_layer_grown_while_all_is_selected", SELECTIONS["all"], "this-layer", {"grow": 3})
note(the_selection_changes, "retouch_layer_while_the_selection_is_moved", SELECTIONS["moved"], "retouch-layer", {})
note(the_selection_changes, "new_layer_while_nothing_is_selected", SELECTIONS["none"], "new-layer", {"grow": 3})


@check
def the_layer_is_moved_meanwhile():
    """Its own pixels went with it, and so does the fill; what is seen at the old place is something else."""
    image, layer, mask = photograph()
    before = get(layer).copy()
    with meanwhile("layer.set_offsets(13, -7)"):
        fills(image, [layer], output="this-layer")
    only_changed(layer, before, mask)
    image.delete()
    image, layer, _ = photograph()
    with meanwhile("layer.set_offsets(13, -7)"):
        status, error, _ = call(image, [layer], output="retouch-layer")
    assert status == "execution-error" and "moved or changed" in error, error
    assert len(image.get_layers()) == 1
    image.delete()


CHANGES = {
    "mirrored": ("image.flip(Gimp.OrientationType.HORIZONTAL)", "moved or changed"),
    "layer mirrored": (
        "Gimp.Selection.none(image); layer.transform_flip_simple(Gimp.OrientationType.HORIZONTAL, True, 0)",
        "moved or changed",
    ),
    "cropped": ("image.crop(100, 80, 10, 10)", "moved or changed"),
    "enlarged": ("image.scale(320, 240)", "moved or changed"),
    "painted over": ("layer.fill(Gimp.FillType.WHITE)", "moved or changed"),
    "layer deleted": ("image.remove_layer(layer)", "deleted"),
}


def the_image_changes(code, sentence, output):
    image, layer, _ = photograph()
    if "remove_layer" in code:
        other = layer.copy()
        image.insert_layer(other, None, 0)
    with meanwhile(code):
        status, error, _ = call(image, [layer], output=output)
    assert status == "execution-error", (status, error)
    assert sentence in error and "bug" not in error, error
    if image.is_valid():
        assert len(image.get_layers()) == 1, "there is a new layer"
        if "WHITE" in code:
            assert (get(layer) == 1).all()
        image.delete()


for change, (change_code, change_sentence) in CHANGES.items():
    note(the_image_changes, f"this_layer_while {change}", change_code, change_sentence, "this-layer")
for change, output_name in (
    ("mirrored", "retouch-layer"),
    ("layer deleted", "retouch-layer"),
    ("cropped", "new-layer"),
):
    note(the_image_changes, f"{output_name}_while {change}", *CHANGES[change], output_name)


@check
def the_layer_is_locked_meanwhile():
    image, layer, _ = photograph()
    before = get(layer).copy()
    with meanwhile("layer.set_lock_content(True)"):
        status, error, _ = call(image, [layer], output="this-layer")
    assert status == "execution-error" and "locked" in error, error
    assert get(layer).tobytes() == before.tobytes()
    image.delete()


@check
def other_things_stay_selected():
    """A path, a channel or another layer that the user chose meanwhile stays chosen."""
    image, layer, mask = photograph()
    other = layer.copy()
    image.insert_layer(other, None, 0)
    before = get(layer).copy()
    with meanwhile("image.set_selected_layers([image.get_layers()[0]]); Gimp.Selection.none(image)"):
        fills(image, [layer], output="this-layer", grow=0)
    only_changed(layer, before, mask)
    assert [each.get_id() for each in image.get_selected_layers()] == [other.get_id()]
    assert (get(other) == before).all() and (layer.get_width(), layer.get_height()) == (WIDTH, HEIGHT)
    image.delete()
