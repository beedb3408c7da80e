"""BTGMI (paper 000): a growing ResNet generator, judged patch by patch at several scales."""

from dataclasses import dataclass

from torch import Tensor, nn

from inpaint.core.nets import (
    DiscriminatorConfig,
    Generator,
    GeneratorConfig,
    MultiScaleDiscriminator,
    build_discriminators,
    build_generator,
    patch_overlap,
)
from inpaint.core.trainers.batch import Batch
from inpaint.core.trainers.family import Completion, Stage


@dataclass(frozen=True, slots=True)
class Btgmi:
    """The inpainting model of sections 3.1 to 3.3."""

    generator: GeneratorConfig
    discriminator: DiscriminatorConfig

    @property
    def smallest_size(self) -> int:
        """What the coarsest PatchGAN needs."""
        return self.discriminator.smallest_size

    @property
    def smallest_batch(self) -> int:
        """One picture."""
        return 1

    def build_generator(self) -> Generator:
        """Build the ResNet head."""
        return build_generator(self.generator)

    def build_discriminators(self) -> MultiScaleDiscriminator:
        """Build one PatchGAN per scale."""
        return build_discriminators(self.discriminator)

    def complete(self, generator: nn.Module, batch: Batch, fade: float) -> Completion:
        """Fill the hole."""
        completed = generator(batch.image, batch.mask, fade)
        return Completion((Stage("completed", completed, batch.mask),), completed, batch.mask)

    def judge(self, discriminators: nn.Module, image: Tensor, batch: Batch) -> list[Tensor]:
        """Judge an image, given the incomplete one and the mask (section 3.2)."""
        return discriminators(image, batch.image * (1 - batch.mask), batch.mask)

    def fakes(self, batch: Batch) -> list[Tensor]:
        """Return Q of equation 4: patches that touch the hole."""
        return patch_overlap(batch.mask, self.discriminator.scales)
