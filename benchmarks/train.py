"""How fast is training? Inpaint's step against the plain loop of the same networks, on real pictures.

    python benchmarks/train.py --data photographs/ [--backbones DIR] [--device cuda] [--recipe btgmi-default]
                               [--set data.default.batch=8] [--turns 7] [--threads 1] [--output train.json]

Every contender lives in a process of its own, so that its memory can be told; they take turns of a few steps, so that
a busy machine slows all of them. What counts are the ratios. Without --backbones (and without a network) recipes whose
objective needs a backbone cannot run: add --set objectives.default.ppl=0.0.
"""

import argparse
import json
import multiprocessing
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

PLAIN, FLOAT32, BF16, COMPILED = "plain loop, float32", "inpaint, float32", "inpaint, bf16", "inpaint, compiled"
GRAPHED = "inpaint, CUDA graphs"
GOAL = 1.6
"""How many times the images per second of the plain loop are wanted, on a CPU."""
GOAL_OF_PEAK = 0.45
"""Which share of the measured bf16 peak is wanted, on an H200 with networks of width 64 at 256 pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a contender needs to know; travels to its process."""

    name: str
    recipe: str
    settings: tuple[str, ...]
    data: str
    backbones: Path | None
    device: str
    workers: int | None
    threads: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one contender achieved; medians over its turns."""

    name: str
    seconds_per_step: float
    least: float
    most: float
    cpu_seconds: float
    """Seconds of processor time per step: steadier than the clock where others use the machine too."""
    images_per_second: float
    waiting: float
    """Share of the time spent on waiting for pictures."""
    flops_per_second: float
    memory: int
    """Largest amount of memory in bytes: of the device with CUDA, of the process on the CPU."""


def inpaint_loop(job: Job) -> Iterator[float]:
    """Train as `inpaint train` does; yields after every step the seconds of it spent on waiting for the batch."""
    import torch

    from inpaint.core.losses import Objective
    from inpaint.core.trainers import AdversarialTrainer
    from inpaint.training.data.batches import BatchPlan, load_batches
    from inpaint.training.data.sources import open_source
    from inpaint.training.recipe import load_recipe
    from inpaint.training.run.processes import decoders, make_accelerator

    precision = "fp32" if job.name == FLOAT32 else "bf16"
    recipe = load_recipe(job.recipe, [*job.settings, f"precision={precision}"])
    accelerator = make_accelerator(recipe, job.device)
    torch.manual_seed(0)
    objectives = {name: Objective(config, job.backbones) for name, config in recipe.objectives.items()}
    compiled = job.name == COMPILED
    graphed = job.name == GRAPHED
    trainer = AdversarialTrainer(recipe.family, objectives, accelerator=accelerator, compiled=compiled, graphed=graphed)
    plan = BatchPlan(crops=recipe.data, holes=recipe.holes, schedule=recipe.schedule, seed=0, device=accelerator.device)
    workers = decoders(accelerator.device) if job.workers is None else job.workers
    batches = load_batches(open_source(job.data), plan, start=0, workers=workers)
    for step in range(recipe.schedule.steps):
        asked = time.perf_counter()
        batch = next(batches)
        waited = time.perf_counter() - asked
        trainer.step(batch, recipe.schedule.at(step))
        yield waited


def reference_loop(job: Job) -> Iterator[float]:
    """Train with the plain loop."""
    import torch
    from plain_loop import plain_loop

    from inpaint.training.data.sources import StreamSource, open_source
    from inpaint.training.recipe import load_recipe

    torch.manual_seed(0)
    source = open_source(job.data)
    assert not isinstance(source, StreamSource)
    return plain_loop(load_recipe(job.recipe, list(job.settings)), source, job.backbones, torch.device(job.device))


def contend(job: Job, pipe: Connection) -> None:
    """Run in a process of its own: on every number that comes in take so many steps, and answer how long it took."""
    import torch

    if job.threads:
        torch.set_num_threads(job.threads)
    loop = (reference_loop if job.name == PLAIN else inpaint_loop)(job)
    wait: Callable[[], None] = torch.cuda.synchronize if job.device == "cuda" else lambda: None
    while (steps := pipe.recv()) > 0:
        began, used = time.perf_counter(), time.process_time()
        waited = sum(next(loop) for _ in range(steps))
        wait()
        pipe.send((time.perf_counter() - began, waited, time.process_time() - used))
    cuda = job.device == "cuda"
    pipe.send(torch.cuda.max_memory_allocated() if cuda else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def count_flops(job: Job, pipe: Connection) -> None:
    """Count the floating-point operations of one plain step: every convolution and matrix product, there and back."""
    from torch.utils.flop_counter import FlopCounterMode

    loop = reference_loop(job)
    with FlopCounterMode(display=False) as counter:
        next(loop)
    pipe.send(counter.get_total_flops())


def measure_peak(job: Job, pipe: Connection) -> None:
    """Measure the best of some large bf16 matrix products, in operations per second."""
    import torch

    if job.threads:
        torch.set_num_threads(job.threads)
    cuda = job.device == "cuda"
    side = 8192 if cuda else 2048
    a, b = (torch.randn(side, side, device=job.device, dtype=torch.bfloat16) for _ in range(2))
    best = float("inf")
    for _ in range(8):
        began = time.perf_counter()
        for _ in range(20 if cuda else 1):
            a @ b
        if cuda:
            torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - began) / (20 if cuda else 1))
    pipe.send(2 * side**3 / best)


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder of photographs, or .tar shards")
    parser.add_argument("--backbones", type=Path, help="folder of backbone weights")
    parser.add_argument("--recipe", default="btgmi-default")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="KEY=VALUE")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--workers", type=int, help="processes that decode pictures for Inpaint's loop")
    parser.add_argument("--threads", type=int, help="CPU threads; 1 on a machine that others use at the same time")
    parser.add_argument("--turns", type=int, default=7, help="how often every contender is timed")
    parser.add_argument("--steps", type=int, help="steps in a turn (default 2 on the CPU, 50 with CUDA)")
    parser.add_argument("--only", nargs="*", help="parts of the names of the contenders, such as plain bf16")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    steps = options.steps or (50 if options.device == "cuda" else 2)
    console = Console()
    console.width = max(console.width, 120)  # the table also fits into a file

    from inpaint.training.recipe import load_recipe

    recipe = load_recipe(options.recipe, options.settings)
    context = multiprocessing.get_context("spawn")

    def start(name: str, target: Callable[[Job, Connection], None] = contend) -> Connection:
        job = Job(
            name=name,
            recipe=options.recipe,
            settings=tuple(options.settings),
            data=options.data,
            backbones=options.backbones,
            device=options.device,
            workers=options.workers,
            threads=options.threads,
        )
        here, there = context.Pipe()
        # Not daemons: those may not start the workers that decode.
        context.Process(target=target, args=(job, there)).start()
        there.close()
        return here

    contenders = [PLAIN, FLOAT32, BF16, COMPILED] + ([GRAPHED] if options.device == "cuda" else [])
    names = [n for n in contenders if not options.only or any(part in n for part in options.only)]
    flops, peak = start(PLAIN, count_flops).recv(), start(PLAIN, measure_peak).recv()
    pipes = {name: start(name) for name in names}
    times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    # The first turn warms up (and compiles), and the first answer of a contender includes building it.
    for turn in track(range(options.turns + 1), description="timing", console=console, transient=True):
        for name, pipe in pipes.items():
            pipe.send(steps)
            seconds, waited, used = pipe.recv()
            if turn > 0:
                times[name].append((seconds / steps, waited / steps, used / steps))
    crops = recipe.data[recipe.phases[0].data]
    results = []
    for name, pipe in pipes.items():
        pipe.send(0)
        taken = [seconds for seconds, _, _ in times[name]]
        median = statistics.median(taken)
        results.append(
            Result(
                name=name,
                seconds_per_step=median,
                least=min(taken),
                most=max(taken),
                cpu_seconds=statistics.median(used for _, _, used in times[name]),
                images_per_second=crops.batch / median,
                waiting=statistics.median(waited / seconds for seconds, waited, _ in times[name]),
                flops_per_second=flops / median,
                memory=pipe.recv(),
            )
        )
    title = f"{recipe.name}, {crops.size} px, batch {crops.batch}, {options.device}: {flops / 1e9:.0f} GFLOP a step"
    console.print(table(title, results, peak))
    console.print(f"bf16 matrix products: {peak / 1e12:.2f} TFLOP/s")
    console.print(
        f"goals: {GOAL} x the plain loop on a CPU, {GOAL_OF_PEAK:.0%} of the peak on an H200 (width 64, 256 px)"
    )
    if options.output:
        import torch

        record = {
            "recipe": recipe.model_dump(mode="json"),
            "device": torch.cuda.get_device_name() if options.device == "cuda" else platform.processor(),
            "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "torch": torch.__version__,
            "flops_per_step": flops,
            "peak": peak,
            "results": [asdict(result) for result in results],
        }
        options.output.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


def table(title: str, results: list[Result], peak: float) -> Table:
    """Lay the results out, with ratios to the first of them."""
    sheet = Table(title=title)
    for heading in ("", "s/step", "least", "most", "CPU s", "images/s", "x first", "waiting", "of bf16 peak", "memory"):
        sheet.add_column(heading, justify="right" if heading else "left")
    for result in results:
        sheet.add_row(
            result.name,
            *(f"{value:.3f}" for value in (result.seconds_per_step, result.least, result.most, result.cpu_seconds)),
            f"{result.images_per_second:.1f}",
            f"{results[0].seconds_per_step / result.seconds_per_step:.2f}",
            f"{result.waiting:.1%}",
            f"{result.flops_per_second / peak:.1%}",
            f"{result.memory / 2**30:.2f} GiB",
        )
    return sheet


if __name__ == "__main__":
    main()
