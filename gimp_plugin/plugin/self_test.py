"""Run by GIMP without a window: says whether the procedures are there, and fills a small picture with one."""

from __future__ import annotations

import json
import time
from pathlib import Path

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gegl, Gimp  # noqa: E402 - after the versions are chosen

PROCEDURE = "plug-in-inpaint-fill-selection"
SIDE, START, END = 128, 48, 80


def main(result: str) -> None:
    """Write a JSON object to the file `result`: GIMP's version, whether it knows the procedure, and how a call went."""
    procedure = Gimp.get_pdb().lookup_procedure(PROCEDURE)
    record: dict[str, object] = {"gimp": Gimp.version(), "registered": procedure is not None}
    if procedure is not None:
        record.update(try_out(procedure))
    Path(result).write_text(json.dumps(record), encoding="utf-8")


def try_out(procedure: Gimp.Procedure) -> dict[str, object]:
    """Fill the middle of a picture of soft colours; return what came of it."""
    image = Gimp.Image.new(SIDE, SIDE, Gimp.ImageBaseType.RGB)
    layer = Gimp.Layer.new(image, "test", SIDE, SIDE, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    before = bytearray(value for y in range(SIDE) for x in range(SIDE) for value in (x + 60, y + 60, 128))
    for y in range(START, END):
        before[(y * SIDE + START) * 3 : (y * SIDE + END) * 3] = b"\xff\x00\xff" * (END - START)
    write(layer, bytes(before))
    side = END - START
    image.select_rectangle(Gimp.ChannelOps.REPLACE, START, START, side, side)
    settings = procedure.create_config()
    settings.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    settings.set_property("image", image)
    settings.set_core_object_array("drawables", [layer])
    settings.set_property("output", "this-layer")
    start = time.monotonic()
    values = procedure.run(settings)
    seconds = time.monotonic() - start
    after = read(layer)
    image.delete()
    inside = [(y * SIDE + x) * 3 for y in range(START, END) for x in range(START, END)]
    filled = sum(before[at : at + 3] != after[at : at + 3] for at in inside)
    for at in inside:
        after[at : at + 3] = before[at : at + 3]
    return {
        "status": values.index(0).value_nick,
        "error": Gimp.get_pdb().get_last_error() or "",
        "seconds": round(seconds, 2),
        "filled": filled / len(inside),
        "kept": after == before,
    }


def write(layer: Gimp.Layer, pixels: bytes) -> None:
    """Fill a layer with pixels of 8 bits."""
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, SIDE, SIDE), "R'G'B' u8", pixels)
    buffer.flush()


def read(layer: Gimp.Layer) -> bytearray:
    """Return a layer's pixels with 8 bits."""
    area = Gegl.Rectangle.new(0, 0, SIDE, SIDE)
    return bytearray(layer.get_buffer().get(area, 1.0, "R'G'B' u8", Gegl.AbyssPolicy.NONE))
