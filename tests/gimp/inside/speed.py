"""Runs inside GIMP without a window: times fills of a hole of 512 pixels from the call to the pixels, part by part.

Writes /w/speed.json: for each kind of fill a list of calls with the seconds of their parts. $REPEATS calls of each kind
follow one call that loads the model.
"""

import datetime
import json
import os
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, "/t/inside")
from bench import REPLACE, RGBA, Gimp, call, fills, get, load, new_image, noise, put

SIDE, START, HOLE = 1536, 512, 512
LOG = Path("/w/home/.cache/inpaint/gimp/worker.log")
LINE = re.compile(r"^(\S+ \S+) (fill begins|fill done in ([\d.]+) s)$", re.MULTILINE)


def photograph():
    """Return the demo photograph, enlarged and cut to a square, as RGBA."""
    image, layer = load("/docs/demo/photo.jpg")
    image.scale(SIDE * image.get_width() // image.get_height() + 1, SIDE)
    pixels = get(layer)[:SIDE, :SIDE].copy()
    image.delete()
    return pixels


def timed(image, layer, detail):
    """Fill once; return the seconds until the engine begins, of its work, and from there until the call returns."""
    start = time.time()
    fills(image, [layer], model=None, output="this-layer", detail=detail)
    end = time.time()
    begins, done = LINE.findall(LOG.read_text())[-2:]
    moments = [datetime.datetime.fromisoformat(moment).timestamp() for moment, *_ in (begins, done)]
    return {
        "whole": end - start,
        "before": moments[0] - start,
        "engine": moments[1] - moments[0],
        "after": end - moments[1],
    }


def main():
    record = {}
    for name, pixels in (("noise", noise(SIDE, SIDE)), ("photograph", photograph())):
        image, layer = new_image("RGB", canvas=(SIDE, SIDE), size=(SIDE, SIDE))
        put(layer, pixels, RGBA)
        for turn in range(int(os.environ.get("REPEATS") or 9) + 1):
            for detail in ("network", "auto"):
                image.select_rectangle(REPLACE, START, START, HOLE, HOLE)
                parts = timed(image, layer, detail)
                if turn:
                    record.setdefault(f"{name}, {detail}", []).append(parts)
            Gimp.Selection.none(image)
            start = time.time()
            status, _, _ = call(image, [layer])
            assert status == "execution-error", status
            if turn:
                record.setdefault("nothing selected", []).append({"whole": time.time() - start})
        image.delete()
    Path("/w/speed.json").write_text(json.dumps({"gimp": Gimp.version(), "calls": record}))


main()
