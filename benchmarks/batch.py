"""How much faster is one `inpaint batch` than a shell loop over `inpaint fill`?

    python benchmarks/batch.py [--repeats 3] [--output batch.json]

The contenders take turns within one run on two CPUs, so that a busy machine slows all of them: the ratios count.
"""

import argparse
import json
import os
import platform
import shutil
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

from inpaint.core import fill, load_engine, read_image, read_mask, write_image

DEMO = Path(__file__).resolve().parent.parent / "docs" / "demo" / "photo.jpg"
CPUS = 2
GOAL = 1.8
"""A shell loop is to take at least this many times as long as the batch."""
SETS = {"1 megapixel": (16, (1224, 816)), "12 megapixels": (6, (4243, 2828))}
"""Name -> how many photographs, and their width and height."""
HOLE = 160


def make_set(folder: Path, count: int, size: tuple[int, int]) -> None:
    """Write `count` different JPEGs with the grain of a camera, and for each a mask with a round hole."""
    picture = cv2.resize(cv2.imread(str(DEMO)), size, interpolation=cv2.INTER_CUBIC)
    rng = np.random.default_rng(0)
    for kind in ("photos", "masks"):
        (folder / kind).mkdir(parents=True)
    for number in range(count):
        grain = rng.normal(0, 4, picture.shape).astype(np.float32)
        mask = np.zeros(size[::-1], np.uint8)
        cv2.circle(mask, tuple(int(rng.uniform(0.2, 0.8) * side) for side in size), HOLE // 2, 255, -1)
        photo = np.clip(np.roll(picture, 37 * number, axis=1) + grain, 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / "photos" / f"{number}.jpg"), photo, [cv2.IMWRITE_JPEG_QUALITY, 92])
        cv2.imwrite(str(folder / "masks" / f"{number}.png"), mask)


def prompt(*arguments: str | Path) -> None:
    """Run the installed command, and stop when it fails."""
    command = [str(Path(sys.executable).with_name("inpaint")), *map(str, arguments), "--quiet"]
    subprocess.run(command, check=True)


def contenders(folder: Path) -> dict[str, Callable[[Path], None]]:
    """Return what fills every photograph of `folder` into a folder."""
    photos = sorted((folder / "photos").iterdir())

    def batch(out: Path) -> None:
        prompt("batch", folder / "photos", "--masks", folder / "masks", "-o", out, "--device", "cpu")

    def loop(out: Path) -> None:
        for photo in photos:
            mask = folder / "masks" / f"{photo.stem}.png"
            prompt("fill", photo, "--mask", mask, "-o", out / f"{photo.stem}.png", "--device", "cpu")

    def library(out: Path) -> None:
        engine = load_engine(device="cpu", threads=CPUS)
        for path in photos:
            photo = read_image(path)
            mask, _ = read_mask(folder / "masks" / f"{path.stem}.png", photo.size)
            write_image(fill(photo, mask, engine), out / f"{path.stem}.png")

    return {"inpaint batch": batch, "shell loop over inpaint fill": loop, "Python loop, one engine": library}


def measure(folder: Path, repeats: int) -> dict[str, list[float]]:
    """Return the seconds of every contender, and check that all wrote the same."""
    seconds: dict[str, list[float]] = {}
    for _ in range(repeats):
        written: dict[str, list[bytes]] = {}
        for name, run in contenders(folder).items():
            out = folder / "out"
            out.mkdir()
            start = time.perf_counter()
            run(out)
            seconds.setdefault(name, []).append(time.perf_counter() - start)
            written[name] = [path.read_bytes() for path in sorted(out.glob("*.png"))]
            shutil.rmtree(out)
        first, *others = written.values()
        if any(other != first for other in others):
            raise SystemExit("The contenders do not write the same files, so there is nothing to compare.")
    return seconds


def main() -> None:
    """Run everything, print the table, and write the numbers."""
    parser = argparse.ArgumentParser(description="Time batches on two CPUs.")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each contender (default 3)")
    parser.add_argument("--output", type=Path, help="also write the numbers to this JSON file")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # Linux only; handed down to the commands as well
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CPUS])

    console, record = Console(), {}
    sheet = Table(title=f"Filling many photographs on {CPUS} CPUs to PNG, seconds per photograph")
    for heading in ("what", "median", "least", "most", "x batch", "goal"):
        sheet.add_column(heading, justify="left" if heading == "what" else "right")
    with tempfile.TemporaryDirectory() as name:
        for title, (count, size) in SETS.items():
            folder = Path(name) / title.replace(" ", "-")
            make_set(folder, count, size)
            seconds = measure(folder, options.repeats)
            batch = statistics.median(seconds["inpaint batch"])
            for what, values in seconds.items():
                ratio = statistics.median(values) / batch
                goal = f">= {GOAL} {'[green]met[/]' if ratio >= GOAL else '[red]missed[/]'}" if "shell" in what else ""
                each = [value / count for value in (statistics.median(values), min(values), max(values))]
                sheet.add_row(f"{count} x {title}: {what}", *(f"{v:.3f}" for v in each), f"{ratio:.2f}", goal)
            record[title] = {"photographs": count, "size": size, "seconds": seconds}
            shutil.rmtree(folder)
    console.print(sheet)
    if options.output:
        machine = {"processor": platform.processor() or platform.machine(), "cpus": CPUS}
        options.output.write_text(json.dumps({"machine": machine} | record, indent=2) + "\n", encoding="utf-8")
        console.print(f"Numbers written to {options.output}")


if __name__ == "__main__":
    main()
