"""Put a training together from its recipe, and keep its run directory up to date while it runs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, KwargsHandler, set_seed
from torch import Tensor

from inpaint.core.errors import RecipeError
from inpaint.core.losses import Objective
from inpaint.core.nets import blocks_grown
from inpaint.core.trainers import AdversarialTrainer, Callback, StepReport, restore, state_tensors, train
from inpaint.training.data import BatchPlan
from inpaint.training.material import Material, open_material
from inpaint.training.processes import agreement, decoders, from_first, part
from inpaint.training.recipe import Recipe, recipe_digest
from inpaint.training.reports import Reports
from inpaint.training.rundir import RunDirectory
from inpaint.training.starting import SETTLING, begin, open_start
from inpaint.training.validation import Validation, contact_sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is about this machine and not about the training."""

    data: str
    """Photographs: a folder, shards, or shard URLs; for a joint model, segmented ones (see `open_segments`)."""
    out: Path
    """Run directory."""
    val: str | None = None
    """Photographs to validate on; None = sixteen of the training photographs."""
    shapes: str | None = None
    """Label maps whose segments are holes, where the recipe wants such."""
    backbones: Path | None = None
    """Folder of backbone weights; None = torchvision's download."""
    device: str = "auto"
    """"auto", "cpu" or "cuda"."""
    workers: int | None = None
    """Processes that decode pictures; None = this process's share of the cores on CUDA, none on the CPU."""
    deadline: float | None = None
    """When to stop, with a checkpoint, by `time.monotonic` (see `deadline_in`); None = when the recipe ends."""
    resume: bool = False
    """Go on from the last checkpoint of `out`."""
    start_from: str | None = None
    """Where a new training's first weights come from (see `open_start`); None = random ones."""
    again: bool = False
    """Let `out` be started over where it holds a training without a checkpoint."""
    compile: bool = False
    """Translate the networks with torch.compile first: minutes at the start, quicker steps afterwards."""
    cuda_graphs: bool = False
    """Replay steps as CUDA graphs. Where recording fails, training goes on without; `log.jsonl` says which it was."""


def deadline_in(minutes: float | None) -> float | None:
    """Return the deadline that lies this many minutes of wall-clock time ahead; None stays None."""
    return None if minutes is None else time.monotonic() + 60 * minutes


def run_training(recipe: Recipe, options: Options, watchers: Sequence[Callback] = ()) -> int:
    """Train as the recipe says; returns the number of finished steps, fewer than planned when stopped early.

    watchers: told of every step; one that returns True stops the training after that step, with a checkpoint.
    Raises `RecipeError` for data or a run directory that cannot be used, `DivergedError` when a loss is not finite.
    """
    accelerator = make_accelerator(recipe, options.device, cuda_graphs=options.cuda_graphs)
    # Fixed before anything is built, so that the first weights depend on the seed alone.
    set_seed(recipe.seed)
    material = open_material(recipe, options.data, options.val, options.shapes)
    first = open_start(options.start_from, recipe) if options.start_from and not options.resume else None
    objectives = {name: Objective(config, options.backbones) for name, config in recipe.objectives.items()}
    set_seed(recipe.seed)
    trainer = AdversarialTrainer(
        recipe.family,
        objectives,
        accelerator=accelerator,
        ema_decay=recipe.ema,
        sync_norms=recipe.sync_batch_norm,
        compiled=options.compile,
        graphed=options.cuda_graphs,
    )
    rundir = RunDirectory(options.out)
    origin = {
        "data": options.data,
        "val": options.val,
        "shapes": options.shapes,
        "backbones": str(options.backbones or "") or None,
        "start_from": options.start_from,
    }
    start, anchor = 0, (0, 0)
    if options.resume:
        # All go on from the step that the first process sees, whatever a shared disk shows to the others.
        tensors, record = load_state(rundir, recipe, from_first(accelerator, rundir.last_step()))
        restore(trainer, tensors, record["grown"])
        start = int(record["step"])
        if accelerator.is_main_process:
            digest = recipe_digest(recipe)
            if record["recipe"] != digest:
                rundir.log({"step": start, "recipe": digest, "before": record["recipe"]})
            rundir.adopt(recipe, start)
        if "samples" in record:
            anchor = start, int(record["samples"])
        if (
            accelerator.is_main_process
            and record.get("processes", accelerator.num_processes) != accelerator.num_processes
        ):
            rundir.log({"step": start, "processes": accelerator.num_processes, "before": record["processes"]})
    elif accelerator.is_main_process:
        rundir.create(recipe, origin, again=options.again)

    schedule = recipe.schedule
    plan = BatchPlan(
        crops=recipe.data,
        holes=recipe.holes,
        schedule=schedule,
        seed=recipe.seed,
        rank=accelerator.process_index,
        world=accelerator.num_processes,
        anchor=anchor,
        device=accelerator.device,
    )
    if first is not None:
        # The same pictures in every process, so that all start with the same norms.
        alike = replace(plan, rank=0, world=1)
        begin(trainer, first, islice(material.batches(alike, start=0, workers=0), SETTLING))
    workers = decoders(accelerator.device) if options.workers is None else options.workers
    keeper = Keeper(recipe, rundir, trainer, _validation(recipe, material, objectives), plan, start)
    callbacks: list[Callback] = [*watchers]
    if accelerator.is_main_process:
        callbacks.append(keeper)
    if (deadline := options.deadline) is not None:
        callbacks.append(lambda report: time.monotonic() >= deadline)
    batches = material.batches(plan, start=start, workers=workers)
    finished = train(trainer, schedule, batches, callbacks, start=start, agree=agreement(accelerator))
    trainer.guard.verify()
    if accelerator.is_main_process:
        keeper.close(finished)
    part(accelerator)
    return finished


