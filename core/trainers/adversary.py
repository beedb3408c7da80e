"""One step of adversarial training: the discriminators learn, then the generator learns against them."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from inpaint.core.errors import DivergedError, RecipeError
from inpaint.core.losses import Objective, discriminator_loss
from inpaint.core.nets import Growing, blocks_grown
from inpaint.core.trainers.batch import Batch
from inpaint.core.trainers.ema import Ema
from inpaint.core.trainers.family import Completion, Family
from inpaint.core.trainers.phases import Moment

ADAM_BETAS = (0.5, 0.999)
"""The paper names Adam only; these are the momenta of the PatchGAN it builds on."""


_Module = TypeVar("_Module", bound=nn.Module)


class AdversarialTrainer:
    """Generator, discriminators, their optimisers and the moving average; knows mathematics and no files."""

    def __init__(
        self,
        family: Family,
        objectives: Mapping[str, Objective],
        *,
        accelerator: Accelerator,
        ema_decay: float = 0.999,
    ) -> None:
        self.accelerator = accelerator
        self.device = accelerator.device
        self.family = family
        self.generator = _to(family.build_generator(), self.device)
        self.discriminators = _to(family.build_discriminators(), self.device)
        self.objectives = {name: _to(objective, self.device) for name, objective in objectives.items()}
        self.ema = Ema(self.generator, ema_decay)
        self.generator_adam = _adam(self.generator.parameters())
        self.discriminator_adam = _adam(self.discriminators.parameters())
        self._wrap()

    def _wrap(self) -> None:
        # With one process this returns the networks themselves; with several it adds the exchange of gradients.
        self._generator = self.accelerator.prepare_model(self.generator)
        self._discriminators = self.accelerator.prepare_model(self.discriminators)

    def grow_to(self, blocks: int) -> None:
        """Add residual blocks, with fresh optimiser state, until the generator has `blocks` of them.

        Raises `RecipeError` for a generator that cannot grow.
        """
        if blocks_grown(self.generator) >= blocks:
            return
        if not isinstance(self.generator, Growing):
            raise RecipeError("This generator cannot grow blocks; leave `grow` out of the phases.")
        while len(self.generator.grown) < blocks:
            block = _to(self.generator.grow(), self.device)
            self.generator_adam.add_param_group({"params": list(block.parameters())})
            self.ema.grow(block)
        self._wrap()

    def step(self, batch: Batch, moment: Moment) -> dict[str, float]:
        """Train on one batch as the schedule says; returns every term of the losses by name.

        Raises `DivergedError` when a loss is not finite, before any weight has taken it in.
        """
        self.grow_to(moment.grown)
        objective = self.objectives[moment.phase.objective]
        for adam in (self.generator_adam, self.discriminator_adam):
            for group in adam.param_groups:
                group["lr"] = moment.lr
        batch = batch.to(self.device)
        adversarial = moment.adversarial > 0
        terms: dict[str, Tensor] = {}

        with self.accelerator.autocast():
            made = self.family.complete(self._generator, batch, moment.fade)

        fakes = self.family.fakes(batch) if adversarial else []
        if adversarial:
            with self.accelerator.autocast():
                real = self.family.judge(self._discriminators, batch.image, batch)
                fake = self.family.judge(self._discriminators, made.completed.detach(), batch)
            loss = discriminator_loss(real, fake, fakes, objective.config.adversarial)
            terms["discriminator"] = loss.detach()
            self._learn(self.discriminator_adam, loss)

        with self.accelerator.autocast():
            losses = _reconstruction(objective, made, batch)
            if adversarial:
                # Frozen, so that the generator's loss leaves no gradient behind in the discriminators.
                self.discriminators.requires_grad_(False)
                # The bare networks: there is no gradient for several processes to exchange.
                judged = self.family.judge(self.discriminators, made.completed, batch)
                losses["adversarial"] = objective.adversarial(judged, fakes, moment.adversarial)
        terms |= {name: loss.detach() for name, loss in losses.items()}
        if losses:
            self._learn(self.generator_adam, torch.stack(list(losses.values())).sum())
        self.discriminators.requires_grad_(True)
        self.ema.update(self.generator)
        return {name: float(term) for name, term in terms.items()}

    def _learn(self, adam: torch.optim.Optimizer, loss: Tensor) -> None:
        if not torch.isfinite(loss):
            self.discriminators.requires_grad_(True)
            raise DivergedError(
                "A loss is not finite any more; go back to the last checkpoint with --resume and a lower learning rate."
            )
        adam.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        adam.step()


def _reconstruction(objective: Objective, made: Completion, batch: Batch) -> dict[str, Tensor]:
    """Compare every stage with the photograph; the terms bear the stage's name where there are several stages."""
    losses = {}
    for stage in made.stages:
        prefix = f"{stage.name}/" if len(made.stages) > 1 else ""
        terms = objective.reconstruction(stage.image, batch.image, stage.region)
        losses |= {f"{prefix}{name}": term for name, term in terms.items()}
    return losses


def _to(module: _Module, device: torch.device) -> _Module:
    """Move to a device in channels-last order, which convolutions prefer on CPUs and GPUs alike."""
    return module.to(device=device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def _adam(parameters: Iterable[Tensor]) -> torch.optim.Adam:
    return torch.optim.Adam(list(parameters), betas=ADAM_BETAS, foreach=True)
