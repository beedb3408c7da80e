"""Filling what is seen: earlier fills, filters, masks, opacity, modes, layers above, transparency, scattered spots."""

from pathlib import Path

import numpy as np
from bench import (
    HEIGHT,
    REPLACE,
    RGBA,
    WIDTH,
    Gimp,
    check,
    disc,
    fills,
    flat,
    get,
    new_image,
    noise,
    put,
    refused,
    select,
)

BLUE, RED, GREEN = (0.2, 0.4, 0.8), (0.9, 0.1, 0.1), (0.1, 0.8, 0.1)
TRANSPARENCY = "plug-in-inpaint-fill-transparency"
LOG = Path("/w/home/.cache/inpaint/gimp/worker.log")


def add(image, colour, name="other", kind=Gimp.ImageType.RGBA_IMAGE, position=0):
    layer = Gimp.Layer.new(image, name, WIDTH, HEIGHT, kind, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, position)
    put(layer, flat(colour), RGBA)
    return layer


def with_object(kind="RGB"):
    """Return an image with a blue layer, a red disc on it, and the disc selected with a rim around it."""
    image, layer = new_image(kind)
    pixels = flat(BLUE)
    pixels[disc(80, 60, 20, 15)] = (*RED, 1)
    put(layer, pixels, RGBA)
    image.select_ellipse(REPLACE, 58, 43, 44, 34)
    return image, layer


def seen(image):
    copy = image.duplicate()
    shown = get(copy.flatten()).copy()
    copy.delete()
    return shown


@check
def a_second_fill_starts_from_the_first():
    for outputs in (("retouch-layer", "retouch-layer"), ("new-layer", "new-layer"), ("retouch-layer", "new-layer")):
        image, layer = with_object()
        fills(image, [layer], output=outputs[0])
        image.select_rectangle(REPLACE, 76, 40, 30, 40)  # cuts through where the disc was
        fills(image, [layer], output=outputs[1])
        shown = seen(image)[..., :3]
        assert np.abs(shown - BLUE).max() < 0.02, "the object came back"
        assert len(image.get_layers()) == (2 if outputs == ("retouch-layer", "retouch-layer") else 3)
        assert image.get_layers()[-1].get_id() == layer.get_id()
        image.delete()


@check
def filling_a_part_of_a_fill_changes_it():
    for output in ("retouch-layer", "new-layer"):
        image, layer = new_image()
        put(layer, noise(), RGBA)
        select(image)
        fills(image, [layer], output=output)
        layer_of_fill = image.get_layers()[0]
        part = select(image, 65, 45, 15, 10)
        # A blot, because what was copied from one place is copied from there again, and looks the same.
        layer_of_fill.edit_fill(Gimp.FillType.WHITE)
        before = seen(image)
        assert before[part].min() > 0.99
        fills(image, [layer if output == "new-layer" else layer_of_fill], output=output)
        changed = (seen(image) != before).any(axis=-1)
        assert changed[part].mean() > 0.9 and not changed[~part].any(), changed[part].mean()
        image.delete()


@check
def a_retouch_layer_that_cannot_be_used_gets_another_above():
    image, layer = with_object()
    fills(image, [layer])
    for change in (
        lambda each: each.set_visible(False),
        lambda each: each.set_opacity(50),
        lambda each: each.set_lock_content(True),
        lambda each: each.set_offsets(90, 0),
    ):
        change(image.get_layers()[0])
        count = len(image.get_layers())
        fills(image, [layer])
        assert len(image.get_layers()) == count + 1
    image.delete()


def exposure(layer):
    bright = Gimp.DrawableFilter.new(layer, "gegl:exposure", "bright")
    bright.get_config().set_property("exposure", 1.0)
    layer.append_filter(bright)


def half_mask(layer):
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    put(mask, np.full((HEIGHT, WIDTH, 1), 0.3, np.float32), "Y float")


LOOKS = {
    "half opaque": lambda layer: layer.set_opacity(50),
    "multiplied": lambda layer: layer.set_mode(Gimp.LayerMode.MULTIPLY),
    "masked": half_mask,
    "filtered": exposure,
    "hidden": lambda layer: layer.set_visible(False),
}


@check
def what_is_seen_is_filled():
    """However the layer is seen, the fill looks as its surroundings do."""
    for name, change in LOOKS.items():
        image, layer = with_object()
        add(image, (0.9, 0.7, 0.3), "below", Gimp.ImageType.RGB_IMAGE, 1)
        change(layer)
        before = seen(image)
        fills(image, [layer])
        after = seen(image)
        hole = disc(80, 60, 18, 13)
        assert np.abs(after[hole] - before[5, 5]).max() < 0.03, (name, after[60, 80], before[5, 5])
        assert np.abs(after - before)[~disc(80, 60, 23, 18)].max() < 1e-6, name
        image.delete()


