"""The Context Encoder's discriminator (Pathak et al. 2016): one judgement of the patch that was painted."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from inpaint.core.errors import RecipeError
from inpaint.core.nets.framing import frame


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreDiscriminatorConfig:
    """Everything that decides the architecture of the discriminator."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    kind: Literal["centre"] = "centre"
    """Which kind of discriminator these settings are for."""
    width: int = 64
    """Channels after the first convolution; doubled up to eight times that."""

    def __post_init__(self) -> None:
        if self.width < 1:
            raise RecipeError("A discriminator needs a width of at least 1.")


class CentreDiscriminator(nn.Module):
    """Sees a square around the hole, at its own size, and nothing else."""

    def __init__(self, patch: int, layers: nn.Sequential) -> None:
        super().__init__()
        self.patch = patch
        self.layers = layers

    def forward(self, image: Tensor, mask: Tensor) -> list[Tensor]:
        """Judge pictures by the patch around their hole.

        image: N x 3 x H x W in [-1, 1]. mask: N x 1 x H x W, 1 = hole. Returns one N x 1 x 1 x 1 tensor of logits;
        higher = more real.
        """
        return [self.layers(frame(mask, self.patch).cut(image, self.patch)).float()]


def build_centre_discriminator(config: CentreDiscriminatorConfig, patch: int) -> CentreDiscriminator:
    """Build the discriminator of patches with a side of `patch` pixels, a power of two: to 4 x 4, then one number."""
    halvings = patch.bit_length() - 3
    channels = [config.width * min(8, 2**index) for index in range(halvings)]
    layers: list[nn.Module] = [nn.Conv2d(3, channels[0], 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
    for before, after in pairwise(channels):
        layers += [
            nn.Conv2d(before, after, 4, 2, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.LeakyReLU(0.2, inplace=True),
        ]
    layers.append(nn.Conv2d(channels[-1], 1, 4))
    return CentreDiscriminator(patch, nn.Sequential(*layers))
