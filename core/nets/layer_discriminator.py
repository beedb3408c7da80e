"""Paper 002's own discriminator (section 4): five convolutions, all of whose outputs are judged."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from inpaint.core.errors import RecipeError
from inpaint.core.nets.discriminator import KERNEL, PADDING, touching

STRIDES = (2, 2, 2, 2, 2)
"""Every layer halves the size: on 128 pixels the five outputs have 64, 32, 16, 8 and 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDiscriminatorConfig:
    """Everything that decides the architecture of the discriminator."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    kind: Literal["layers"] = "layers"
    """Which kind of discriminator these settings are for."""
    width: int = 64
    """Channels after the first convolution; doubled three times, the last two layers have the same number."""
    judged: int = 5
    """How many layers' outputs are judged, counted from the last. The paper has five convolution layers and "outputs an
    array of network layers in different scales", without a word about leaving some out."""

    def __post_init__(self) -> None:
        if self.width < 1 or not 1 <= self.judged <= len(STRIDES):
            raise RecipeError(f"A discriminator of layers needs a width of at least 1 and 1 to {len(STRIDES)} judged.")


class LayerDiscriminator(nn.Module):
    """One network for all scales: the deeper the layer, the more of the picture one of its outputs sees."""

    def __init__(self, config: LayerDiscriminatorConfig, convolutions: nn.ModuleList) -> None:
        super().__init__()
        self.config = config
        self.convolutions = convolutions

    def forward(self, image: Tensor) -> list[Tensor]:
        """Judge a whole picture, N x 3 x H x W in [-1, 1].

        Returns the bare outputs of the last `judged` convolutions, N x C x h x w each, finest first; higher = more
        real. Every channel is a judge of its own.
        """
        outputs: list[Tensor] = []
        x = image
        for index, convolution in enumerate(self.convolutions):
            # Normalised after it is judged: instance norm sets the mean, which is the judgement, to zero.
            x = convolution(x if index == 0 else F.leaky_relu(x, 0.2))
            outputs.append(x.float())
            if 0 < index < len(self.convolutions) - 1:
                x = F.instance_norm(x)
        return outputs[-self.config.judged :]


def build_layer_discriminator(config: LayerDiscriminatorConfig) -> LayerDiscriminator:
    """Build the five convolutions; the only input is the picture."""
    w = config.width
    channels = (3, w, 2 * w, 4 * w, 8 * w, 8 * w)
    return LayerDiscriminator(
        config,
        nn.ModuleList(
            nn.Conv2d(channels_in, channels_out, KERNEL, stride, PADDING)
            for (channels_in, channels_out), stride in zip(pairwise(channels), STRIDES, strict=True)
        ),
    )


def judged_layers(mask: Tensor, config: LayerDiscriminatorConfig) -> list[Tensor]:
    """Tell which of the judged outputs can see a masked pixel: N x 1 x h x w each, as `patch_overlap`."""
    return touching(mask, STRIDES)[-config.judged :]
