"""Runs inside GIMP without a window: every kind of image, both outputs, offsets, edges, and what is refused.

Writes /w/headless.json: one entry for each check, with what went wrong.
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, "/t/inside")
import numpy as np
from bench import (
    FILL,
    HEIGHT,
    KINDS,
    PRECISIONS,
    REPLACE,
    WIDTH,
    Gegl,
    Gimp,
    Gio,
    call,
    disc,
    fills,
    flat,
    get,
    get_native,
    load,
    new_image,
    noise,
    put,
    refused,
    save,
    selection_of,
)

RGBA = "R'G'B'A float"
CHECKS = {}


def check(function):
    CHECKS[function.__name__] = function
    return function


def select(image, left=60, top=40, width=30, height=20):
    image.select_rectangle(REPLACE, left, top, width, height)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top : top + height, left : left + width] = True
    return mask


@check
def registered():
    assert Gimp.get_pdb().procedure_exists(FILL)


def only_selected_pixels_change(kind, precision, profile=None):
    """In the layer: all selected pixels get new values, and all others keep their bits."""
    image, layer = new_image(kind, precision)
    if profile is not None:
        image.set_color_profile(profile)
    put(layer, noise(), RGBA)
    mask = select(image)
    before = get_native(layer, kind, precision).copy()
    fills(image, [layer], output="this-layer")
    after = get_native(layer, kind, precision)
    assert before[~mask].tobytes() == after[~mask].tobytes(), "pixels outside the selection changed"
    changed = (before[mask] != after[mask]).any(axis=-1).mean()
    assert changed > 0.9, f"only {changed:.0%} of the selection changed"
    assert np.isfinite(after[mask].astype(float)).all()
    image.delete()


def a_new_layer_shows_only_there(kind, precision):
    """In a new layer: the layer itself keeps all its bits, and the sight changes only inside the selection."""
    image, layer = new_image(kind, precision)
    put(layer, noise(), RGBA)
    mask = select(image)
    before = get_native(layer, kind, precision).copy()
    fills(image, [layer])
    assert get_native(layer, kind, precision).tobytes() == before.tobytes()
    above, same = image.get_layers()
    assert same.get_id() == layer.get_id() and above.get_name() == "photo filled"
    assert image.get_selected_layers()[0].get_id() == layer.get_id()
    assert above.get_offsets()[1:] == (60, 40) and (above.get_width(), above.get_height()) == (30, 20)
    assert (get(above.get_mask(), "Y float", np.float32, 1) == 1).all()
    flattened = image.flatten()
    shown = get_native(flattened, kind.removesuffix("A"), precision)
    colours = before[..., : shown.shape[-1]]
    assert np.isclose(shown[~mask].astype(float), colours[~mask].astype(float), rtol=1e-3, atol=1e-3).all()
    assert (shown[mask] != colours[mask]).any(axis=-1).mean() > 0.9
    image.delete()


for kind_name in KINDS:
    for precision_name in PRECISIONS:
        for test in (only_selected_pixels_change, a_new_layer_shows_only_there):
            if os.environ.get("QUICK") and precision_name not in ("U8_NON_LINEAR", "FLOAT_LINEAR"):
                continue
            CHECKS[f"{test.__name__} {kind_name} {precision_name}"] = (
                lambda test=test, kind=kind_name, precision=precision_name: test(kind, precision)
            )

PROFILES = {
    "adobe": Gimp.ColorProfile.new_rgb_adobe,
    "linear": Gimp.ColorProfile.new_rgb_srgb_linear,
}
for profile_name, make_profile in PROFILES.items():
    for precision_name in ("U8_NON_LINEAR", "U16_NON_LINEAR", "FLOAT_NON_LINEAR"):
        CHECKS[f"only_selected_pixels_change in profile {profile_name} {precision_name}"] = (
            lambda make=make_profile, precision=precision_name: only_selected_pixels_change("RGB", precision, make())
        )


@check
def the_fill_is_what_the_engine_made():
    for kind, precision in (("RGB", "U8_NON_LINEAR"), ("RGBA", "FLOAT_LINEAR"), ("RGB", "U16_PERCEPTUAL")):
        image, layer = new_image(kind, precision)
        pixels = flat()
        pixels[disc(80, 60, 20, 15)] = (1, 0, 0, 1)
        put(layer, pixels, RGBA)
        image.select_ellipse(REPLACE, 58, 43, 44, 34)
        fills(image, [layer], output="this-layer")
        assert np.abs(get(layer)[..., :3] - (0.2, 0.4, 0.8)).max() < 0.01, (kind, precision)
        image.delete()


@check
def a_png_goes_through():
    image, layer = new_image()
    pixels = flat()
    pixels[disc(80, 60, 20, 15)] = (1, 0, 0, 1)
    put(layer, pixels, RGBA)
    save(image, "/w/in.png")
    image.delete()
    for output in ("new-layer", "this-layer"):
        image, layer = load("/w/in.png")
        image.select_ellipse(REPLACE, 58, 43, 44, 34)
        fills(image, [layer], output=output)
        save(image, f"/w/out-{output}.png")
        image.delete()
    image, layer = new_image("RGBA", "U16_NON_LINEAR")
    put(layer, noise(), RGBA)
    save(image, "/w/in-16.png")
    select(image)
    fills(image, [layer], output="this-layer")
    save(image, "/w/out-16.png")
    image.delete()


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
    for offset, expected in (((100, 70), (100, 70)), ((-120, -90), (0, 0))):
        image, layer = new_image(canvas=(WIDTH, HEIGHT), offset=offset)
        put(layer, noise(), RGBA)
        if offset[0] > 0:
            image.select_rectangle(REPLACE, 80, 50, 60, 40)
            inside = np.s_[:20, :40]
        else:
            image.select_rectangle(REPLACE, 0, 0, 20, 15)
            inside = np.s_[90:105, 120:140]
        before = get(layer, "R'G'B' u8", np.uint8, 3).copy()
        fills(image, [layer], output="new-layer")
        above = image.get_layers()[0]
        assert above.get_offsets()[1:] == expected, above.get_offsets()
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
    fills(image, [layer])
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
    fills(image, [layer], feather=6)
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
    assert after[mask].min() >= -1e-6 and after[mask].max() <= 1 + 1e-6
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
def a_layer_in_a_group():
    image, layer = new_image()
    put(layer, noise(), RGBA)
    group = Gimp.GroupLayer.new(image, "group") if hasattr(Gimp, "GroupLayer") else Gimp.Layer.new_group(image)
    image.insert_layer(group, None, 0)
    image.reorder_item(layer, group, 0)
    select(image)
    fills(image, [layer])
    assert [each.get_name() for each in group.get_children()] == ["photo filled", "photo"]
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


@check
def models_that_are_missing_or_broken():
    image, layer = new_image()
    put(layer, noise(), RGBA)
    select(image)
    status, _, _ = call(image, [layer], model="missing")  # GIMP itself refuses a file that is not there
    assert status == "calling-error"
    (bundled,) = Path("/opt/inpaint/lib").glob("python3*/site-packages/inpaint/weights/bundled/*.onnx")
    bundled.rename(f"{bundled}.away")
    try:
        assert "should have come with Inpaint and is missing" in refused(image, [layer], model=None)
    finally:
        Path(f"{bundled}.away").rename(bundled)
    assert "is not an ONNX model" in refused(image, [layer], model="broken")
    image.delete()


@check
def an_engine_that_is_not_installed():
    image, layer = new_image()
    put(layer, noise(), RGBA)
    select(image)
    config = f"{os.environ['GIMP3_DIRECTORY']}/plug-ins/inpaint-fill/engine.json"
    with open(config) as file:
        record = json.load(file)
    os.rename(config, config + ".away")
    try:
        assert "engine is not installed" in refused(image, [layer])
        for change, sentence in (
            ({"python": "/nowhere/python"}, "/nowhere/python, cannot be started"),
            ({"python": "/usr/bin/python3"}, "does not start"),
        ):
            with open(config, "w") as file:
                json.dump({**record, "runtime": "/w/other-runtime", **change}, file)
            error = refused(image, [layer])
            assert sentence in error and "inpaint gimp install" in error, error
    finally:
        os.rename(config + ".away", config)
    fills(image, [layer])
    image.delete()


@check
def the_bundled_model_is_the_default():
    image, layer = new_image()
    put(layer, noise(), RGBA)
    select(image)
    fills(image, [layer], model=None)
    image.delete()


@check
def a_killed_engine_costs_one_sentence():
    import signal
    import threading

    config = f"{os.environ['GIMP3_DIRECTORY']}/plug-ins/inpaint-fill/engine.json"
    with open(config) as file:
        runtime = json.load(file)["runtime"]

    def kill():
        log, start = Path(runtime, "worker.log"), time.monotonic()
        begun = log.read_text().count("fill begins")
        while log.read_text().count("fill begins") == begun and time.monotonic() - start < 30:
            time.sleep(0.1)
        time.sleep(1)
        with open(f"{runtime}/worker.json") as file:
            os.kill(json.load(file)["pid"], signal.SIGKILL)

    image, layer = new_image(canvas=(900, 900), size=(900, 900))
    put(layer, noise(900, 900), RGBA)
    image.select_rectangle(REPLACE, 200, 200, 500, 500)
    before = get(layer).copy()
    killer = threading.Thread(target=kill)
    killer.start()
    error = refused(image, [layer], model="slow", output="this-layer")
    killer.join()
    assert "stopped in the middle of the work" in error, error
    assert get(layer).tobytes() == before.tobytes()
    assert fills(image, [layer], output="this-layer") < 30
    image.delete()


def main():
    results, timings = {}, {}
    for name, function in CHECKS.items():
        if os.environ.get("ONLY") and os.environ["ONLY"] not in name:
            continue
        start = time.monotonic()
        try:
            function()
            results[name] = ""
        except Exception:
            results[name] = traceback.format_exc()
            for image in Gimp.get_images():
                image.delete()
        timings[name] = round(time.monotonic() - start, 2)
    with open("/w/headless.json", "w") as file:
        json.dump({"checks": results}, file, indent=1)
    # The second fill of a 512-pixel hole, as the issue of this plug-in asks.
    image, layer = new_image("RGB", canvas=(1536, 1536), size=(1536, 1536))
    put(layer, noise(1536, 1536), RGBA)
    image.select_rectangle(REPLACE, 512, 512, 512, 512)
    seconds = [round(fills(image, [layer], model=None, output="this-layer"), 2) for _ in range(3)]
    with open("/w/headless.json", "w") as file:
        record = {"gimp": Gimp.version(), "hole_of_512": seconds, "checks": results, "seconds": timings}
        json.dump(record, file, indent=1)


main()
