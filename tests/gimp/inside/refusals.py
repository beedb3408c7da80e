"""What Fill Selection does not do, and the sentences that say so."""

from bench import HEIGHT, RGBA, WIDTH, Gegl, Gimp, Gio, call, check, fills, new_image, noise, put, refused, select


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
    fills(image, [layer], output="new-layer")
    layer.set_lock_content(False)
    assert "exactly one layer" in refused(image, image.get_layers())
    channel = Gimp.Channel.new(image, "c", WIDTH, HEIGHT, 50.0, Gegl.Color.new("red"))
    image.insert_channel(channel, None, 0)
    assert "does not fill masks and channels" in refused(image, [channel])
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    assert "does not fill masks and channels" in refused(image, [mask])
    group = Gimp.GroupLayer.new(image, "group") if hasattr(Gimp, "GroupLayer") else Gimp.Layer.new_group(image)
    image.insert_layer(group, None, 0)
    assert "layer group has no pixels" in refused(image, [group])
    layer.set_offsets(500, 500)
    assert "lies outside this layer" in refused(image, [layer])
    image.delete()
    image, layer = new_image()
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 8, False, False, "")
    select(image)
    status, error, _ = call(image, [image.get_layers()[0]])
    assert status in ("execution-error", "calling-error") and error, (status, error)
    image.delete()


@check
def link_layers():
    if not hasattr(Gimp, "LinkLayer"):
        return
    image, layer = new_image()
    put(layer, noise(), RGBA)
    link = Gimp.LinkLayer.new(image, Gio.File.new_for_path("/w/in.png"))
    image.insert_layer(link, None, 0)
    select(image)
    assert "rasterize it first" in refused(image, [link], output="this-layer")
    fills(image, [link], output="new-layer")
    image.delete()
