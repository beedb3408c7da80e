"""Conditional PatchGAN discriminators at several scales (paper 000, section 3.2, equations 3 and 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from inpaint.core.errors import RecipeError

KERNEL, PADDING = 4, 1
STRIDES = (2, 2, 2, 1, 1)
"""The PatchGAN of Isola et al. 2017: one prediction sees 70 x 70 pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscriminatorConfig:
    """Everything that decides the architecture of the discriminators."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    kind: Literal["patchgan"] = "patchgan"
    """Which kind of discriminator these settings are for."""
    width: int = 64
    """Channels after the first convolution; doubled up to eight times that."""
    scales: int = 3
    """How many discriminators; number k sees the image at 1/2^k of its size."""
    norm: Literal["batch", "spectral", "none"] = "batch"
    """Batch norm as in the PatchGAN cited by the paper; spectral norm keeps each prediction strictly to its patch."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.scales < 1:
            raise RecipeError("A discriminator needs a width and a number of scales of at least 1.")

    @property
    def smallest_size(self) -> int:
        """Smallest side in pixels of the pictures it can judge: the coarsest PatchGAN still needs 32."""
        return 32 * 2 ** (self.scales - 1)


def build_discriminators(config: DiscriminatorConfig) -> "MultiScaleDiscriminator":
    """Build `config.scales` identical PatchGANs; the input is the image, the incomplete image and the mask."""
    return MultiScaleDiscriminator(nn.ModuleList(_patch_gan(config) for _ in range(config.scales)))


def _patch_gan(config: DiscriminatorConfig) -> nn.Sequential:
    w = config.width
    channels = (7, w, 2 * w, 4 * w, 8 * w, 1)
    layers: list[nn.Module] = []
    for index, (channels_in, channels_out) in enumerate(pairwise(channels)):
        first, last = index == 0, index == len(STRIDES) - 1
        normed = config.norm == "batch" and not first and not last
        convolution = nn.Conv2d(channels_in, channels_out, KERNEL, STRIDES[index], PADDING, bias=not normed)
        layers.append(spectral_norm(convolution) if config.norm == "spectral" else convolution)
        if normed:
            layers.append(nn.BatchNorm2d(channels_out))
        if not last:
            layers.append(nn.LeakyReLU(0.2, inplace=True))
    return nn.Sequential(*layers)


class MultiScaleDiscriminator(nn.Module):
    """The same PatchGAN, with weights of its own, at scales 1, 1/2, 1/4, ... of the whole image."""

    def __init__(self, scales: nn.ModuleList) -> None:
        super().__init__()
        self.scales = scales

    def forward(self, image: Tensor, incomplete: Tensor, mask: Tensor) -> list[Tensor]:
        """Judge every patch of an image, given the incomplete image it completes.

        image, incomplete: N x 3 x H x W in [-1, 1], the hole of `incomplete` zeroed. mask: N x 1 x H x W, 1 = hole.
        Returns one N x 1 x h x w tensor of logits per scale, finest first; higher = more real.
        """
        x = torch.cat([image, incomplete, mask], dim=1)
        logits = []
        for index, patch_gan in enumerate(self.scales):
            if index > 0:
                x = F.avg_pool2d(x, 2)
            logits.append(patch_gan(x).float())
        return logits


def patch_overlap(mask: Tensor, scales: int) -> list[Tensor]:
    """Q of equation 4: for every prediction, whether its receptive field touches the hole.

    mask: N x 1 x H x W, 1 = hole. Returns one N x 1 x h x w tensor of zeros and ones per scale, in the shape of the
    discriminators' output. Max pooling with the kernels, strides and paddings of the convolutions (and of the
    averaging between scales) follows exactly the pixels that each prediction can see.
    """
    overlaps = []
    for index in range(scales):
        if index > 0:
            mask = F.max_pool2d(mask, 2)
        overlaps.append(touching(mask, STRIDES)[-1])
    return overlaps


def touching(mask: Tensor, strides: Sequence[int]) -> list[Tensor]:
    """Tell after each of some convolutions (`KERNEL`, `PADDING`) which of their outputs can see a masked pixel.

    mask: N x 1 x H x W of zeros and ones. Returns one N x 1 x h x w tensor per convolution, in its output's shape.
    """
    seen = [mask]
    for stride in strides:
        seen.append(F.max_pool2d(seen[-1], KERNEL, stride, PADDING))
    return seen[1:]
