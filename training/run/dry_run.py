"""A training up to its first step: everything opened and checked, nothing trained and nothing written."""

from dataclasses import dataclass

from inpaint.core.losses import Objective
from inpaint.core.trainers import AdversarialTrainer, restore
from inpaint.training.data.training_data import TrainingData
from inpaint.training.recipe import Recipe
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.initial_weights import open_initial_weights
from inpaint.training.run.processes import make_accelerator
from inpaint.training.run.session import Options, load_state, open_data


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a training would work with."""

    material: TrainingData
    """Its pictures."""
    trainer: AdversarialTrainer
    """Its networks, grown as far as they will be; it has no objectives."""
    step: int
    """How many steps are finished already."""


def open_everything(recipe: Recipe, options: Options) -> DryRun:
    """Open whatever `run_training` would; backbones only from a folder, because the others would be downloaded.

    A new training's `out` is not looked at. Raises what `run_training` would raise before its first step.
    """
    accelerator = make_accelerator(recipe, options.device, cuda_graphs=options.cuda_graphs)
    material = open_data(recipe, options)
    material.fixed()
    if options.backbones is not None:
        for config in recipe.objectives.values():
            Objective(config, options.backbones)
    trainer, step = AdversarialTrainer(recipe.family, {}, accelerator=accelerator), 0
    if options.resume:
        rundir = RunDirectory(options.out)
        tensors, record = load_state(rundir, recipe, rundir.last_step())
        restore(trainer, tensors, record["grown"])
        step = int(record["step"])
    elif options.start_from:
        open_initial_weights(options.start_from, recipe)
    trainer.grow_to(sum(phase.grow for phase in recipe.phases))
    return DryRun(material, trainer, step)
