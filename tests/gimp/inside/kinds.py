"""Every kind of image and precision, both outputs: only selected pixels change, to the bit."""

import os

import numpy as np
from bench import (
    CHECKS,
    FILL,
    KINDS,
    PRECISIONS,
    REPLACE,
    RGBA,
    Gimp,
    check,
    disc,
    fills,
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
    fills(image, [layer], output="new-layer")
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


def the_retouch_layer_shows_only_there(kind, precision):
    """In the retouch layer, twice: the layer keeps its bits, and the second fill goes into the same layer."""
    image, layer = new_image(kind, precision)
    put(layer, noise(), RGBA)
    mask = select(image)
    before = get_native(layer, kind, precision).copy()
    fills(image, [layer])
    mask |= select(image, 80, 30, 30, 20)
    fills(image, [layer])
    assert get_native(layer, kind, precision).tobytes() == before.tobytes()
    above, same = image.get_layers()
    assert same.get_id() == layer.get_id() and above.get_name() == "photo retouched"
    assert image.get_selected_layers()[0].get_id() == layer.get_id()
    alpha = get(above)[..., 3]
    assert (alpha[mask] == 1).all() and (alpha[~mask] == 0).all()
    shown = get_native(image.flatten(), kind.removesuffix("A"), precision)
    colours = before[..., : shown.shape[-1]]
    assert np.isclose(shown[~mask].astype(float), colours[~mask].astype(float), rtol=1e-3, atol=1e-3).all()
    assert (shown[mask] != colours[mask]).any(axis=-1).mean() > 0.9
    image.delete()


for kind_name in KINDS:
    for precision_name in ("U8_NON_LINEAR", "U16_PERCEPTUAL", "FLOAT_LINEAR"):
        CHECKS[f"the_retouch_layer_shows_only_there {kind_name} {precision_name}"] = (
            lambda kind=kind_name, precision=precision_name: the_retouch_layer_shows_only_there(kind, precision)
        )
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
