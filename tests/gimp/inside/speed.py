"""Runs inside GIMP without a window: times fills of a hole of 512 pixels from the call to the pixels, part by part.

Writes /w/speed.json: for each kind of fill a list of calls with the seconds of their parts, and those of the processor
in GIMP, in the plug-in and in the engine. $REPEATS calls of each kind follow one call that loads the model.
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
RUNTIME = Path("/w/home/.cache/inpaint/gimp")
LOG = RUNTIME / "worker.log"
LINE = re.compile(r"^(\S+ \S+) (fill begins|fill done in ([\d.]+) s)$", re.MULTILINE)


def photograph():
    """Return the demo photograph, enlarged and cut to a square, as RGBA."""
    image, layer = load("/docs/demo/photo.jpg")
    image.scale(SIDE * image.get_width() // image.get_height() + 1, SIDE)
    pixels = get(layer)[:SIDE, :SIDE].copy()
    image.delete()
    return pixels


def processor_seconds():
    """Return what GIMP, the plug-ins that it has run, and the engine have taken of the processor."""
    engine = json.loads((RUNTIME / "worker.json").read_text())["pid"] if (RUNTIME / "worker.json").exists() else None
    ticks = 0
    for process, fields in ((os.getppid(), 4), (engine, 2)):  # the last two are those of children that have ended
        if process is not None:
            after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11 : 11 + fields]))
    return ticks / os.sysconf("SC_CLK_TCK")


def timed(image, layer, detail):
    """Fill once; return the seconds until the engine begins, of its work, and from there until the call returns."""
    before, start = processor_seconds(), time.time()
    fills(image, [layer], model=None, output="this-layer", detail=detail)
    end = time.time()
    time.sleep(1)  # the plug-in's process ends
    begins, done = LINE.findall(LOG.read_text())[-2:]
    moments = [datetime.datetime.fromisoformat(moment).timestamp() for moment, *_ in (begins, done)]
    return {
        "whole": end - start,
        "before": moments[0] - start,
        "engine": moments[1] - moments[0],
        "after": end - moments[1],
        "processor": processor_seconds() - before,
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
            before, start = processor_seconds(), time.time()
            status, _, _ = call(image, [layer])
            assert status == "execution-error", status
            whole = time.time() - start
            time.sleep(1)
            if turn:
                parts = {"whole": whole, "processor": processor_seconds() - before}
                record.setdefault("nothing selected", []).append(parts)
        image.delete()
    Path("/w/speed.json").write_text(json.dumps({"gimp": Gimp.version(), "calls": record}))


main()
