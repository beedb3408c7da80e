"""Does eight-bit arithmetic pay on the CPU? What `inpaint export --int8` costs and gives, against its original.

    python benchmarks/int8.py --data photographs/ --val others/ --backbones backbones/
    python benchmarks/int8.py --int8 model-int8.onnx --val others/ --backbones backbones/

Exports with photographs of --data, or takes what was exported before, judges both models on other photographs, and
times them in turns.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from inpaint.core import Engine, load_engine
from inpaint.training.evaluation.distance import Distance
from inpaint.training.export.quantize import Pair, draw_pairs, export_int8
from inpaint.weights import resolve

GOAL = 1.01
"""How much farther from the photographs the quantised model may be."""


def judge(engine: Engine, pairs: list[Pair], distance: Distance) -> tuple[float, float]:
    """Return the mean VGG-19 distance and the mean absolute difference in the hole (colours in [0, 1])."""
    distances, differences = [], []
    for picture, mask in pairs:
        filled, image, hole = (torch.from_numpy(array) for array in (engine.run_tensors(picture, mask), picture, mask))
        distances.append(distance.between(filled.clamp(-1, 1), distance.reference(image), hole)[1])
        differences.append(float(((filled - image).abs() * hole).sum() / hole.sum() / 6))
    return statistics.mean(distances), statistics.mean(differences)


def race(engines: dict[str, Engine], pair: Pair, repeats: int) -> dict[str, tuple[float, float]]:
    """Return the median seconds of the clock and of the processor of each engine, which take turns."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
    for turn in range(repeats + 1):
        for name, engine in engines.items():
            began, before = time.perf_counter(), time.process_time()
            engine.run_tensors(*pair)
            if turn > 0:
                taken[name].append((time.perf_counter() - began, time.process_time() - before))
    return {
        name: (statistics.median(t for t, _ in times), statistics.median(t for _, t in times))
        for name, times in taken.items()
    }


def main() -> None:
    """Quantise, judge both, time both, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="model name or .onnx file, in full precision")
    parser.add_argument("--data", help="photographs to calibrate on")
    parser.add_argument("--int8", type=Path, help="its eight-bit form, if it is there already; otherwise --data")
    parser.add_argument("--val", required=True, help="other photographs to judge on")
    parser.add_argument("--backbones", type=Path, help="folder of backbone weights; otherwise a download")
    parser.add_argument("--pictures", type=int, default=40, help="photographs to judge on")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if bool(options.int8) == bool(options.data):
        parser.error("give either --data or --int8")
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        original, small = resolve(options.model), options.int8 or Path(folder) / "int8.onnx"
        if not options.int8:
            export_int8(original, small, options.data)
        files = {"float32": original, "int8": small}
        engines = {name: load_engine(path, "cpu", options.threads) for name, path in files.items()}
        sizes = {name: path.stat().st_size for name, path in files.items()}
    contract, distance = engines["float32"].contract, Distance("vgg19", options.backbones)
    pairs = draw_pairs(options.val, contract, options.pictures, seed=2)
    quality = {name: judge(engine, pairs, distance) for name, engine in engines.items()}
    image, mask = (np.tile(array, (1, 1, 2, 2)) for array in pairs[0])
    times = race(engines, (image, mask), options.repeats)

    side = contract.native_size
    sheet = Table(
        title=f"{len(pairs)} pictures of {side} px; times of {2 * side} x {2 * side}, {options.threads} threads"
    )
    for heading in ("", "distance", "x float32", "l1 in the hole", "seconds", "CPU s", "x float32", "MB"):
        sheet.add_column(heading, justify="right" if heading else "left")
    for name, (far, difference) in quality.items():
        seconds, used = times[name]
        sheet.add_row(
            name,
            f"{far:.4f}",
            f"{far / quality['float32'][0]:.4f}",
            f"{difference:.4f}",
            f"{seconds:.3f}",
            f"{used:.3f}",
            f"{used / times['float32'][1]:.2f}",
            f"{sizes[name] / 1e6:.1f}",
        )
    Console(width=120).print(sheet)
    print(f"goal: at most {GOAL} x the distance, and quicker")


if __name__ == "__main__":
    main()
