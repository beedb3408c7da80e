"""What the tests inside GIMP share: pictures, calls, pixels. Imported by scripts that GIMP's Python-Fu runs."""

import time

import gi
import numpy as np

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp, Gio  # noqa: E402

FILL = "plug-in-inpaint-fill-selection"
MODELS = "/opt/models"
WIDTH, HEIGHT = 160, 120
RGBA = "R'G'B'A float"
CHECKS = {}

Base, Kind, Precision = Gimp.ImageBaseType, Gimp.ImageType, Gimp.Precision
REPLACE = Gimp.ChannelOps.REPLACE

KINDS = {
    "RGB": (Base.RGB, Kind.RGB_IMAGE),
    "RGBA": (Base.RGB, Kind.RGBA_IMAGE),
    "GRAY": (Base.GRAY, Kind.GRAY_IMAGE),
    "GRAYA": (Base.GRAY, Kind.GRAYA_IMAGE),
}
TYPES = {
    "U8": np.uint8,
    "U16": np.uint16,
    "U32": np.uint32,
    "HALF": np.float16,
    "FLOAT": np.float32,
    "DOUBLE": np.float64,
}
CURVES = {"LINEAR": "{0}", "NON_LINEAR": "{0}'", "PERCEPTUAL": "{0}~"}
PRECISIONS = [f"{number}_{curve}" for number in TYPES for curve in CURVES]


def native(kind, precision):
    """Return GEGL's name for how such an image stores pixels, to read them unconverted, with dtype and count."""
    number, curve = precision.split("_", 1)
    colours = "RGB" if kind.startswith("RGB") else "Y"
    name = "".join(CURVES[curve].format(colour) for colour in colours)
    alpha = kind.endswith("A")
    return f"{name}{'A' if alpha else ''} {number.lower()}", TYPES[number], len(colours) + alpha


def new_image(kind="RGB", precision="U8_NON_LINEAR", canvas=(WIDTH, HEIGHT), size=(WIDTH, HEIGHT), offset=(0, 0)):
    base, layer_kind = KINDS[kind]
    image = Gimp.Image.new_with_precision(*canvas, base, getattr(Precision, precision))
    layer = Gimp.Layer.new(image, "photo", *size, layer_kind, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    layer.set_offsets(*offset)
    return image, layer


def put(drawable, pixels, form):
    buffer = drawable.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, pixels.shape[1], pixels.shape[0]), form, np.ascontiguousarray(pixels).tobytes())
    buffer.flush()


def get(drawable, form="R'G'B'A float", dtype=np.float32, channels=4):
    width, height = drawable.get_width(), drawable.get_height()
    raw = drawable.get_buffer().get(Gegl.Rectangle.new(0, 0, width, height), 1.0, form, Gegl.AbyssPolicy.NONE)
    return np.frombuffer(raw, dtype).reshape(height, width, channels)


def get_native(layer, kind, precision):
    return get(layer, *native(kind, precision))


def selection_of(image):
    return get(image.get_selection(), "Y float", np.float32, 1)[..., 0]


def noise(height=HEIGHT, width=WIDTH, seed=0):
    """Return H x W x 4 float32 RGBA, opaque, no two pixels alike."""
    pixels = np.random.default_rng(seed).uniform(0.05, 0.95, (height, width, 4)).astype(np.float32)
    pixels[..., 3] = 1
    return pixels


def flat(colour=(0.2, 0.4, 0.8), height=HEIGHT, width=WIDTH):
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = colour
    return pixels


def disc(cx, cy, rx, ry, height=HEIGHT, width=WIDTH):
    rows, columns = np.mgrid[:height, :width] + 0.5
    return ((columns - cx) / rx) ** 2 + ((rows - cy) / ry) ** 2 <= 1


def call(image, drawables, mode=Gimp.RunMode.NONINTERACTIVE, name=FILL, model="quick", give_layer=False, **settings):
    """Call a procedure; return its status, its error sentence and its seconds, or with `give_layer` its layer."""
    procedure = Gimp.get_pdb().lookup_procedure(name)
    config = procedure.create_config()
    config.set_property("run-mode", mode)
    config.set_property("image", image)
    config.set_core_object_array("drawables", drawables)
    if model is not None:
        config.set_property("model-file", Gio.File.new_for_path(f"{MODELS}/{model}.onnx"))
    for key, value in settings.items():
        config.set_property(key.replace("_", "-"), value)
    start = time.monotonic()
    values = procedure.run(config)
    seconds = time.monotonic() - start
    status = values.index(0).value_nick
    if give_layer:
        return values.index(1)
    return status, "" if status == "success" else Gimp.get_pdb().get_last_error(), seconds


def fills(*args, **settings):
    """Call Fill Selection and insist that it works; return the seconds."""
    status, error, seconds = call(*args, **settings)
    assert status == "success", (status, error)
    return seconds


def refused(*args, **settings):
    """Call Fill Selection and insist that it refuses; return its sentence."""
    status, error, _ = call(*args, **settings)
    assert status == "execution-error", (status, error)
    return error


def save(image, path):
    assert Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(path), None)


def load(path):
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path))
    return image, image.get_layers()[0]


def check(function):
    """Note a function down as one of the checks."""
    CHECKS[function.__name__] = function
    return function


def select(image, left=60, top=40, width=30, height=20):
    image.select_rectangle(REPLACE, left, top, width, height)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top : top + height, left : left + width] = True
    return mask
