"""How fast is filling? The bundled model against eager PyTorch and OpenCV, and the command from the prompt.

    python benchmarks/fill.py [--repeats 15] [--run runs/x] [--output benchmarks/fill.json]

Everything runs on two CPUs. Contenders take turns within one run, so that a busy machine slows all of them, and the
ratios stay comparable where seconds do not.
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from inpaint.core import load_engine

DEMO = Path(__file__).resolve().parent.parent / "docs" / "demo" / "photo.jpg"
CPUS = 2
SIDE = 512
HOLE = 160
BIG = (4243, 2828)
BIG_HOLE = 300

ENGINE = "bundled model, 512 x 512 region"
EAGER = "the same network in eager PyTorch"
TELEA = "OpenCV Telea, same region and hole"
START = "inpaint --help"
PROMPT_PNG = "inpaint fill, 12 megapixels, .filled.png"
PROMPT_JPEG = "inpaint fill, 12 megapixels, -o .jpg"

GOALS = {ENGINE: 0.35, START: 0.35, PROMPT_PNG: 2.5, PROMPT_JPEG: 2.5}
"""Seconds to stay below, on the two CPUs of an ordinary virtual machine."""
GOAL_OF_EAGER = 0.6
"""The engine's time as a share of eager PyTorch's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds that one contender took."""

    name: str
    median: float
    least: float
    most: float
    repeats: int


def region() -> tuple[np.ndarray, np.ndarray]:
    """Return 512 x 512 x 3 float32 RGB in [0, 1] from the demo photograph, and a bool mask, True = hole."""
    picture = cv2.cvtColor(cv2.imread(str(DEMO)), cv2.COLOR_BGR2RGB)
    height, width = picture.shape[:2]
    picture = cv2.resize(picture, (width * SIDE // height, SIDE), interpolation=cv2.INTER_CUBIC)
    left = (picture.shape[1] - SIDE) // 2
    mask = np.zeros((SIDE, SIDE), bool)
    start = (SIDE - HOLE) // 2
    mask[start : start + HOLE, start : start + HOLE] = True
    return np.ascontiguousarray(picture[:, left : left + SIDE], np.float32) / 255, mask


def eager(image: np.ndarray, mask: np.ndarray, name: str, run: Path | None) -> Callable[[], object]:
    """Return one plain forward pass of the generator: that of a run, or an untrained one of the recipe `name`."""
    import torch

    from inpaint.core.nets import build_generator
    from inpaint.training.export import load_generator
    from inpaint.training.recipe import load_recipe

    torch.set_num_threads(CPUS)
    generator = load_generator(run)[0] if run else build_generator(load_recipe(name).generator).eval()
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].contiguous() * 2 - 1
    hole = torch.from_numpy(mask)[None, None].float()

    def forward() -> object:
        with torch.inference_mode():
            return generator(pixels, hole)

    return forward


def telea(image: np.ndarray, mask: np.ndarray) -> Callable[[], object]:
    """Return OpenCV's fast marching method on the same hole."""
    cv2.setNumThreads(CPUS)
    pixels, hole = (image * 255).round().astype(np.uint8), mask.astype(np.uint8) * 255
    return lambda: cv2.inpaint(pixels, hole, 5, cv2.INPAINT_TELEA)


def prompt(*arguments: str | Path) -> Callable[[], object]:
    """Return one call of the installed command, from the prompt to its exit."""
    command = [str(Path(sys.executable).with_name("inpaint")), *map(str, arguments)]

    def call() -> object:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
        return done

    return call


