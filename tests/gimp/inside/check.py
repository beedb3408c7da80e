"""Runs in the engine's environment: judges what the test inside GIMP wrote down, and its pictures with OpenCV."""

import json
import sys

import cv2
import numpy as np

BLUE = (51, 102, 204)


def read(name: str) -> np.ndarray:
    picture = cv2.imread(f"/w/{name}.png", cv2.IMREAD_UNCHANGED)
    assert picture is not None, name
    return cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def main() -> None:
    with open("/w/headless.json") as file:
        record = json.load(file)
    failed = {name: trace for name, trace in record["checks"].items() if trace}
    for name, trace in failed.items():
        print(f"--- {name}\n{trace}")
    print(f"GIMP {record['gimp']}: {len(record['checks']) - len(failed)} checks passed, {len(failed)} failed")
    print("seconds from call to pixels, hole of 512 pixels, default model: ", *record["hole_of_512"])

    before = read("in")
    assert (before[60, 80] == (255, 0, 0)).all()
    for name in ("out-new-layer", "out-this-layer", "out-scheme"):
        after = read(name)[..., :3]
        assert np.abs(after[60, 80].astype(int) - BLUE).max() <= 2, (name, after[60, 80])
        outside = np.ones(before.shape[:2], bool)
        outside[43:77, 58:102] = False
        assert (after[outside] == before[..., :3][outside]).all(), name
    before, after = read("in-16"), read("out-16")
    assert before.dtype == after.dtype == np.uint16
    inside = np.zeros(before.shape[:2], bool)
    inside[40:60, 60:90] = True
    assert (before[~inside] == after[~inside]).all()
    assert (before[inside] != after[inside]).any(axis=-1).mean() > 0.9
    before, after = read("in-composite")[..., :3], read("out-composite")[..., :3]
    assert np.abs(after[40, 120].astype(int) - (204, 26, 26)).max() <= 2, after[40, 120]
    outside = np.ones(before.shape[:2], bool)
    outside[20:60, 100:140] = False
    assert (before[outside] == after[outside]).all()
    print("OpenCV agrees about the pictures that GIMP wrote")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
