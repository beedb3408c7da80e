"""How fast is filling? The bundled model against eager PyTorch, OpenCV and others' graphs, and from the prompt.

    python benchmarks/fill.py [--repeats 15] [--run runs/x] [--output benchmarks/fill.json]
    python benchmarks/fill.py --sides 256 512 --cpus 1 --regions --against int8=model-int8.onnx

Everything runs on the same CPUs. Contenders take turns within one run, so that a busy machine slows all of them, and
the ratios stay comparable where seconds do not.
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
from functools import partial
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from inpaint.core import Engine, load_engine

DEMO = Path(__file__).resolve().parent.parent / "docs" / "demo" / "photo.jpg"
CPUS = 2
SIDES = (256, 512, 1024)
GOAL_SIDE = 512
HOLE = 5 / 16
"""Side of the hole in a region, as a share of the region's."""
BIG = (4243, 2828)
BIG_HOLE = 300

ENGINE = "bundled model"
EAGER = "the same network in eager PyTorch"
TELEA = "OpenCV Telea, same hole"
START = "inpaint --help"
PROMPT_PNG = "inpaint fill, 12 megapixels, .filled.png"
PROMPT_JPEG = "inpaint fill, 12 megapixels, -o .jpg"

GOALS = {(ENGINE, GOAL_SIDE): 0.35, (START, 0): 0.35, (PROMPT_PNG, 0): 2.5, (PROMPT_JPEG, 0): 2.5}
"""Seconds to stay below, on the two CPUs of an ordinary virtual machine."""
GOAL_OF_EAGER = 0.6
"""The engine's time as a share of eager PyTorch's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds that one contender took."""

    name: str
    side: int
    """Of the region in pixels; 0 for a whole command."""
    median: float
    least: float
    most: float
    cpu: float
    """Median seconds of the processor, in all threads and processes: what counts on a busy machine."""
    repeats: int


