"""Gated convolutions (Yu et al. 2018, which paper 002 cites as [10]): features with a learned switch at every place."""

from typing import Literal

import torch
from torch import Tensor, nn

Activation = Literal["elu", "leaky", "none"]


class GatedConvolution(nn.Module):
    """activation(features) * sigmoid(gate), where one convolution makes both.

    The gate sees what is hole and what is known and learns per channel where a feature may be trusted. With `norm`
    the features are instance-normalised, and the gate is not: it has to know how large values really are.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        norm: bool = False,
        activation: Activation = "elu",
    ) -> None:
        super().__init__()
        padding = dilation * (kernel - 1) // 2
        self.convolution = nn.Conv2d(channels_in, 2 * channels_out, kernel, stride, padding, dilation)
        self.norm = nn.InstanceNorm2d(channels_out, affine=True) if norm else nn.Identity()
        self.activation = {"elu": nn.ELU(), "leaky": nn.LeakyReLU(0.2), "none": nn.Identity()}[activation]

    def forward(self, x: Tensor) -> Tensor:
        """Map N x C x H x W to N x C' x H/stride x W/stride."""
        features, gate = self.convolution(x).chunk(2, dim=1)
        return self.activation(self.norm(features)) * torch.sigmoid(gate)


def double(mode: Literal["nearest", "bilinear"]) -> nn.Upsample:
    """Double height and width, before a convolution: paper 002 prefers this to transposed convolutions."""
    return nn.Upsample(scale_factor=2, mode=mode, align_corners=False if mode == "bilinear" else None)