def write_big_photo(folder: Path) -> tuple[Path, Path]:
    """Write a 12-megapixel JPEG with the grain of a camera, and a mask with a round hole of 300 pixels."""
    picture = cv2.resize(cv2.imread(str(DEMO)), BIG, interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(0).normal(0, 4, picture.shape).astype(np.float32)
    picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    mask = np.zeros(BIG[::-1], np.uint8)
    cv2.circle(mask, (BIG[0] // 3, BIG[1] // 3), BIG_HOLE // 2, 255, -1)
    photo, hole = folder / "photo.jpg", folder / "mask.png"
    cv2.imwrite(str(photo), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
    cv2.imwrite(str(hole), mask)
    return photo, hole


def race(contenders: dict[str, Callable[[], object]], repeats: int, console: Console) -> list[Times]:
    """Time every contender `repeats` times after one warm-up, taking turns."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in track(range(repeats + 1), description="timing", console=console, transient=True):
        for name, call in contenders.items():
            start = time.perf_counter()
            call()
            if turn > 0:
                seconds[name].append(time.perf_counter() - start)
    return [
        Times(name=name, median=statistics.median(s), least=min(s), most=max(s), repeats=repeats)
        for name, s in seconds.items()
    ]


def table(times: list[Times]) -> Table:
    """Lay the times out with their ratio to the engine's and their goals."""
    engine = next(entry.median for entry in times if entry.name == ENGINE)
    sheet = Table(title=f"Filling on {CPUS} CPUs, seconds")
    for heading in ("what", "median", "least", "most", "x engine", "goal", ""):
        sheet.add_column(heading, justify="left" if heading == "what" else "right")
    for entry in times:
        # The engine is to take no more than 0.6 of eager, so eager is to take at least 1 / 0.6 of the engine.
        met: bool | None = None
        goal = ""
        if entry.name in GOALS:
            goal, met = f"<= {GOALS[entry.name]:g} s", entry.median <= GOALS[entry.name]
        elif entry.name == EAGER:
            goal, met = f">= {1 / GOAL_OF_EAGER:.2f} x", entry.median * GOAL_OF_EAGER >= engine
        verdict = "" if met is None else "[green]met[/]" if met else "[red]missed[/]"
        values = (entry.median, entry.least, entry.most)
        sheet.add_row(entry.name, *(f"{v:.3f}" for v in values), f"{entry.median / engine:.2f}", goal, verdict)
    return sheet


def main() -> None:
    """Run everything, print the table, and write the numbers."""
    parser = argparse.ArgumentParser(description="Time filling on two CPUs.")
    parser.add_argument("--repeats", type=int, default=15, help="timed calls of each contender (default 15)")
    parser.add_argument("--model", default="default", help="model name or .onnx file (default: the bundled one)")
    parser.add_argument("--run", type=Path, help="take the eager network from this run directory")
    parser.add_argument("--output", type=Path, help="also write the numbers to this JSON file")
    options = parser.parse_args()
    console = Console()

    if hasattr(os, "sched_setaffinity"):  # Linux only; handed down to the commands as well
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CPUS])

    engine = load_engine(options.model, device="cpu", threads=CPUS)
    image, mask = region()
    contenders: dict[str, Callable[[], object]] = {ENGINE: lambda: engine.run(image, mask)}
    packages = ["inpaint", "numpy", "opencv-python-headless"]
    if importlib.util.find_spec("torch"):
        contenders[EAGER] = eager(image, mask, engine.contract.name, options.run)
        packages.append("torch")
    contenders[TELEA] = telea(image, mask)
    times = race(contenders, options.repeats, console)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo, hole = write_big_photo(folder)
        fill = ("fill", photo, "--mask", hole, "--model", options.model)
        commands = {
            START: prompt("--help"),
            PROMPT_PNG: prompt(*fill, "-o", folder / "photo.filled.png"),
            PROMPT_JPEG: prompt(*fill, "-o", folder / "filled.jpg"),
        }
        times += race(commands, max(3, options.repeats // 3), console)

    console.print(table(times))
    if options.output:
        record = {
            "machine": {"processor": platform.processor() or platform.machine(), "cpus": CPUS},
            "python": platform.python_version(),
            "packages": {package: metadata.version(package) for package in packages},
            "model": engine.contract.name,
            "region": {"side": SIDE, "hole": HOLE},
            "seconds": [asdict(entry) for entry in times],
        }
        options.output.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        console.print(f"Numbers written to {options.output}")


if __name__ == "__main__":
    main()
