"""One step of adversarial training: the discriminators learn, then the generator learns against them."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from inpaint.core.errors import RecipeError
from inpaint.core.losses import Objective, discriminator_loss
from inpaint.core.nets import Growing, blocks_grown
from inpaint.core.trainers.batch import Batch
from inpaint.core.trainers.cuda_graphs import CudaRecorder, GraphedSteps, Recorder, Terms
from inpaint.core.trainers.ema import Ema
from inpaint.core.trainers.family import Completion, Family
from inpaint.core.trainers.nonfinite_guard import Guard
from inpaint.core.trainers.phases import Moment
from inpaint.core.trainers.synced_norm import sync_batch_norm

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
        sync_norms: bool = True,
        compiled: bool = False,
        graphed: bool | Recorder = False,
    ) -> None:
        """Build the networks and everything that trains them.

        sync_norms: whether batch norm sees the pictures of all processes, where there are several.
        compiled: whether torch.compile translates the networks when they are first used.
        graphed: whether steps are replayed as CUDA graphs, where there is one process and its device is CUDA.
        """
        self.accelerator = accelerator
        self.device = accelerator.device
        self.family = family
        self.generator = _to(family.build_generator(), self.device)
        self.discriminators = _to(family.build_discriminators(), self.device)
        self.objectives = {name: _to(objective, self.device) for name, objective in objectives.items()}
        self.ema = Ema(self.generator, ema_decay)
        self.sync_norms = sync_norms
        if sync_norms:
            sync_batch_norm(self.generator)
            sync_batch_norm(self.discriminators)
        # Batch norm would see twice as many pictures, half of them completed.
        self._judges_together = not any(isinstance(m, _BatchNorm) for m in self.discriminators.modules())
        self.guard = Guard(self.device)
        self.graphed = _graphed_steps(graphed, accelerator)
        # Numbers that change from step to step, where a recording can read them.
        self._lr, self._adversarial = (torch.zeros((), device=self.device) for _ in range(2))
        self.generator_adam = self._adam(self.generator.parameters())
        self.discriminator_adam = self._adam(self.discriminators.parameters())
        if compiled:
            # In place, so that the names of the weights stay.
            self.generator.compile()
            self.discriminators.compile()
        self._wrap()

    def _adam(self, parameters: Iterable[Tensor]) -> torch.optim.Adam:
        adam = torch.optim.Adam(list(parameters), betas=ADAM_BETAS, fused=True, capturable=self.graphed is not None)
        adam.found_inf = self.guard.broken  # pyright: ignore[reportAttributeAccessIssue] - where GradScaler puts it
        return adam

    def _wrap(self) -> None:
        # With one process this returns the networks themselves; with several it adds the exchange of gradients.
        with warnings.catch_warnings():
            # torch 2.15 renames `broadcast_buffers`, and accelerate knows the old name only.
            warnings.simplefilter("ignore", FutureWarning)
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
            self.ema.grow(block)
            if self.sync_norms:
                sync_batch_norm(block)
            self.generator_adam.add_param_group({"params": list(block.parameters())})
        self._wrap()

    def step(self, batch: Batch, moment: Moment) -> dict[str, Tensor]:
        """Train on one batch as the schedule says; returns every term of the losses by name, scalars on the device.

        A loss or gradient that is not finite changes no weights, and raises `DivergedError`: on the CPU in this step,
        on a device that computes ahead a few steps later.
        """
        self.grow_to(moment.grown)
        batch = batch.to(self.device)
        # While a block fades in, its weight is a number that changes.
        if self.graphed is not None and moment.fade == 1.0:
            self._lr.fill_(moment.lr)
            self._adversarial.fill_(moment.adversarial)
            kind = moment.phase.objective, moment.phase.accumulate, moment.grown, moment.adversarial > 0
            terms = self.graphed(kind, batch, lambda part: self._learn(part, moment, self._lr, self._adversarial))
        else:
            terms = self._learn(batch, moment, moment.lr, moment.adversarial)
        self.guard.end_step()
        self.ema.update(self.generator)
        return terms

    def _learn(self, batch: Batch, moment: Moment, lr: float | Tensor, adversarial: float | Tensor) -> Terms:
        """Let both sides learn from a batch on the device; nothing in here may wait for the device.

        lr, adversarial: those of the moment, as numbers or as tensors on the device.
        """
        objective = self.objectives[moment.phase.objective]
        for adam in (self.generator_adam, self.discriminator_adam):
            for group in adam.param_groups:
                group["lr"] = lr
            adam.zero_grad(set_to_none=True)
        parts = batch.split(moment.phase.accumulate)
        # In parts there is no memory to keep what the generator made for its own turn.
        made = self._complete(batch, moment) if len(parts) == 1 else None
        terms: dict[str, Tensor] = {}

        if moment.adversarial > 0:
            for part, whole in self._turns(self._discriminators, parts):
                with nullcontext() if made else torch.no_grad():
                    completed = (made or self._complete(part, moment)).completed.detach()
                with self.accelerator.autocast():
                    real, fake = self._compare(part, completed)
                loss = discriminator_loss(real, fake, self.family.fakes(part), objective.config.adversarial) / whole
                self._backward(loss, {"discriminator": loss}, terms)
            self.guard.watch_gradients(self.discriminators)
            self.discriminator_adam.step()

        # So that the generator's loss leaves no gradient behind in the discriminators.
        with _frozen(self.discriminators):
            for part, whole in self._turns(self._generator, parts):
                made_of_part = made or self._complete(part, moment)
                losses = self._assess(part, made_of_part, objective, adversarial if moment.adversarial > 0 else None)
                if losses:
                    losses = {name: loss / whole for name, loss in losses.items()}
                    self._backward(torch.stack(list(losses.values())).sum(), losses, terms)
        self.guard.watch_gradients(self.generator)
        self.generator_adam.step()  # leaves alone what has no gradient
        return terms

    def _turns(self, network: nn.Module, parts: list[Batch]) -> Iterator[tuple[Batch, int]]:
        """Yield part by part, with their number; only for the last one do the processes exchange gradients."""
        for index, part in enumerate(parts):
            with nullcontext() if index == len(parts) - 1 else self.accelerator.no_sync(network):
                yield part, len(parts)

    def _complete(self, batch: Batch, moment: Moment) -> Completion:
        with self.accelerator.autocast():
            return self.family.complete(self._generator, batch, moment.fade)

    def _compare(self, batch: Batch, completed: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Judge the photographs and what was completed, in one pass where that gives the same."""
        if not self._judges_together:
            real = self.family.judge(self._discriminators, batch.image, batch)
            return real, self.family.judge(self._discriminators, completed, batch)
        judged = self.family.judge(self._discriminators, torch.cat([batch.image, completed]), batch.twice())
        pairs = [logits.chunk(2) for logits in judged]
        return [real for real, _ in pairs], [fake for _, fake in pairs]

    def _assess(
        self, batch: Batch, made: Completion, objective: Objective, adversarial: float | Tensor | None
    ) -> dict[str, Tensor]:
        """Return every term of the generator's loss. adversarial: weight of that term, None = it is left out."""
        with self.accelerator.autocast():
            losses = _reconstruction(objective, made, batch)
            if adversarial is not None:
                # The bare networks: there is no gradient for several processes to exchange.
                judged = self.family.judge(self.discriminators, made.completed, batch)
                losses["adversarial"] = objective.adversarial(judged, self.family.fakes(batch), adversarial)
        return losses

    def _backward(self, loss: Tensor, losses: Mapping[str, Tensor], terms: dict[str, Tensor]) -> None:
        """Add a part's gradients to those there are, and its losses to the terms."""
        self.guard.watch(loss)
        self.accelerator.backward(loss)
        for name, term in losses.items():
            terms[name] = terms[name] + term.detach() if name in terms else term.detach()


def _graphed_steps(wanted: bool | Recorder, accelerator: Accelerator) -> GraphedSteps | None:
    if not isinstance(wanted, bool):
        return GraphedSteps(wanted)
    possible = accelerator.device.type == "cuda" and accelerator.num_processes == 1
    return GraphedSteps(CudaRecorder(accelerator.device)) if wanted and possible else None


@contextmanager
def _frozen(module: nn.Module) -> Iterator[None]:
    """Let gradients flow through a module without staying in it."""
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)


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
