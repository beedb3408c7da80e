"""Put a training together from its recipe, and run it."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from accelerate.utils import set_seed
from torch import Tensor

from inpaint.core.errors import RecipeError
from inpaint.core.losses import Objective
from inpaint.core.trainers import AdversarialTrainer, Callback, restore, train
from inpaint.training.data.batches import BatchPlan
from inpaint.training.data.skipped import SkippedPictures
from inpaint.training.data.sources import absolute_location
from inpaint.training.data.training_data import TrainingData, open_training_data
from inpaint.training.recipe import Recipe, recipe_digest
from inpaint.training.run.checkpoint_callback import CheckpointCallback
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.directory_lock import locked
from inpaint.training.run.initial_weights import SETTLING, open_initial_weights, start_from_weights
from inpaint.training.run.processes import agreement, decoders, from_first, make_accelerator, part
from inpaint.training.run.validation import Validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is about this machine and not about the training."""

    data: str
    """Photographs: a folder, shards, or shard URLs; for a joint model, segmented ones (see `open_segments`)."""
    out: Path
    """Run directory."""
    val: str | None = None
    """Photographs to validate on; None = some of `data`, which are not trained on then (see `open_training_data`)."""
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
    """Where a new training's first weights come from (see `open_initial_weights`); None = random ones."""
    again: bool = False
    """Let `out` be started over where it holds a training without a checkpoint."""
    compile: bool = False
    """Compile the networks with torch.compile first: minutes at the start, faster steps afterwards."""
    cuda_graphs: bool = False
    """Replay steps as CUDA graphs. Where recording fails, training goes on without; `log.jsonl` says which it was."""
    tell: Callable[[str], object] = lambda _: None
    """Called with one sentence about what people should know and no number says, such as a picture that was skipped."""

    def origin(self) -> dict[str, Any]:
        """Return what a run directory remembers, so that going on needs none of it again, from whatever directory."""
        return {
            "data": absolute_location(self.data),
            "val": self.val and absolute_location(self.val),
            "shapes": self.shapes and absolute_location(self.shapes),
            "backbones": self.backbones and str(self.backbones.absolute()),
            "start_from": self.start_from,
        }


def deadline_in(minutes: float | None) -> float | None:
    """Return the deadline that lies this many minutes of wall-clock time ahead; None stays None."""
    return None if minutes is None else time.monotonic() + 60 * minutes


def run_training(recipe: Recipe, options: Options, watchers: Sequence[Callback] = ()) -> int:
    """Train as the recipe says; returns the number of finished steps, fewer than planned when stopped early.

    watchers: told of every step; one that returns True stops the training after that step, with a checkpoint.
    Raises `RecipeError` for data or a run directory that cannot be used, `DivergedError` when a loss is not finite.
    """
    with ExitStack() as until_the_end:
        return _train(recipe, options, watchers, until_the_end)


def _train(recipe: Recipe, options: Options, watchers: Sequence[Callback], until_the_end: ExitStack) -> int:
    accelerator = make_accelerator(recipe, options.device, cuda_graphs=options.cuda_graphs)
    first_process = accelerator.is_main_process
    rundir = RunDirectory(options.out)
    # Fixed before anything is built, so that the first weights depend on the seed alone.
    set_seed(recipe.seed)
    material = open_data(recipe, options)
    first = open_initial_weights(options.start_from, recipe) if options.start_from and not options.resume else None
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
    if first_process and not (options.resume and rundir.last_step() is None):
        until_the_end.enter_context(locked(rundir.path))
    start, anchor = 0, (0, 0)
    if options.resume:
        start, anchor = _go_on(trainer, recipe, rundir)
    if first_process:
        if options.resume:
            rundir.remember_origin(options.origin())
        else:
            rundir.create(recipe, options.origin() | {"held_out": material.held_out}, again=options.again)
            if options.val is None:
                options.tell(material.validated_on)
    skipped = _skipped(material, rundir, options, log=first_process)

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
        alike = material.batches(replace(plan, rank=0, world=1), start=0, workers=0, skipped=skipped)
        start_from_weights(trainer, first, islice(alike, SETTLING))
    workers = decoders(accelerator.device) if options.workers is None else options.workers
    # Made in every process, so that pictures that cannot be read end all of them.
    validation = _validation(recipe, material, objectives, skipped)
    # It writes from the start.
    keeper = CheckpointCallback(recipe, rundir, trainer, validation, plan, start) if first_process else None
    callbacks: list[Callback] = [*watchers]
    if keeper is not None:
        callbacks.append(keeper)
    if (deadline := options.deadline) is not None:
        callbacks.append(lambda report: time.monotonic() >= deadline)
    batches = material.batches(plan, start=start, workers=workers, skipped=skipped)
    try:
        finished = train(trainer, schedule, batches, callbacks, start=start, agree=agreement(accelerator))
    except RecipeError:
        # Something is wrong with the data of the next step; those before are not lost.
        if keeper is not None and trainer.guard.sound and keeper.step > start:
            keeper.close(keeper.step)
            options.tell(f"Saved after step {keeper.step}: --resume goes on from there.")
        raise
    trainer.guard.verify()
    if keeper is not None:
        keeper.close(finished)
    part(accelerator)
    return finished


def open_data(recipe: Recipe, options: Options) -> TrainingData:
    """Open the data of a training. One that goes on keeps as many photographs from training as when it began."""
    held_out = int(RunDirectory(options.out).origin().get("held_out", 0)) if options.resume else None
    # Absolute, so that what is said of a picture is the same from wherever the training goes on.
    val, shapes = (place and absolute_location(place) for place in (options.val, options.shapes))
    return open_training_data(recipe, absolute_location(options.data), val, shapes, held_out)


def _skipped(material: TrainingData, rundir: RunDirectory, options: Options, *, log: bool) -> SkippedPictures:
    """Return what takes note of pictures that are not usable. log: whether this process writes them down."""

    def tell(sentence: str) -> None:
        if log:
            rundir.log({"skipped": sentence})
        options.tell(f"{sentence} Another picture takes its place.")

    known = [str(record["skipped"]) for record in rundir.records() if "skipped" in record] if options.resume else []
    return SkippedPictures(material.total, tell, known)


def _go_on(trainer: AdversarialTrainer, recipe: Recipe, rundir: RunDirectory) -> tuple[int, tuple[int, int]]:
    """Put the last checkpoint into a trainer, and note what is different now.

    Returns the finished steps, and the anchor of the batches (see `BatchPlan`).
    """
    accelerator = trainer.accelerator
    # All go on from the step that the first process sees, whatever a shared disk shows to the others.
    tensors, record = load_state(rundir, recipe, from_first(accelerator, rundir.last_step()))
    restore(trainer, tensors, record["grown"])
    start, processes = int(record["step"]), accelerator.num_processes
    if accelerator.is_main_process:
        digest = recipe_digest(recipe)
        if record["recipe"] != digest:
            rundir.log({"step": start, "recipe": digest, "before": record["recipe"]})
        rundir.adopt(recipe, start)
        if record.get("processes", processes) != processes:
            rundir.log({"step": start, "processes": processes, "before": record["processes"]})
    return start, (start, int(record["samples"])) if "samples" in record else (0, 0)


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


def _validation(
    recipe: Recipe, material: TrainingData, objectives: dict[str, Objective], skipped: SkippedPictures
) -> Validation | None:
    pictures = material.fixed(skipped)
    if pictures is None:
        return None
    return Validation(pictures, objectives[recipe.phases[-1].objective], recipe.family)
