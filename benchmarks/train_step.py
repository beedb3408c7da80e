"""How fast is a training step? The `btgmi-default` networks at 128 pixels, bf16 against float32 in one run.

    python benchmarks/train_step.py [--repeats 20] [--backbones DIR] [--device cpu] [--output train_step.json]

Pictures are random, so that only the step is timed. Both precisions take turns, so that a busy machine slows both.
Without --backbones the patch perceptual loss is left out, which is said in the table.
"""

import argparse
import json
import platform
import statistics
import time
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from rich.console import Console
from rich.table import Table

from inpaint.core.losses import Objective
from inpaint.core.trainers import AdversarialTrainer, Batch
from inpaint.training.recipe import load_recipe

GOAL = 0.6
"""Seconds a bf16 step should stay below on two CPU cores."""


def make_trainer(precision: str, device: str, backbones: Path | None) -> AdversarialTrainer:
    """Return a trainer of the `btgmi-default` networks in one precision."""
    AcceleratorState._reset_state(reset_partial_state=True)
    settings = [] if backbones else ["objectives.default.ppl=0.0"]
    recipe = load_recipe("btgmi-default", settings)
    torch.manual_seed(0)
    return AdversarialTrainer(
        recipe.family,
        {name: Objective(config, backbones) for name, config in recipe.objectives.items()},
        accelerator=Accelerator(cpu=device == "cpu", mixed_precision=precision),
    )


def main() -> None:
    """Time both precisions and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--backbones", type=Path)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()

    moment = load_recipe("btgmi-default").schedule.at(0)
    image = torch.rand(arguments.batch, 3, arguments.size, arguments.size) * 2 - 1
    mask = torch.zeros(arguments.batch, 1, arguments.size, arguments.size)
    mask[:, :, arguments.size // 4 : arguments.size // 2, arguments.size // 4 : arguments.size // 2] = 1
    trainers = {name: make_trainer(name, arguments.device, arguments.backbones) for name in ("bf16", "no")}
    seconds: dict[str, list[float]] = {name: [] for name in trainers}
    for turn in range(arguments.repeats + 2):
        for name, trainer in trainers.items():
            start = time.perf_counter()
            trainer.step(Batch(image, mask), moment)  # ends with the losses on the host, so the device is done too
            if turn >= 2:
                seconds[name].append(time.perf_counter() - start)

    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    losses = "with" if arguments.backbones else "without"
    table = Table(title=f"One step at {arguments.size} px, batch {arguments.batch}, {losses} PPL, {arguments.device}")
    for heading in ("precision", "median s", "least", "most", "images/s", "x bf16"):
        table.add_column(heading, justify="left" if heading == "precision" else "right")
    for name, taken in seconds.items():
        median = medians[name]
        table.add_row(
            "float32" if name == "no" else name,
            *(f"{value:.3f}" for value in (median, min(taken), max(taken))),
            f"{arguments.batch / median:.1f}",
            f"{median / medians['bf16']:.2f}",
        )
    Console().print(table)
    print(f"goal on two CPU cores: {GOAL} s with bf16; torch {torch.__version__}, {platform.processor() or 'CPU'}")
    if arguments.output:
        arguments.output.write_text(json.dumps({"seconds": seconds, "losses": losses}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
