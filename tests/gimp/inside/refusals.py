"""What Fill Selection does not do, and the sentences that say so."""

from bench import (
    HEIGHT,
    REPLACE,
    RGBA,
    WIDTH,
    Gegl,
    Gimp,
    Gio,
    call,
    check,
    fills,
    get,
    new_image,
    noise,
    put,
    refused,
    select,
)


@check
def what_is_refused():
    image, layer = new_image()
    put(layer, noise(), RGBA)
    assert refused(image, [layer]) == "Nothing is selected; draw a selection around what should go."
    Gimp.Selection.all(image)
    assert "covers the whole layer" in refused(image, [layer])
    select(image)
    layer.set_lock_content(True)
    assert "pixels of this layer are locked" in refused(image, [layer], output="this-layer")
    fills(image, [layer])
    layer.set_lock_content(False)
    assert "exactly one layer" in refused(image, image.get_layers())
    channel = Gimp.Channel.new(image, "c", WIDTH, HEIGHT, 50.0, Gegl.Color.new("red"))
    image.insert_channel(channel, None, 0)
    assert "A channel is chosen" in refused(image, [channel])
    channel.set_name("Quick Mask")
    assert "Quick Mask is on" in refused(image, [channel])
    image.remove_channel(channel)
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    assert "mask of this layer is being edited" in refused(image, [mask], output="this-layer")
    fills(image, [mask])  # above it
    group = Gimp.GroupLayer.new(image, "group") if hasattr(Gimp, "GroupLayer") else Gimp.Layer.new_group(image)
    image.insert_layer(group, None, 0)
    assert "layer group has no pixels" in refused(image, [group], output="this-layer")
    layer.set_offsets(500, 500)
    assert "lies outside this layer" in refused(image, [layer], output="this-layer")
    image.delete()
    image, layer = new_image()
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 8, False, False, "")
    select(image)
    status, error, _ = call(image, [image.get_layers()[0]])
    assert status in ("execution-error", "calling-error") and error, (status, error)
    image.delete()


@check
def a_locked_group():
    """Writing into it would kill the plug-in."""
    image, layer = new_image()
    put(layer, noise(), RGBA)
    outer, inner = new_group(image, "outer"), new_group(image, "inner")
    image.insert_layer(outer, None, 0)
    image.insert_layer(inner, outer, 0)
    image.reorder_item(layer, inner, 0)
    outer.set_lock_content(True)
    select(image)
    assert "pixels of the group outer are locked" in refused(image, [layer], output="this-layer")
    for output in ("retouch-layer", "new-layer"):
        fills(image, [layer], output=output)
    names = [each.get_name() for each in image.get_layers()]
    assert names == ["photo filled", "photo retouched", "outer"], names
    image.delete()


@check
def locked_transparency():
    image, layer = new_image("RGBA")
    pixels = noise()
    pixels[30:80, 50:100, 3] = 0
    put(layer, pixels, RGBA)
    select(image)
    layer.set_lock_alpha(True)
    assert "transparency is locked" in refused(image, [layer], output="this-layer")
    fills(image, [layer])
    image.delete()


@check
def an_empty_name_of_a_model_file():
    """Script-Fu has no other way to say: none."""
    image, layer = new_image()
    put(layer, noise(), RGBA)
    select(image)
    status, error, _ = call(image, [layer], model=None, model_file=Gio.File.new_for_path(""))
    assert status == "success" or "None" not in error, error
    image.delete()


@check
def the_layer_with_the_fill_is_returned():
    image, layer = new_image()
    put(layer, noise(), RGBA)
    select(image)
    for output in ("retouch-layer", "new-layer", "this-layer"):
        returned = call(image, [layer], output=output, give_layer=True)
        expected = layer if output == "this-layer" else image.get_layers()[0]
        assert returned.get_id() == expected.get_id(), output
    image.delete()


@check
def link_layers():
    """From GIMP 3.2 on: a fill makes pixels of them, and keeps. Text needs fonts, and this GIMP has none."""
    if not hasattr(Gimp, "LinkLayer"):
        return
    image, layer = new_image()
    put(layer, noise(), RGBA)
    link = Gimp.LinkLayer.new(image, Gio.File.new_for_path("/w/in.png"))
    image.insert_layer(link, None, 0)
    image.select_rectangle(REPLACE, 5, 5, 20, 20)
    before = get(link).copy()
    fills(image, [link], output="this-layer")
    after = get(link)
    assert (after[30:] == before[30:]).all() and (after[5:25, 5:25] != before[5:25, 5:25]).any()
    image.delete()


def new_group(image, name):
    return Gimp.GroupLayer.new(image, name) if hasattr(Gimp, "GroupLayer") else Gimp.Layer.new_group(image)
