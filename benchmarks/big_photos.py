"""What does the size of a photograph cost? Time and memory of `inpaint fill` with the same hole in 2 to 100 megapixels.

    python benchmarks/big_photos.py [--hole 300] [--sizes 2 12 48 100] [--repeats 3] [--output big_photos.json]

Every fill is a process of its own, from PNG to PNG, so that its greatest memory can be read. A second table fills one
photograph in this process: Inpaint, the same network on crops around every hole as other tools do, and OpenCV's Telea.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from inpaint.core import Engine, fill, load_engine

DEMO = Path(__file__).resolve().parent.parent / "docs" / "demo" / "photo.jpg"
CPUS = 2
MARGIN = 128
"""Pixels around the box of a hole that tools which crop show the network."""
# What the kernel tells a parent of its children includes what the parent had itself, so the command tells it.
MEASURED = """
import sys
from inpaint.cli.app import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
try:
    status = open("/proc/self/status").read()
    print(status.split("VmHWM:")[1].split()[0])
except OSError:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak // 1024 if sys.platform == "darwin" else peak)
"""
GOAL = 2.5
"""Greatest memory beyond that of a fill of 256 x 256 pixels, as a multiple of the decoded photograph."""


def photo(megapixels: float) -> np.ndarray:
    """Return the demo photograph enlarged, with the grain of a camera: H x W x 3 uint8 BGR."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    picture = cv2.resize(cv2.imread(str(DEMO)), (round(height * 1.5), height), interpolation=cv2.INTER_CUBIC)
    rng = np.random.default_rng(0)
    for top in range(0, height, 256):
        strip = picture[top : top + 256]
        grain = rng.normal(0, 4, strip.shape).astype(np.float32)
        strip[...] = np.clip(strip + grain, 0, 255)
    return picture


