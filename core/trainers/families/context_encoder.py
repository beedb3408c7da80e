"""The Context Encoder: only the patch around the hole is painted, and only that is judged."""

from dataclasses import dataclass

from torch import Tensor, nn

from inpaint.core.errors import RecipeError
from inpaint.core.nets import (
    CentreDiscriminator,
    CentreDiscriminatorConfig,
    ContextEncoder,
    ContextEncoderConfig,
    build_centre_discriminator,
    build_context_encoder,
)
from inpaint.core.trainers.batch import Batch
from inpaint.core.trainers.family import Completion, Stage


@dataclass(frozen=True, slots=True)
class ContextEncoding:
    """Section 4, "the Context-encoder model"."""

    generator: ContextEncoderConfig
    discriminator: CentreDiscriminatorConfig

    @property
    def smallest_size(self) -> int:
        """Smaller pictures would be shown to the network with a mirrored rim."""
        return self.generator.size

    @property
    def smallest_batch(self) -> int:
        """Two: its batch norm has one pixel per picture, in the bottleneck."""
        return 2

    def build_generator(self) -> ContextEncoder:
        """Build the encoder, its bottleneck and the decoder."""
        return build_context_encoder(self.generator)

    def build_discriminators(self) -> CentreDiscriminator:
        """Build the discriminator of the patch."""
        return build_centre_discriminator(self.discriminator, self.generator.patch)

    def complete(self, generator: nn.Module, batch: Batch, fade: float) -> Completion:
        """Fill the hole."""
        if generator.training and len(batch.image) < self.smallest_batch:
            raise RecipeError("A Context Encoder learns from two or more pictures per step; raise data.default.batch.")
        completed = generator(batch.image, batch.mask)
        return Completion((Stage("completed", completed, batch.mask),), completed, batch.mask)

    def judge(self, discriminators: nn.Module, image: Tensor, batch: Batch) -> list[Tensor]:
        """Judge the patch around the hole; while the hole is smaller than the patch, its rim is the photograph's."""
        return discriminators(image, batch.mask)

    def fakes(self, batch: Batch) -> list[Tensor]:
        """Return one 1 per picture: its patch is painted."""
        return [batch.mask.new_ones(len(batch.mask), 1, 1, 1)]