@check
def a_group_that_changes_its_layers_gets_the_fill_above():
    image, layer = with_object()
    add(image, (0.9, 0.7, 0.3), "below", Gimp.ImageType.RGB_IMAGE, 1)
    group = Gimp.GroupLayer.new(image, "group") if hasattr(Gimp, "GroupLayer") else Gimp.Layer.new_group(image)
    image.insert_layer(group, None, 0)
    image.reorder_item(layer, group, 0)
    group.set_opacity(50)
    before = seen(image)
    fills(image, [layer])
    assert [each.get_name() for each in image.get_layers()] == ["photo retouched", "group", "below"]
    assert np.abs(seen(image)[60, 80] - before[5, 5]).max() < 0.03
    image.delete()


@check
def what_lies_above_stays_above():
    """A sign over the picture is neither filled in nor hidden, and an adjustment above is not applied twice."""
    image, layer = with_object()
    sign = add(image, GREEN, "sign")
    pixels = flat(GREEN)
    pixels[..., 3] = 0
    pixels[40:80, 100:130, 3] = 1
    put(sign, pixels, RGBA)
    darker = add(image, (0.5, 0.5, 0.5), "darker", Gimp.ImageType.RGB_IMAGE)
    darker.set_mode(Gimp.LayerMode.MULTIPLY)
    before = seen(image)
    fills(image, [layer])
    names = [each.get_name() for each in image.get_layers()]
    assert names == ["darker", "sign", "photo retouched", "photo"], names
    after = seen(image)
    assert np.abs(after[disc(80, 60, 18, 13)] - before[5, 5]).max() < 0.02
    assert (after[40:80, 103:130] == before[40:80, 103:130]).all()
    image.delete()


@check
def transparency_is_filled_too():
    """A hole across the edge of a disc: what is beyond the edge stays transparent, what is within becomes opaque."""
    image, layer = new_image("RGBA")
    inside = disc(80, 60, 50, 50)
    pixels = flat(BLUE)
    pixels[..., 3] = inside
    pixels[disc(125, 60, 8, 8)] = (*RED, 1)
    put(layer, pixels, RGBA)
    hole = select(image, 112, 45, 25, 30)
    for output in ("new-layer", "this-layer"):
        fills(image, [layer], output=output)
        filled = get(image.get_layers()[0] if output == "new-layer" else layer)
        alpha = filled[..., 3] if output == "this-layer" else np.pad(filled[..., 3], ((45, 45), (112, 23)))
        assert (alpha[hole & ~inside] > 0.5).mean() < 0.2, (output, (alpha[hole & ~inside] > 0.5).mean())
        assert (alpha[hole & inside] > 0.5).mean() > 0.95, (output, (alpha[hole & inside] > 0.5).mean())
    image.delete()


@check
def scattered_spots_are_filled_part_by_part():
    spots = [(50, 60), (1500, 90), (800, 700), (100, 1300), (1700, 1350)]
    for output, grow in (("this-layer", 0), ("this-layer", 4), ("retouch-layer", 0), ("new-layer", 0)):
        image, layer = new_image("RGB", canvas=(1800, 1400), size=(1800, 1400))
        put(layer, noise(1400, 1800), RGBA)
        mask = np.zeros((1400, 1800), bool)
        Gimp.Selection.none(image)
        for left, top in spots:
            image.select_rectangle(Gimp.ChannelOps.ADD, left, top, 20, 12)
            mask[top : top + 12, left : left + 20] = True
        before, begun = seen(image), LOG.read_text().count("fill begins")
        fills(image, [layer], output=output, grow=grow)
        assert LOG.read_text().count("fill begins") >= begun + 3, "they were filled as one"
        changed = (seen(image) != before).any(axis=-1)
        assert changed[mask].mean() > 0.9
        reach = np.zeros_like(mask)
        for left, top in spots:
            reach[top - grow : top + 12 + grow, left - grow : left + 20 + grow] = True
        assert not changed[~reach].any(), changed[~reach].sum()
        if grow:
            assert changed[reach].mean() > 0.8
        assert not image.get_channels()
        image.delete()


@check
def an_enlarged_canvas_is_filled():
    image, layer = new_image()
    put(layer, flat(BLUE), RGBA)
    image.resize(WIDTH + 40, HEIGHT + 20, 30, 0)
    Gimp.Selection.none(image)
    fills(image, [layer], name=TRANSPARENCY)
    shown = image.get_layers()[0]
    assert shown.get_name() == "photo retouched"
    copy = image.duplicate()
    merged = copy.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE)
    assert np.abs(get(merged) - (*BLUE, 1)).max() < 0.02
    copy.delete()
    assert "Nothing here is transparent" in refused(image, [layer], name=TRANSPARENCY)
    image.delete()
