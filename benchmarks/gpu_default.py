"""A quarter of an hour on a GPU for the next default model: measure, plan, train to the end of the time, pack.

    python benchmarks/gpu_default.py --data open/train --val open/val --backbones backbones/ --out OUT [--minutes 11]
                                     [--start-from RUN] [--set data.default.batch=32] [--tiny]

Speeds are measured first, on the device itself; then every phase of `btgmi-default-open` gets its share of the time
that is left, and the training stops with a checkpoint when that is over. In OUT: `run/`, the run directory;
`model.onnx`, the averaged generator; `parts/`, what resuming needs as a tar in parts of at most 16 MB; `log-line.md`,
the line for docs/gpu-log.md. --tiny rehearses all of it on a CPU in about a minute. Nothing is downloaded.
"""

import argparse
import io
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from inpaint.core.engines.engine import load_engine
from inpaint.core.trainers import StepReport
from inpaint.training.export.inpainting import export_run
from inpaint.training.recipe import Recipe, load_recipe
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.session import Options, deadline_in, run_training

RECIPE = "btgmi-default-open"
SHARES = (0.15, 0.15, 0.40, 0.10, 0.12, 0.08)
"""Of the training's time, phase by phase."""
RESERVE = 40
"""Seconds for the last validation, the export and packing."""
PART = 15 * 2**20
"""Bytes of a part."""
TINY = [
    *("data.small.size=64", "data.small.batch=2", "data.default.size=64", "data.default.batch=2"),
    *("generator.width=8", "generator.blocks=2", "discriminator.width=8", "discriminator.scales=1"),
    *("log_every=5", "sample_every=50", "checkpoint_every=50"),
]
FULL = ["data.small.batch=64", "data.default.batch=32", "sample_every=2000", "checkpoint_every=500", "log_every=50"]


def main() -> None:
    """Do the whole job."""
    options, settings, minutes = read_arguments()
    began = time.monotonic()
    recipe = load_recipe(RECIPE, settings)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    print(f"{device}, torch {torch.__version__}; {minutes:g} minutes, of which the training gets what measuring leaves")
    seconds = measure(recipe, options)
    left = 60 * minutes - (time.monotonic() - began) - RESERVE
    steps = plan(recipe, seconds, left)
    for phase, count in zip(recipe.phases, steps, strict=True):
        print(f"  {phase.name}: {count} steps")
    changes = [f"phases.{number}.steps={count}" for number, count in enumerate(steps)]
    recipe = load_recipe(RECIPE, [*settings, *changes])
    done = run_training(recipe, replace(options, deadline=deadline_in(left / 60)))
    contract, _ = export_run(options.out, options.out.parent / "model.onnx")
    load_engine(options.out.parent / "model.onnx", device="cpu")  # it keeps its contract
    files = pack(options.out, options.out.parent / "parts")
    line = log_line(recipe, options.out, device, done, (time.monotonic() - began) / 60, contract.name)
    (options.out.parent / "log-line.md").write_text(line, "utf-8")
    print(line)
    print(f"{len(files)} parts in {options.out.parent / 'parts'}; put together with: cat parts/run.tar.* | tar x")


def read_arguments() -> tuple[Options, list[str], float]:
    """Return what to train with, the recipe's settings, and the minutes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--val", required=True)
    parser.add_argument("--backbones", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--minutes", type=float, default=11.0)
    parser.add_argument("--start-from", help="a run directory whose weights are the first ones")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="KEY=VALUE")
    parser.add_argument("--tiny", action="store_true")
    words = parser.parse_args()
    cuda = torch.cuda.is_available() and not words.tiny
    words.out.mkdir(parents=True, exist_ok=True)
    options = Options(
        data=words.data,
        val=words.val,
        backbones=words.backbones,
        out=words.out / "run",
        device="cuda" if cuda else "cpu",
        start_from=words.start_from,
        cuda_graphs=cuda,
    )
    return options, [*(TINY if words.tiny else FULL), *words.settings], words.minutes


def measure(recipe: Recipe, options: Options) -> dict[tuple[str, bool], float]:
    """Return seconds per step by data settings and whether discriminators learn, over short trainings of their own."""
    kinds = {(phase.data, phase.adversarial > 0) for phase in recipe.phases}
    found = {}
    for number, (data, judged) in enumerate(sorted(kinds)):
        steps, warm = (8, 4) if options.device == "cpu" else (60, 20)
        phase = f'[{{name="speed", steps={steps}, data="{data}", adversarial={0.05 if judged else 0.0}}}]'
        table = options.out.parent / f"speed-{number}.toml"
        table.write_text(recipe.to_toml(), "utf-8")
        times: list[float] = []

        def watch(report: StepReport, times: list[float] = times) -> None:
            if options.device == "cuda":
                torch.cuda.synchronize()
            times.append(time.monotonic())

        short = load_recipe(str(table), [f"phases={phase}", "sample_every=100000", "checkpoint_every=100000"])
        out = options.out.parent / f"speed-{number}"
        run_training(short, replace(options, out=out, start_from=None), [watch])
        found[data, judged] = (times[-1] - times[warm - 1]) / (len(times) - warm)
        images = recipe.data[data].batch / found[data, judged]
        print(
            f"  {data}{', discriminators' if judged else ''}: {found[data, judged]:.4f} s a step, {images:.1f} images/s"
        )
    return found


def plan(recipe: Recipe, seconds: dict[tuple[str, bool], float], left: float) -> list[int]:
    """Return the steps of every phase, so that all of them take `left` seconds."""
    return [
        max(2, int(share * left / seconds[phase.data, phase.adversarial > 0]))
        for share, phase in zip(SHARES, recipe.phases, strict=True)
    ]


def pack(run: Path, folder: Path) -> list[Path]:
    """Write what resuming needs, the last checkpoint alone, as a tar in parts."""
    rundir = RunDirectory(run)
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for path in [*sorted(run.glob("*.toml")), *sorted(run.glob("*.json*"))]:
            tar.add(path, f"run/{path.name}")
        last = f"step-{rundir.steps()[-1]:06d}"
        tar.add(rundir.checkpoints / last, f"run/checkpoints/{last}")
    folder.mkdir(exist_ok=True)
    whole, files = content.getvalue(), []
    for number, start in enumerate(range(0, len(whole), PART)):
        files.append(folder / f"run.tar.{number:03d}")
        files[-1].write_bytes(whole[start : start + PART])
    return files


def log_line(recipe: Recipe, run: Path, device: str, done: int, minutes: float, name: str) -> str:
    """Return the line for docs/gpu-log.md."""
    measured = [record for record in RunDirectory(run).records() if "validation" in record]
    numbers = [f"{record['step']}: {record['validation']['distance']:.4f}" for record in measured]
    return (
        f"| {time.strftime('%Y-%m-%d')} | {device}, torch {torch.__version__} | {name}, {done} of "
        f"{recipe.schedule.steps} steps in {minutes:.1f} min | validation distance by step {', '.join(numbers)} |\n"
    )


if __name__ == "__main__":
    main()
