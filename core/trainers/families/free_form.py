"""The Free-form model: two stages compared with the photograph, every patch of the completed picture judged."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inpaint.core.nets import (
    DiscriminatorConfig,
    FreeFormConfig,
    FreeFormGenerator,
    MultiScaleDiscriminator,
    build_discriminators,
    build_free_form,
    patch_overlap,
)
from inpaint.core.trainers.batch import Batch
from inpaint.core.trainers.family import Completion, Stage


@dataclass(frozen=True, slots=True)
class FreeForm:
    """Section 4, "the Free-form inpainting model"."""

    generator: FreeFormConfig
    discriminator: DiscriminatorConfig

    @property
    def smallest_size(self) -> int:
        """What the coarsest PatchGAN needs."""
        return self.discriminator.smallest_size

    @property
    def smallest_batch(self) -> int:
        """One picture."""
        return 1

    def build_generator(self) -> FreeFormGenerator:
        """Build the coarse and the refining network."""
        return build_free_form(self.generator)

    def build_discriminators(self) -> MultiScaleDiscriminator:
        """Build the PatchGAN; with one scale and spectral norm it is the published one."""
        return build_discriminators(self.discriminator)

    def complete(self, generator: nn.Module, batch: Batch, fade: float) -> Completion:
        """Fill the hole; both painted pictures are compared with the photograph as they are, also outside the hole."""
        coarse, refined = generator(batch.image, batch.mask, stages=True)
        stages = Stage("coarse", coarse, batch.mask), Stage("refined", refined, batch.mask)
        return Completion(stages, batch.image * (1 - batch.mask) + refined * batch.mask, batch.mask)

    def judge(self, discriminators: nn.Module, image: Tensor, batch: Batch) -> list[Tensor]:
        """Judge an image, given the incomplete one and the mask."""
        return discriminators(image, batch.image * (1 - batch.mask), batch.mask)

    def fakes(self, batch: Batch) -> list[Tensor]:
        """Return ones: the authors call every patch of a completed picture fake, those beside the hole as well."""
        return patch_overlap(torch.ones_like(batch.mask), self.discriminator.scales)
