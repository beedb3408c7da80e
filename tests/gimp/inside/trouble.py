"""Models and engines that are missing, broken, or killed in the middle."""

import json
import os
import time
from pathlib import Path

from bench import REPLACE, RGBA, call, check, fills, get, new_image, noise, put, refused, select


@check
def models_that_are_missing_or_broken():
    image, layer = new_image()
    put(layer, noise(), RGBA)
    select(image)
    status, _, _ = call(image, [layer], model="missing")  # GIMP itself refuses a file that is not there
    assert status == "calling-error"
    folder = "python3*/site-packages/inpaint/weights/bundled"
    (bundled,) = Path("/opt/inpaint/lib").glob(f"{folder}/btgmi-default-int8.onnx")  # what "default" is on a CPU
    bundled.rename(f"{bundled}.away")
    try:
        assert "missing from" in refused(image, [layer], model=None)
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
    fills(image, [layer], output="this-layer")
    image.delete()