def load_state(rundir: RunDirectory, recipe: Recipe, step: int | None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read the checkpoint of a step for going on with it: its tensors and its record.

    Raises `RecipeError` when there is none, or the recipe's phases leave nothing of the kind to go on with.
    """
    tensors, record = rundir.load(step)
    at, schedule = int(record["step"]), recipe.schedule
    if at > schedule.steps:
        raise RecipeError(
            f"{rundir.path} is at step {at}, and the recipe's phases end after {schedule.steps}; give them more steps "
            "with --set, or export the model as it is."
        )
    if at < schedule.steps and schedule.at(at).grown < record["grown"]:
        raise RecipeError(
            f"{rundir.path} has grown {record['grown']} block(s), and the recipe's phases "
            f"{schedule.at(at).grown} by step {at}; give them as many steps as they took, with --set."
        )
    return tensors, record


def make_accelerator(recipe: Recipe, device: str, *, cuda_graphs: bool = False) -> Accelerator:
    """Return what knows of precision, device and processes; with several, this is where they meet.

    device: "auto", "cpu" or "cuda". cuda_graphs: whether steps are to be recorded. Raises `RecipeError` when there is
    no such device, or none that records.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise RecipeError("There is no usable CUDA device; choose --device cpu or auto.")
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True  # crops have one size per phase
    # accelerate keeps one state per process and refuses another precision; an earlier training may have left one.
    AcceleratorState._reset_state()
    precision = "bf16" if recipe.precision == "bf16" else "no"
    # Nobody sends batch statistics around: they are the same everywhere where `sync_batch_norm` is on. Between the
    # discriminators' two passes it would change tensors that the backward pass still needs.
    handlers: list[KwargsHandler] = [DistributedDataParallelKwargs(broadcast_buffers=False)]
    accelerator = Accelerator(cpu=device == "cpu", mixed_precision=precision, kwargs_handlers=handlers)
    if cuda_graphs and (accelerator.device.type != "cuda" or accelerator.num_processes > 1):
        raise RecipeError("CUDA graphs need an NVIDIA GPU and one process; leave --cuda-graphs out.")
    return accelerator


def _validation(recipe: Recipe, material: Material, objectives: dict[str, Objective]) -> Validation | None:
    pictures = material.fixed()
    if pictures is None:
        return None
    return Validation(pictures, objectives[recipe.phases[-1].objective], recipe.family)


class Keeper:
    """The callback that writes: log lines, validations with their sample grids, checkpoints."""

    def __init__(
        self,
        recipe: Recipe,
        rundir: RunDirectory,
        trainer: AdversarialTrainer,
        validation: Validation | None,
        plan: BatchPlan,
        start: int,
    ) -> None:
        self.recipe = recipe
        self.rundir = rundir
        self.trainer = trainer
        self.validation = validation
        self.plan = plan
        self.reports = Reports(rundir)
        self.saved = start
        self.told_of_graphs = trainer.graphed is None
        self.steps = recipe.schedule.steps

    def __call__(self, report: StepReport) -> None:
        """Write whatever is due after this step."""
        step, recipe = report.step, self.recipe
        self.reports.add(report)
        self._tell_of_graphs(step)
        due = (recipe.log_every, recipe.sample_every, recipe.checkpoint_every)
        # A training that has diverged writes nothing more, and is about to end.
        if not (any(step % every == 0 for every in due) or step == self.steps) or not self.trainer.guard.sound:
            return
        if step % recipe.log_every == 0:
            self.reports.write(report)
        if step % recipe.sample_every == 0 or step == self.steps:
            self.validate(step, report.moment.fade)
        if step % recipe.checkpoint_every == 0:
            self.save(step)

    def _tell_of_graphs(self, step: int) -> None:
        graphed = self.trainer.graphed
        if not self.told_of_graphs and graphed is not None and (graphed.recorded or graphed.refused):
            self.rundir.log({"step": step, "cuda_graphs": graphed.refused or "recorded"})
            self.told_of_graphs = True

    def validate(self, step: int, fade: float) -> None:
        """Measure the moving average on the fixed pictures and draw the contact sheet.

        fade: weight of the newest grown block, 0..1.
        """
        if self.validation is None:
            return
        measures, filled = self.validation.measure(self.trainer.ema.generator, fade)
        contact_sheet(self.validation.batch, filled, self.rundir.samples / f"step-{step:06d}.png")
        if self.reports.validated(step, measures):
            self.save(step)
            # Only now: were it called the best before there was room to save it, nothing equal would be saved later.
            self.rundir.remember_best(step, measures)
            self.rundir.prune(self.recipe.keep)

    def save(self, step: int) -> None:
        """Write a checkpoint of this step, once."""
        if step != self.saved:
            grown = blocks_grown(self.trainer.generator)
            counts = {"samples": self.plan.samples_before(step), "processes": self.plan.world}
            self.rundir.save(step, state_tensors(self.trainer), self.recipe, grown, **counts)
            self.rundir.prune(self.recipe.keep)
            self.saved = step

    def close(self, step: int) -> None:
        """Write what the last step leaves to be written."""
        self.save(step)
        self.reports.close()