def round_hole(shape: tuple[int, ...], size: int) -> np.ndarray:
    """Return H x W uint8 with a disc of diameter `size`, 255 = hole."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.circle(mask, (shape[1] // 3, shape[0] // 3), size // 2, 255, -1)
    return mask


def scratches(shape: tuple[int, ...], count: int = 100) -> np.ndarray:
    """Return H x W uint8 with `count` lines of 3 pixels, 255 = hole."""
    rng, mask = np.random.default_rng(0), np.zeros(shape[:2], np.uint8)
    for _ in range(count):
        x, y, angle, length = (
            rng.uniform(0, shape[1]),
            rng.uniform(0, shape[0]),
            rng.uniform(0, 3),
            rng.uniform(50, 300),
        )
        end = (round(x + length * np.cos(angle)), round(y + length * np.sin(angle)))
        cv2.line(mask, (round(x), round(y)), end, 255, 3)
    return mask


def command(picture: Path, mask: Path, target: Path, detail: str) -> tuple[float, float]:
    """Run `inpaint fill` and return its seconds and its greatest memory in MiB."""
    words = ["fill", picture, "--mask", mask, "-o", target, "--detail", detail, "--device", "cpu", "--quiet"]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *map(str, words)], capture_output=True, text=True, check=True
    )
    return time.perf_counter() - start, int(done.stdout) / 1024


def crops(image: np.ndarray, mask: np.ndarray, engine: Engine) -> np.ndarray:
    """Fill a box around every hole on its own at full resolution, as tools with a crop strategy do."""
    result = image.copy()
    count, _, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    for left, top, width, height, _ in boxes[1:count]:
        rows = slice(max(0, top - MARGIN), top + height + MARGIN)
        columns = slice(max(0, left - MARGIN), left + width + MARGIN)
        part, hole = result[rows, columns], np.ascontiguousarray(mask[rows, columns])
        filled = engine.run(part.astype(np.float32) / 255, hole)
        part[hole] = np.rint(filled[hole] * 255).astype(np.uint8)
    return result


def race(contenders: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Return the median seconds of each contender after one warm-up, taking turns."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(repeats + 1):
        for name, call in contenders.items():
            start = time.perf_counter()
            call()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def grow(options: argparse.Namespace, console: Console) -> list[dict[str, float]]:
    """Fill the same hole in photographs of every size, in turns, and print what each costs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = [256 * 256 / 1e6, *options.sizes]
        decoded = []
        for number, megapixels in enumerate(sizes):
            picture = photo(megapixels)
            decoded.append(picture.nbytes / 2**20)
            cv2.imwrite(str(folder / f"{number}.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
            hole = round_hole(picture.shape, options.hole if number else 60)
            cv2.imwrite(str(folder / f"{number}m.png"), hole)
            del picture, hole
        runs: list[list[tuple[float, float]]] = [[] for _ in sizes]
        for _ in range(options.repeats):
            for number in range(len(sizes)):
                paths = folder / f"{number}.png", folder / f"{number}m.png", folder / "filled.png"
                runs[number].append(command(*paths, options.detail))
    seconds = [statistics.median(one for one, _ in run) for run in runs]
    memory = [max(one for _, one in run) for run in runs]
    sheet = Table(title=f"inpaint fill --detail {options.detail}, hole of {options.hole} pixels, PNG to PNG")
    for heading in ("megapixels", "seconds", "x first", "memory MiB", "beyond least", "x decoded", f"<= {GOAL}"):
        sheet.add_column(heading, justify="right")
    rows = []
    for number, megapixels in enumerate(sizes):
        extra = memory[number] - memory[0]
        share = extra / decoded[number]
        sheet.add_row(
            f"{megapixels:.3g}",
            f"{seconds[number]:.2f}",
            f"{seconds[number] / seconds[1]:.2f}",
            f"{memory[number]:.0f}",
            f"{extra:.0f}",
            f"{share:.2f}" if number else "",
            ("yes" if share <= GOAL else "no") if number else "",
        )
        rows.append({"megapixels": megapixels, "seconds": seconds[number], "MiB": memory[number], "x": share})
    console.print(sheet)
    return rows


def compare(options: argparse.Namespace, console: Console) -> dict[str, dict[str, float]]:
    """Race against crops and Telea on one photograph, with one round hole and with a hundred scratches."""
    picture = cv2.cvtColor(photo(options.race), cv2.COLOR_BGR2RGB)
    engine = load_engine("default", device="cpu", threads=CPUS)
    cv2.setNumThreads(CPUS)
    sheet = Table(title=f"Filling in {options.race:g} megapixels, seconds in one process")
    for heading in ("hole", "network", "auto", "crops", "Telea", "crops / network", "Telea / network"):
        sheet.add_column(heading, justify="left" if heading == "hole" else "right")
    result = {}
    holes = {
        f"{options.hole} pixels": round_hole(picture.shape, options.hole),
        "100 scratches": scratches(picture.shape),
    }
    for name, levels in holes.items():
        mask = levels > 0
        contenders: dict[str, Callable[[], object]] = {
            "network": lambda mask=mask: fill(picture, mask, engine, detail="network"),
            "auto": lambda mask=mask: fill(picture, mask, engine, detail="auto"),
            "crops": lambda mask=mask: crops(picture, mask, engine),
            "Telea": lambda levels=levels: cv2.inpaint(picture, levels, 5, cv2.INPAINT_TELEA),
        }
        times = result[name] = race(contenders, options.repeats)
        ratios = [times[other] / times["network"] for other in ("crops", "Telea")]
        sheet.add_row(name, *(f"{times[one]:.2f}" for one in contenders), *(f"{ratio:.2f}" for ratio in ratios))
    console.print(sheet)
    return result


def main() -> None:
    """Print both tables, and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hole", type=int, default=300, help="diameter in pixels (default 300)")
    parser.add_argument("--sizes", type=float, nargs="+", default=[2, 12, 48, 100], help="megapixels")
    parser.add_argument("--race", type=float, default=12, help="megapixels of the second table (default 12)")
    parser.add_argument("--detail", default="auto", choices=["auto", "network", "texture"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, help="also write the numbers to this JSON file")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # Linux only; handed down to the commands as well
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CPUS])
    console = Console()
    record = {"growth": grow(options, console), "race": compare(options, console)}
    if options.output:
        options.output.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
