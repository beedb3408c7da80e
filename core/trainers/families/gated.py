"""Paper 002's own model: the whole painted picture is judged, at several scales of one discriminator."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inpaint.core.nets import (
    GatedConfig,
    GatedGenerator,
    LayerDiscriminator,
    LayerDiscriminatorConfig,
    build_gated,
    build_layer_discriminator,
    judged_layers,
)
from inpaint.core.trainers.batch import Batch
from inpaint.core.trainers.family import Completion, Stage


@dataclass(frozen=True, slots=True)
class Gated:
    """Section 4, "our customized model"."""

    generator: GatedConfig
    discriminator: LayerDiscriminatorConfig

    @property
    def smallest_size(self) -> int:
        """Five halvings, and instance norm before the last needs more than one pixel."""
        return 32

    @property
    def smallest_batch(self) -> int:
        """One picture."""
        return 1

    def build_generator(self) -> GatedGenerator:
        """Build the encoder and decoder."""
        return build_gated(self.generator)

    def build_discriminators(self) -> LayerDiscriminator:
        """Build the discriminator."""
        return build_layer_discriminator(self.discriminator)

    def complete(self, generator: nn.Module, batch: Batch, fade: float) -> Completion:
        """Paint the whole picture; it is not composited, because it also has a loss outside the hole."""
        (painted,) = generator(batch.image, batch.mask, stages=True)
        return Completion((Stage("painted", painted, batch.mask),), painted, batch.mask)

    def judge(self, discriminators: nn.Module, image: Tensor, batch: Batch) -> list[Tensor]:
        """Judge an image, and nothing but the image (figure 1)."""
        return discriminators(image)

    def fakes(self, batch: Batch) -> list[Tensor]:
        """Return ones: every pixel of a painted picture is painted."""
        return judged_layers(torch.ones_like(batch.mask), self.discriminator)
