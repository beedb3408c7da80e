"""Runs inside GIMP without a window: all checks of the files imported here, which note themselves down in `CHECKS`.

Writes /w/headless.json: one entry for each check, with what went wrong.
"""

import json
import os
import sys
import time
import traceback

sys.path.insert(0, "/t/inside")
import composite  # noqa: F401
import edges  # noqa: F401
import kinds  # noqa: F401
import meanwhile  # noqa: F401
import refusals  # noqa: F401
import retouch  # noqa: F401
import trouble  # noqa: F401
from bench import CHECKS, REPLACE, RGBA, Gimp, fills, new_image, noise, put


def main():
    results, timings = {}, {}
    for name, function in CHECKS.items():
        if os.environ.get("ONLY", "") not in f"{function.__module__} {name}":
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
        with open("/w/headless.json", "w") as file:  # each time, for whoever runs into a limit
            json.dump({"checks": results, "seconds": timings}, file, indent=1)
    # The second fill of a 512-pixel hole, as the issue of this plug-in asks.
    image, layer = new_image("RGB", canvas=(1536, 1536), size=(1536, 1536))
    put(layer, noise(1536, 1536), RGBA)
    image.select_rectangle(REPLACE, 512, 512, 512, 512)
    seconds = [round(fills(image, [layer], model=None, output="this-layer"), 2) for _ in range(3)]
    with open("/w/headless.json", "w") as file:
        record = {"gimp": Gimp.version(), "hole_of_512": seconds, "checks": results, "seconds": timings}
        json.dump(record, file, indent=1)


main()
