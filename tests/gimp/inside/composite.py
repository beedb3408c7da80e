"""Composite Object: where the object lands, what of it, and that nothing else changes."""

import numpy as np
from bench import (
    HEIGHT,
    KINDS,
    REPLACE,
    RGBA,
    WIDTH,
    Gimp,
    Gio,
    call,
    check,
    disc,
    flat,
    get,
    get_native,
    load,
    new_image,
    noise,
    put,
    save,
    select,
)

COMPOSE = "plug-in-inpaint-composite-object"
GREY, RED, BLUE = (0.5, 0.5, 0.5), (0.8, 0.1, 0.1), (0.2, 0.4, 0.8)


def places(image, layer, **settings):
    """Call Composite Object and insist that it works."""
    status, error, _ = call(image, [layer], name=COMPOSE, **settings)
    assert status == "success", (status, error)


def refused(image, layer, **settings):
    """Call Composite Object and insist that it refuses; return its sentence."""
    status, error, _ = call(image, [layer], name=COMPOSE, **settings)
    assert status == "execution-error", (status, error)
    return error


def guide(selected=True, alpha=False):
    """Return an image of a red disc, 40 x 40 in the middle of 80 x 60, on grey or on nothing."""
    image, layer = new_image("RGBA" if alpha else "RGB", canvas=(80, 60), size=(80, 60))
    pixels = flat(GREY, 60, 80)
    inside = disc(40, 30, 20, 20, 60, 80)
    if alpha:
        pixels[..., 3] = 0
    pixels[inside] = (*RED, 1)
    put(layer, pixels, RGBA)
    if selected:
        image.select_ellipse(REPLACE, 20, 10, 40, 40)
    return image, layer


@check
def an_object_lands_in_the_selection():
    """Only in its box; with its own colours when nothing is to be matched; as one new layer."""
    image, layer = new_image()
    put(layer, flat(BLUE), RGBA)
    select(image, 60, 40, 40, 40)
    other, thing = guide()
    places(image, layer, object_layer=thing, cut_out="given", harmonize=False)
    above = image.get_layers()[0]
    assert above.get_name() == "photo in photo" or "photo" in above.get_name()
    shown = get(image.flatten())
    assert np.abs(shown[60, 80, :3] - RED).max() < 0.02, shown[60, 80]
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[36:84, 56:104] = False
    assert np.abs(shown[outside][:, :3] - BLUE).max() < 0.01
    assert np.abs(shown[41, 61, :3] - BLUE).max() < 0.05, "the corner of the box is background"
    image.delete()
    other.delete()


def only_the_box_changes(kind, precision):
    image, layer = new_image(kind, precision)
    put(layer, noise(), RGBA)
    select(image, 60, 40, 40, 40)
    before = get_native(layer, kind, precision).copy()
    other, thing = guide(alpha=True, selected=False)
    places(image, layer, object_layer=thing, output="this-layer")
    after = get_native(layer, kind, precision)
    changed = (before != after).any(axis=-1)
    assert changed[55:65, 75:85].mean() > 0.9
    changed[40:80, 60:100] = False
    assert not changed.any(), "pixels outside the box changed"
    image.delete()
    other.delete()


for kind_name in KINDS:
    for precision_name in ("U8_NON_LINEAR", "U16_PERCEPTUAL", "FLOAT_LINEAR"):
        function = lambda kind=kind_name, precision=precision_name: only_the_box_changes(kind, precision)  # noqa: E731
        function.__name__ = f"only_the_box_changes {kind_name} {precision_name}"
        check(function)


@check
def transparency_cuts_out():
    image, layer = new_image()
    put(layer, flat(BLUE), RGBA)
    select(image, 40, 30, 80, 60)
    other, thing = guide(alpha=True, selected=False)
    places(image, layer, object_layer=thing, harmonize=False)
    shown = get(image.flatten())
    assert np.abs(shown[60, 80, :3] - RED).max() < 0.02
    assert np.abs(shown[32, 42, :3] - BLUE).max() < 0.05
    image.delete()
    other.delete()


@check
def a_file_and_size_and_place():
    other, _ = guide(selected=False, alpha=True)
    save(other, "/w/guide.png")
    other.delete()
    image, layer = new_image()
    put(layer, flat(BLUE), RGBA)
    select(image, 40, 30, 80, 60)
    file = Gio.File.new_for_path("/w/guide.png")
    places(image, layer, object_file=file, harmonize=False, scale=50.0, move_x=-20, move_y=10)
    shown = get(image.flatten())
    assert np.abs(shown[70, 60, :3] - RED).max() < 0.02, "the middle, moved"
    assert np.abs(shown[70, 75, :3] - BLUE).max() < 0.05, "half as large"
    image.delete()


@check
def what_is_selected_can_go():
    image, layer = new_image()
    pixels = flat(BLUE)
    pixels[disc(80, 60, 30, 25)] = (0, 1, 0, 1)
    put(layer, pixels, RGBA)
    select(image, 46, 31, 68, 58)
    other, thing = guide(alpha=True, selected=False)
    places(image, layer, object_layer=thing, surroundings="fill", harmonize=False, scale=40.0)
    shown = get(image.flatten())
    assert np.abs(shown[60, 80, :3] - RED).max() < 0.02
    green = np.abs(shown[..., :3] - (0, 1, 0)).max(axis=-1) < 0.3
    assert not green.any(), f"{green.sum()} green pixels are left"
    image.delete()
    other.delete()


@check
def colours_are_matched():
    """On a dark blue photograph a red disc becomes darker when it is to belong there."""
    values = {}
    for harmonize in (False, True):
        image, layer = new_image()
        put(layer, noise() * (0.1, 0.12, 0.3, 1), RGBA)
        select(image, 50, 30, 60, 60)
        other, thing = guide(alpha=True, selected=False)
        places(image, layer, object_layer=thing, harmonize=harmonize)
        values[harmonize] = get(image.flatten())[55:65, 75:85, :3].mean(axis=(0, 1))
        image.delete()
        other.delete()
    assert np.abs(values[True] - values[False]).max() > 0.02, values


@check
def what_composite_object_refuses():
    image, layer = new_image()
    put(layer, noise(), RGBA)
    other, thing = guide(selected=False)
    assert refused(image, layer, object_layer=thing).startswith("Nothing is selected")
    select(image)
    assert "no object yet" in refused(image, layer)
    with open("/w/no-picture.png", "wb") as file:
        file.write(b"nothing")
    assert "cannot be opened as a picture" in refused(
        image, layer, object_file=Gio.File.new_for_path("/w/no-picture.png")
    )
    layer.set_lock_content(True)
    assert "locked" in refused(image, layer, object_layer=thing, output="this-layer")
    layer.set_lock_content(False)
    Gimp.Selection.none(other)
    thing.set_offsets(500, 500)
    other.select_rectangle(REPLACE, 0, 0, 20, 20)
    assert "lies outside its layer" in refused(image, layer, object_layer=thing)
    assert len(image.get_layers()) == 1
    image.delete()
    other.delete()


@check
def a_png_is_composited():
    """Checked by OpenCV afterwards."""
    image, layer = new_image()
    put(layer, noise(), RGBA)
    save(image, "/w/in-composite.png")
    image.delete()
    other, thing = guide(alpha=True, selected=False)
    image, layer = load("/w/in-composite.png")
    select(image, 100, 20, 40, 40)
    places(image, layer, object_layer=thing, output="this-layer", harmonize=False)
    save(image, "/w/out-composite.png")
    image.delete()
    other.delete()
