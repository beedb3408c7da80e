"""Paper 002's own generator (section 4): gated convolutions, instance norm, residual blocks, bilinear doubling."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from inpaint.core.errors import RecipeError
from inpaint.core.nets.completing import Completing
from inpaint.core.nets.gating import GatedConvolution, double


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedConfig:
    """Everything that decides the architecture."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    family: Literal["gated"] = "gated"
    """Which kind of model these settings are for."""
    width: int = 32
    """Channels after the first convolution, doubled four times; the paper gives no number."""

    def __post_init__(self) -> None:
        if self.width < 1:
            raise RecipeError("A generator needs a width of at least 1.")

    @property
    def stride(self) -> int:
        """Heights and widths must be multiples of this."""
        return 4


class GatedGenerator(Completing):
    """Encoder and decoder of gated convolutions."""

    def __init__(self, config: GatedConfig, layers: nn.Sequential) -> None:
        super().__init__()
        self.config = config
        self.layers = layers

    def paint(self, image: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """Paint one picture; arguments as `Completing.paint`."""
        return (torch.tanh(self.layers(torch.cat(self.precise(image, mask), dim=1)).float()),)


class GatedResidualBlock(nn.Module):
    """Two gated convolutions beside a 1 x 1 one, because the number of channels changes."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            GatedConvolution(channels_in, channels_out, norm=True, activation="leaky"),
            GatedConvolution(channels_out, channels_out, norm=True, activation="none"),
        )
        self.shortcut = nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map N x C x H x W to N x C' x H x W."""
        return self.shortcut(x) + self.branch(x)


def build_gated(config: GatedConfig) -> GatedGenerator:
    """Build the generator: to 1/4 size, two residual blocks, every layer doubling the channels, and the reverse.

    "The decoder network is the reverse order of the encoder": residual blocks first, then gated convolutions after
    bilinear doubling, and an RGB picture last. The paper gives neither kernels nor the activation. An even kernel
    covers every input pixel equally often at stride 2.
    """
    w = config.width

    def layer(channels_in: int, channels_out: int, kernel: int = 3, stride: int = 1) -> GatedConvolution:
        return GatedConvolution(channels_in, channels_out, kernel, stride=stride, norm=True, activation="leaky")

    return GatedGenerator(
        config,
        nn.Sequential(
            layer(4, w, kernel=5),
            layer(w, 2 * w, kernel=4, stride=2),
            layer(2 * w, 4 * w, kernel=4, stride=2),
            GatedResidualBlock(4 * w, 8 * w),
            GatedResidualBlock(8 * w, 16 * w),
            GatedResidualBlock(16 * w, 8 * w),
            GatedResidualBlock(8 * w, 4 * w),
            double("bilinear"),
            layer(4 * w, 2 * w),
            double("bilinear"),
            layer(2 * w, w),
            nn.Conv2d(w, 3, 3, padding=1),
        ),
    )
