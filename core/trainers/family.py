"""What a kind of model has to say for itself, so that one trainer can train them all.

The trainer knows how adversarial training goes; a family knows what its networks are called with and how they are
judged. A family is a few lines per method: everything that can be shared is in nets, losses and the trainer.
"""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from inpaint.core.trainers.batch import Batch


@dataclass(frozen=True, slots=True)
class Stage:
    """One picture that a generator makes on its way, which the reconstruction losses compare with the truth."""

    name: str
    """What the log calls it, where there are several."""
    image: Tensor
    """N x 3 x H x W in [-1, 1]."""
    region: Tensor
    """Where it counts: N x 1 x H x W, 1 = there."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a generator made of a batch."""

    stages: tuple[Stage, ...]
    """Every picture that has a reconstruction loss, the last one being the best."""
    completed: Tensor
    """The picture that the discriminators judge and that people get: N x 3 x H x W in [-1, 1]."""
    region: Tensor
    """What of it the generator made: N x 1 x H x W, 1 = made."""


class Family(Protocol):
    """One kind of model: its networks, what they make of a batch, and how that is judged."""

    @property
    def smallest_size(self) -> int:
        """Smallest side in pixels of the pictures that its discriminators can judge."""
        ...

    @property
    def smallest_batch(self) -> int:
        """Fewest pictures that its generator can learn from at once."""
        ...

    def build_generator(self) -> nn.Module:
        """Build the generator as it is at the first step; called with (image, mask), it returns the completed image."""
        ...

    def build_discriminators(self) -> nn.Module:
        """Build everything that judges, as one module."""
        ...

    def complete(self, generator: nn.Module, batch: Batch, fade: float) -> Completion:
        """Run the generator. `generator` may be wrapped for several processes: call it, and nothing else of it.

        fade: weight of its newest grown block, 0..1; families that do not grow ignore it.
        """
        ...

    def judge(self, discriminators: nn.Module, image: Tensor, batch: Batch) -> list[Tensor]:
        """Judge photographs or completed images of a batch, N x 3 x H x W; one tensor of logits per output."""
        ...

    def fakes(self, batch: Batch) -> list[Tensor]:
        """Say which predictions on a completed image count as fake: 1 or 0, in the shapes that `judge` returns."""
        ...
