"""Offsets, soft selections, growing, transparency, groups: where a fill lands and how much of it shows."""

import numpy as np
from bench import (
    HEIGHT,
    REPLACE,
    RGBA,
    WIDTH,
    Gimp,
    call,
    check,
    disc,
    fills,
    flat,
    get,
    get_native,
    new_image,
    noise,
    put,
    select,
    selection_of,
)


@check
def layers_with_offsets_larger_than_the_canvas():
    image, layer = new_image(canvas=(100, 70), offset=(-30, -20))
    pixels = flat()
    pixels[disc(80, 60, 20, 15)] = (1, 0, 0, 1)
    put(layer, pixels, RGBA)
    image.select_ellipse(REPLACE, 58 - 30, 43 - 20, 44, 34)
    for output in ("new-layer", "this-layer"):
        fills(image, [layer], output=output)
    assert np.abs(get(layer)[..., :3] - (0.2, 0.4, 0.8)).max() < 0.01
    above = image.get_layers()[0]
    assert above.get_offsets()[1:] == (28, 23), above.get_offsets()
    image.delete()


@check
def a_selection_partly_outside_the_layer():
    """What is transparent around the layer stays so, also in the hole."""
    for offset, edge in (((100, 70), np.s_[20:, 20:]), ((-120, -90), np.s_[:20, :20])):
        image, layer = new_image(canvas=(WIDTH, HEIGHT), offset=offset)
        put(layer, noise(), RGBA)
        if offset[0] > 0:
            image.select_rectangle(REPLACE, 80, 50, 60, 40)
            inside = np.s_[:20, :40]
        else:
            image.select_rectangle(REPLACE, 20, 10, 40, 35)
            inside = np.s_[100:120, 140:160]
        before = get(layer, "R'G'B' u8", np.uint8, 3).copy()
        fills(image, [layer], output="new-layer")
        above = image.get_layers()[0]
        expected = np.zeros((above.get_height(), above.get_width()))
        expected[edge] = 1
        assert (get(above)[..., 3] != expected).mean() < 0.1  # the corner becomes round
        fills(image, [layer], output="this-layer")
        changed = (get(layer, "R'G'B' u8", np.uint8, 3) != before).any(axis=-1)
        assert changed[inside].mean() > 0.9 and changed.sum() == changed[inside].sum()
        image.delete()


@check
def soft_selections():
    image, layer = new_image("RGB", "FLOAT_NON_LINEAR")
    put(layer, noise(), RGBA)
    select(image)
    Gimp.Selection.feather(image, 12)
    soft = selection_of(image)
    assert ((soft > 0) & (soft < 1)).any()
    before = get(layer).copy()
    fills(image, [layer], output="new-layer")
    above = image.get_layers()[0]
    shown = np.zeros((HEIGHT, WIDTH), np.float32)
    left, top = above.get_offsets()[1:]
    mask = get(above.get_mask(), "Y float", np.float32, 1)[..., 0]
    shown[top : top + above.get_height(), left : left + above.get_width()] = mask
    assert np.abs(shown - soft).max() < 1e-3
    fills(image, [layer], output="this-layer")
    after = get(layer)
    assert after[soft == 0].tobytes() == before[soft == 0].tobytes()
    assert (after[soft > 0.5] != before[soft > 0.5]).any(axis=-1).mean() > 0.95
    weak, strong = np.abs(after - before)[(soft > 0) & (soft < 0.2)].mean(), np.abs(after - before)[soft > 0.8].mean()
    assert weak < strong, (weak, strong)
    assert (selection_of(image) == soft).all()
    image.delete()


@check
def grow_and_feather():
    image, layer = new_image("RGB", "U16_NON_LINEAR")
    put(layer, noise(), RGBA)
    mask = select(image)
    before = get_native(layer, "RGB", "U16_NON_LINEAR").copy()
    fills(image, [layer], output="this-layer", grow=5)
    changed = (get_native(layer, "RGB", "U16_NON_LINEAR") != before).any(axis=-1)
    assert changed[mask].mean() > 0.95 and changed[35:65, 60:90].mean() > 0.95 and changed[40:60, 55:95].mean() > 0.95
    assert not changed[:35].any() and not changed[65:].any() and not changed[:, :55].any() and not changed[:, 95:].any()
    assert (selection_of(image) == mask).all(), "the selection is not what it was"
    assert not image.get_channels() and image.get_selected_layers()[0].get_id() == layer.get_id()
    put(layer, noise(), RGBA)
    fills(image, [layer], output="new-layer", feather=6)
    shown = get(image.get_layers()[0].get_mask(), "Y float", np.float32, 1)[..., 0]
    assert 0 < shown[0, 15] < shown[3, 15] < shown[9, 15] == 1
    image.delete()


@check
def transparent_surroundings():
    image, layer = new_image("RGBA")
    pixels = flat()
    pixels[:, :20] = (0, 1, 0, 0)  # green that nobody sees
    pixels[40:60, 20:50] = (1, 0, 0, 1)
    put(layer, pixels, RGBA)
    image.select_rectangle(REPLACE, 20, 40, 30, 20)
    fills(image, [layer], output="this-layer")
    filled = get(layer)[40:60, 20:50]
    assert np.abs(filled - (0.2, 0.4, 0.8, 1)).max() < 0.01, filled.reshape(-1, 4).mean(axis=0)
    image.delete()


@check
def values_beyond_white_stay():
    image, layer = new_image("RGB", "FLOAT_LINEAR")
    pixels = noise() * 4 - 1
    put(layer, pixels, "RGBA float")
    mask = select(image)
    before = get_native(layer, "RGB", "FLOAT_LINEAR").copy()
    fills(image, [layer], output="this-layer")
    after = get_native(layer, "RGB", "FLOAT_LINEAR")
    assert after[~mask].tobytes() == before[~mask].tobytes()
    # A fill is as bright as what is around it, beyond white as well.
    low, high = before[~mask].min(), before[~mask].max()
    lowest, highest = after[mask].min(), after[mask].max()
    assert lowest > low - 0.1, (lowest, low)
    assert 1 < highest < high + 0.1, (highest, high)
    image.delete()


@check
def the_last_values_again():
    image, layer = new_image()
    put(layer, noise(), RGBA)
    select(image)
    status, error, _ = call(image, [layer], mode=Gimp.RunMode.WITH_LAST_VALS, model=None)
    assert status == "success", error
    assert len(image.get_layers()) == 2
    image.delete()


@check
def a_layer_in_a_group():
    image, layer = new_image()
    put(layer, noise(), RGBA)
    group = Gimp.GroupLayer.new(image, "group") if hasattr(Gimp, "GroupLayer") else Gimp.Layer.new_group(image)
    image.insert_layer(group, None, 0)
    image.reorder_item(layer, group, 0)
    select(image)
    fills(image, [layer])
    assert [each.get_name() for each in group.get_children()] == ["photo retouched", "photo"]
    image.delete()