def region(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return side x side x 3 float32 RGB in [0, 1] from the demo photograph, and a bool mask, True = hole."""
    picture = cv2.cvtColor(cv2.imread(str(DEMO)), cv2.COLOR_BGR2RGB)
    height, width = picture.shape[:2]
    picture = cv2.resize(picture, (width * side // height, side), interpolation=cv2.INTER_CUBIC)
    left, hole = (picture.shape[1] - side) // 2, round(side * HOLE)
    mask, start = np.zeros((side, side), bool), (side - hole) // 2
    mask[start : start + hole, start : start + hole] = True
    return np.ascontiguousarray(picture[:, left : left + side], np.float32) / 255, mask


def rival(words: str, threads: int) -> tuple[str, Engine]:
    """Load what stands behind --against, NAME=FILE."""
    name, _, file = words.partition("=")
    if not file:
        raise SystemExit(f"{words!r} is not NAME=FILE, as in int8=model-int8.onnx")
    return name, load_engine(file, device="cpu", threads=threads)


def eager(name: str, run: Path | None, threads: int) -> Callable[[np.ndarray, np.ndarray], object]:
    """Return plain forward passes of the generator: that of a run, or an untrained one of the recipe `name`."""
    import torch

    from inpaint.core.nets import build_generator
    from inpaint.training.export.inpainting import load_generator
    from inpaint.training.recipe import load_recipe

    torch.set_num_threads(threads)
    generator = load_generator(run)[0] if run else build_generator(load_recipe(name).generator).eval()

    def forward(image: np.ndarray, mask: np.ndarray) -> object:
        pixels = torch.from_numpy(image).permute(2, 0, 1)[None].contiguous() * 2 - 1
        with torch.inference_mode():
            return generator(pixels, torch.from_numpy(mask)[None, None].float())

    return forward


def telea(image: np.ndarray, mask: np.ndarray) -> object:
    """Fill with OpenCV's fast marching method."""
    return cv2.inpaint((image * 255).round().astype(np.uint8), mask.astype(np.uint8) * 255, 5, cv2.INPAINT_TELEA)


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


def processor_time() -> float:
    """Return the seconds of the processor that this process and those it waited for have taken."""
    _, _, user, system, _ = os.times()  # of the children, in hundredths
    return time.process_time() + user + system


def race(contenders: dict[str, Callable[[], object]], side: int, repeats: int, console: Console) -> list[Times]:
    """Time every contender `repeats` times after one warm-up, taking turns."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for turn in track(range(repeats + 1), description="timing", console=console, transient=True):
        for name, call in contenders.items():
            start, before = time.perf_counter(), processor_time()
            call()
            if turn > 0:
                seconds[name].append((time.perf_counter() - start, processor_time() - before))
    times = []
    for name, taken in seconds.items():
        clock, processor = zip(*taken, strict=True)
        times.append(
            Times(
                name=name,
                side=side,
                median=statistics.median(clock),
                least=min(clock),
                most=max(clock),
                cpu=statistics.median(processor),
                repeats=repeats,
            )
        )
    return times


def table(times: list[Times], cpus: int) -> Table:
    """Lay the times out with their ratio to the engine's on the same region, and their goals."""
    engines = {entry.side: entry for entry in times if entry.name == ENGINE}
    whole = engines.get(GOAL_SIDE) or next(iter(engines.values()))  # commands are put beside the usual region
    sheet = Table(title=f"Filling on {cpus} CPU{'s' if cpus > 1 else ''}, seconds")
    for heading in ("what", "region", "median", "least", "most", "x model", "CPU s", "x model", "goal", ""):
        sheet.add_column(heading, justify="left" if heading == "what" else "right")
    for entry in times:
        engine = engines.get(entry.side, whole)
        # The engine is to take no more than 0.6 of eager, so eager is to take at least 1 / 0.6 of the engine.
        met: bool | None = None
        goal, wanted = "", GOALS.get((entry.name, entry.side))
        if wanted is not None and cpus == CPUS:
            goal, met = f"<= {wanted:g} s", entry.median <= wanted
        elif entry.name == EAGER:
            goal, met = f">= {1 / GOAL_OF_EAGER:.2f} x", entry.median * GOAL_OF_EAGER >= engine.median
        verdict = "" if met is None else "[green]met[/]" if met else "[red]missed[/]"
        values = [f"{value:.3f}" for value in (entry.median, entry.least, entry.most)]
        ratios = f"{entry.median / engine.median:.2f}", f"{entry.cpu:.3f}", f"{entry.cpu / engine.cpu:.2f}"
        sheet.add_row(entry.name, str(entry.side or "-"), *values, *ratios, goal, verdict)
    return sheet


def race_regions(options: argparse.Namespace, engine: Engine, console: Console) -> list[Times]:
    """Time one region of each size through everything that fills it."""
    rivals = [rival(words, options.cpus) for words in options.against]
    with_torch = not options.no_eager and importlib.util.find_spec("torch") is not None
    forward = eager(engine.contract.name, options.run, options.cpus) if with_torch else None
    cv2.setNumThreads(options.cpus)
    times = []
    for side in options.sides:
        pair = region(side)
        fillers: dict[str, Callable[[np.ndarray, np.ndarray], object]] = {ENGINE: engine.run}
        for name, other in rivals:
            if not other.contract.fixed_size or other.contract.native_size == side:
                fillers[name] = other.run
        if forward is not None:
            fillers[EAGER] = forward
        fillers[TELEA] = telea
        contenders = {name: partial(fill, *pair) for name, fill in fillers.items()}
        times += race(contenders, side, options.repeats, console)
    return times


def race_commands(options: argparse.Namespace, console: Console) -> list[Times]:
    """Time whole commands on a photograph of 12 megapixels."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo, hole = write_big_photo(folder)
        fill = ("fill", photo, "--mask", hole, "--model", options.model)
        commands = {
            START: prompt("--help"),
            PROMPT_PNG: prompt(*fill, "-o", folder / "photo.filled.png"),
            PROMPT_JPEG: prompt(*fill, "-o", folder / "filled.jpg"),
        }
        return race(commands, 0, max(3, options.repeats // 3), console)


def main() -> None:
    """Run everything, print the table, and write the numbers."""
    parser = argparse.ArgumentParser(description="Time filling on a few CPUs.")
    parser.add_argument("--repeats", type=int, default=15, help="timed calls of each contender (default 15)")
    parser.add_argument("--model", default="default", help="model name or .onnx file (default: the bundled one)")
    parser.add_argument("--run", type=Path, help="take the eager network from this run directory")
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES, help="sides of the regions in pixels")
    parser.add_argument("--cpus", type=int, default=CPUS, help="CPUs and threads (default 2)")
    parser.add_argument(
        "--against", nargs="+", default=[], metavar="NAME=FILE", help="other graphs, from rivals.py too"
    )
    parser.add_argument("--regions", action="store_true", help="leave whole commands out")
    parser.add_argument("--no-eager", action="store_true", help="leave PyTorch out")
    parser.add_argument("--output", type=Path, help="also write the numbers to this JSON file")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)

    if hasattr(os, "sched_setaffinity"):  # Linux only; handed down to the commands as well
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cpus])
    engine = load_engine(options.model, device="cpu", threads=options.cpus)
    times = race_regions(options, engine, console)
    if not options.regions:
        times += race_commands(options, console)

    console.print(table(times, options.cpus))
    if options.output:
        packages = ["inpaint-photo", "numpy", "opencv-python-headless", "onnxruntime", "torch"]
        record = {
            "machine": {"processor": platform.processor() or platform.machine(), "cpus": options.cpus},
            "python": platform.python_version(),
            "packages": {
                entry.metadata["Name"]: entry.version
                for entry in metadata.distributions()
                if entry.metadata["Name"] in packages
            },
            "model": engine.contract.name,
            "hole": HOLE,
            "seconds": [asdict(entry) for entry in times],
        }
        options.output.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        console.print(f"Numbers written to {options.output}")


if __name__ == "__main__":
    main()
