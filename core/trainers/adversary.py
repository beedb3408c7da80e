"""One step of adversarial training: the discriminators learn, then the generator learns against them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from inpaint.core.errors import DivergedError
from inpaint.core.losses import Objective, discriminator_loss
from inpaint.core.nets import (
    DiscriminatorConfig,
    GeneratorConfig,
    build_discriminators,
    build_generator,
    patch_overlap,
)
from inpaint.core.trainers.ema import Ema
from inpaint.core.trainers.phases import Moment

ADAM_BETAS = (0.5, 0.999)
"""The paper names Adam only; these are the momenta of the PatchGAN it builds on."""


_Module = TypeVar("_Module", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch: images N x 3 x H x W in [-1, 1] and masks N x 1 x H x W with 1 = hole."""

    image: Tensor
    mask: Tensor


class AdversarialTrainer:
    """Generator, discriminators, their optimisers and the moving average; knows mathematics and no files."""

    def __init__(
        self,
        generator: GeneratorConfig,
        discriminator: DiscriminatorConfig,
        objectives: Mapping[str, Objective],
        *,
        accelerator: Accelerator,
        ema_decay: float = 0.999,
    ) -> None:
        self.accelerator = accelerator
        self.device = accelerator.device
        self.generator = _to(build_generator(generator), self.device)
        self.discriminators = _to(build_discriminators(discriminator), self.device)
        self.scales = discriminator.scales
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
        """Add residual blocks, with fresh optimiser state, until the generator has `blocks` of them."""
        if len(self.generator.grown) >= blocks:
            return
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
        image = batch.image.to(self.device, memory_format=torch.channels_last, non_blocking=True)
        mask = batch.mask.to(self.device, non_blocking=True)
        incomplete = image * (1 - mask)
        adversarial = moment.adversarial > 0
        terms: dict[str, Tensor] = {}

        with self.accelerator.autocast():
            completed = self._generator(image, mask, moment.fade)

        overlaps = patch_overlap(mask, self.scales) if adversarial else []
        if adversarial:
            with self.accelerator.autocast():
                real = self._discriminators(image, incomplete, mask)
                fake = self._discriminators(completed.detach(), incomplete, mask)
            loss = discriminator_loss(real, fake, overlaps, objective.config.adversarial)
            terms["discriminator"] = loss.detach()
            self._learn(self.discriminator_adam, loss)

        with self.accelerator.autocast():
            losses = objective.reconstruction(completed, image, mask)
            if adversarial:
                # Frozen, so that the generator's loss leaves no gradient behind in the discriminators.
                self.discriminators.requires_grad_(False)
                # The bare networks: there is no gradient for several processes to exchange.
                judged = self.discriminators(completed, incomplete, mask)
                losses["adversarial"] = objective.adversarial(judged, overlaps, moment.adversarial)
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


def _to(module: _Module, device: torch.device) -> _Module:
    """Move to a device in channels-last order, which convolutions prefer on CPUs and GPUs alike."""
    return module.to(device=device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def _adam(parameters: Iterable[Tensor]) -> torch.optim.Adam:
    return torch.optim.Adam(list(parameters), betas=ADAM_BETAS, foreach=True)
