"""An exponential moving average of the generator: smoother to look at, and what is exported."""

import copy

import torch
from torch import Tensor, nn

from inpaint.core.nets import Growing


class Ema:
    """Keeps a second generator whose weights trail those of the first."""

    def __init__(self, generator: nn.Module, decay: float = 0.999) -> None:
        """Start as a copy. decay: how much of the average is kept per step; lower at first, so that it catches up."""
        self.decay = decay
        self.updates = 0
        self.generator = copy.deepcopy(generator).eval().requires_grad_(False)

    def grow(self, block: nn.Module) -> None:
        """Append a copy of a block that the generator has just been given."""
        assert isinstance(self.generator, Growing)
        self.generator.grown.append(copy.deepcopy(block).eval().requires_grad_(False))

    @torch.no_grad()
    def update(self, generator: nn.Module) -> None:
        """Move the average towards the generator; batch-norm statistics are averages already and are copied."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        averages: list[Tensor] = list(self.generator.parameters())
        currents: list[Tensor] = list(generator.parameters())
        torch._foreach_lerp_(averages, currents, 1 - decay)  # pyright: ignore[reportPrivateImportUsage]
        kept, now = list(self.generator.buffers()), list(generator.buffers())
        if kept:
            torch._foreach_copy_(kept, now)  # pyright: ignore[reportPrivateImportUsage]
