"""The joint model of guided inpainting (paper 000, section 4.4): two outputs, both compared with the photograph."""

from dataclasses import dataclass

from torch import Tensor, nn

from inpaint.core.nets import (
    DiscriminatorConfig,
    JointConfig,
    JointGenerator,
    MultiScaleDiscriminator,
    build_discriminators,
    build_joint,
    patch_overlap,
)
from inpaint.core.trainers.batch import Batch
from inpaint.core.trainers.family import Completion, Stage

OBJECT = 0.5
"""What the discriminators' mask holds on the object; 1 is the hole and 0 the photograph."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Inpainting around an object and harmonizing it, trained at once."""

    generator: JointConfig
    discriminator: DiscriminatorConfig

    @property
    def smallest_size(self) -> int:
        """What the coarsest PatchGAN needs."""
        return self.discriminator.smallest_size

    @property
    def smallest_batch(self) -> int:
        """One picture."""
        return 1

    def build_generator(self) -> JointGenerator:
        """Build the head with its two outputs."""
        return build_joint(self.generator)

    def build_discriminators(self) -> MultiScaleDiscriminator:
        """Build one PatchGAN per scale."""
        return build_discriminators(self.discriminator)

    def complete(self, generator: nn.Module, batch: Batch, fade: float) -> Completion:
        """Inpaint the hole, harmonize the object, and put the two together."""
        composite, foreground = _parts(batch)
        inpainted, harmonized = generator(composite, batch.mask, foreground, fade)
        # Each output is judged where it counts, with the true picture around it.
        filled = batch.image * (1 - batch.mask) + inpainted * batch.mask
        fitted = batch.image * (1 - foreground) + harmonized * foreground
        completed = filled * (1 - foreground) + harmonized * foreground
        stages = Stage("inpainted", filled, batch.mask), Stage("harmonized", fitted, foreground)
        return Completion(stages, completed, batch.mask + foreground)

    def judge(self, discriminators: nn.Module, image: Tensor, batch: Batch) -> list[Tensor]:
        """Judge an image, given the composite without its hole, and both masks in one channel."""
        composite, foreground = _parts(batch)
        return discriminators(image, composite * (1 - batch.mask), batch.mask + OBJECT * foreground)

    def fakes(self, batch: Batch) -> list[Tensor]:
        """Return Q of equation 4: patches that touch the hole or the object."""
        return patch_overlap(batch.mask + _parts(batch)[1], self.discriminator.scales)


def _parts(batch: Batch) -> tuple[Tensor, Tensor]:
    if batch.composite is None or batch.foreground is None:
        raise ValueError("the joint model learns from composites: this batch has none")
    return batch.composite, batch.foreground
