"""Harmonization and cutting out, on segmented pictures that were held back: numbers and a sheet to look at.

    python benchmarks/harmonize.py --data segments/ --model joint --sheet sheet.png
    python benchmarks/harmonize.py --data segments/ --cut-out
    python benchmarks/harmonize.py --data segments/ --remove

The held-back pictures are those of the recipe (every tenth), the composites those of a fixed seed.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.core import cut_out, load_joint
from inpaint.core.filling.regions import box_around
from inpaint.core.objects.removing import find_objects
from inpaint.core.objects.segmenting import load_segmenter
from inpaint.training.data.composite_batches import draw
from inpaint.training.data.crops import CropConfig
from inpaint.training.data.segments import SegmentSource, open_segments, split
from inpaint.training.evaluation.harmonization_scores import classical_methods, joint_method, score
from inpaint.training.recipe import load_recipe
from inpaint.training.segmenter.train import intersection_over_union, objects

SEED = 20261121


def compare_harmonization(held: SegmentSource, recipe_name: str, model: str, size: int, sheet: Path | None) -> None:
    """Print one line per method, and draw every eighth composite with what each made of it."""
    recipe = load_recipe(recipe_name)
    assert recipe.composites is not None
    config, crops = replace(recipe.composites, hole=0.0), CropConfig(size=size)
    composites = [draw(held, index, config, crops, (SEED, index)) for index in range(len(held))]
    methods = classical_methods() | {"joint model": joint_method(load_joint(model, "cpu"))}
    for name, method in methods.items():
        print(json.dumps(asdict(score(name, method, composites))))
    if sheet:
        rows = [
            np.concatenate([given.image, *(method(given) for method in methods.values())], axis=1)
            for given in composites[::8]
        ]
        half = (len(rows) + 1) // 2
        columns = [np.concatenate(part) for part in (rows[:half], rows[len(rows) - half :])]
        Image.fromarray(np.concatenate(columns, axis=1)).save(sheet)


def compare_cut_outs(held: SegmentSource, area: float) -> None:
    """Print the mean IoU with the drawn masks, from exact boxes: of GrabCut, of the network, and of the bare box."""
    segmenter = load_segmenter("cutout")
    scores: dict[str, list[float]] = {"the box": [], "GrabCut": [], "network": [], "network, then GrabCut": []}
    for index in range(len(held)):
        segmented = held.read(index)
        pixels = segmented.pixels.astype(np.float32) / 255
        for mask in objects(segmented, area):
            box = box_around(mask)
            bare = np.zeros(mask.shape, bool)
            bare[box.slices] = True
            found = {"the box": bare, "GrabCut": cut_out(pixels, box) > 0.5}
            found["network"] = segmenter.run(pixels, box) > 0.5
            found["network, then GrabCut"] = cut_out(pixels, box, segmenter) > 0.5
            for name, guess in found.items():
                scores[name].append(intersection_over_union(guess, mask))
    for name, values in scores.items():
        record = {"name": name, "mean_iou": np.mean(values), "median_iou": np.median(values), "objects": len(values)}
        print(json.dumps(record))


def compare_removals(held: SegmentSource, area: float) -> None:
    """Print how much of objects stays outside of what `inpaint remove` fills, from exact boxes, and what goes along."""
    segmenter = load_segmenter("cutout")
    for whole in (False, True):
        left, along = [], []
        for index in range(len(held)):
            segmented = held.read(index)
            for mask in objects(segmented, area):
                found, _ = find_objects(segmented.pixels, [box_around(mask)], segmenter, whole_box=whole)
                left.append((mask & ~found).sum() / mask.sum())
                along.append((found & ~mask).sum() / mask.sum())
        record = {
            "whole_box": whole,
            "objects": len(left),
            "left_under_1_percent": float(np.mean(np.array(left) < 0.01)),
            "mean_left": float(np.mean(left)),
            "median_background": float(np.median(along)),
            "mean_background": float(np.mean(along)),
        }
        print(json.dumps(record))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--recipe", default="btgmi-joint-cpu")
    parser.add_argument("--model", default="joint")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--cut-out", action="store_true")
    parser.add_argument("--remove", action="store_true")
    arguments = parser.parse_args()
    _, held = split(open_segments(arguments.data), 10)
    if arguments.cut_out:
        compare_cut_outs(held, area=0.01)
    elif arguments.remove:
        compare_removals(held, area=0.01)
    else:
        compare_harmonization(held, arguments.recipe, arguments.model, arguments.size, arguments.sheet)


if __name__ == "__main__":
    main()
