"""The building blocks of the BTGMI generator: down-sampling, residual and up-sampling stages.

Every convolution but the network's last is followed by batch norm and ReLU (paper 000, section 3.1). What the
ablation of section 4.3 varies, dilation and the way resolution changes, is one row of `CONVOLUTIONS`.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

ConvolutionName = Literal["dilated", "vanilla", "interpolated", "dilated+interpolated", "dilated+resized"]


@dataclass(frozen=True, slots=True)
class ConvolutionKind:
    """Dilation of the residual blocks, and how resolution changes."""

    dilation: int
    """Dilation of both convolutions of every residual block."""
    down: Literal["strided", "pooled"] = "strided"
    """Stride-2 convolution, or stride-1 convolution and max pooling."""
    up: Literal["transposed", "interpolated", "resized"] = "transposed"
    """Stride-2 transposed convolution, convolution then bilinear doubling, or nearest doubling then convolution."""


CONVOLUTIONS: dict[ConvolutionName, ConvolutionKind] = {
    # The four of section 4.3.
    "dilated": ConvolutionKind(dilation=2),
    "vanilla": ConvolutionKind(dilation=1),
    "interpolated": ConvolutionKind(dilation=1, down="pooled", up="interpolated"),
    "dilated+interpolated": ConvolutionKind(dilation=2, down="pooled", up="interpolated"),
    # Ours: the resize-convolution of Odena et al. 2016 on the way up only. It cannot make a checkerboard, keeps
    # sharp edges because nothing is interpolated after the last convolution, and is quicker on CPUs.
    "dilated+resized": ConvolutionKind(dilation=2, up="resized"),
}


def norm_relu(channels: int) -> list[nn.Module]:
    """Batch norm and ReLU, which follow every convolution but the last."""
    return [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]


def down(kind: ConvolutionKind, channels_in: int, channels_out: int) -> nn.Sequential:
    """Halve the resolution: N x channels_in x H x W to N x channels_out x H/2 x W/2, then norm and ReLU."""
    if kind.down == "pooled":
        convolution = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
        return nn.Sequential(convolution, *norm_relu(channels_out), nn.MaxPool2d(2))
    # An even kernel covers every input pixel equally often at stride 2; a 3 x 3 one would favour odd rows.
    convolution = nn.Conv2d(channels_in, channels_out, 4, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, *norm_relu(channels_out))


def up(kind: ConvolutionKind, channels_in: int, channels_out: int, *, last: bool = False) -> nn.Sequential:
    """Double the resolution; the last stage returns the bare convolution, with a bias and without norm or ReLU."""
    after = [] if last else norm_relu(channels_out)
    if kind.up == "transposed":
        transposed = nn.ConvTranspose2d(channels_in, channels_out, 4, stride=2, padding=1, bias=last)
        start_smooth(transposed)
        return nn.Sequential(transposed, *after)
    convolution = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=last)
    if kind.up == "interpolated":
        resize = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        return nn.Sequential(convolution, *after, resize)
    return nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), convolution, *after)


@torch.no_grad()
def start_smooth(convolution: nn.ConvTranspose2d) -> None:
    """Initialise a 4 x 4, stride-2 transposed convolution as bilinear up-sampling with random channel mixing.

    The paper does not say how its layers start. A random kernel starts as a checkerboard that training then has to
    remove; this one starts smooth and is free to learn any pattern.
    """
    ramp = torch.tensor([0.25, 0.75, 0.75, 0.25])
    mixing = torch.randn(convolution.in_channels, convolution.out_channels) * convolution.in_channels**-0.5
    convolution.weight.copy_(mixing[:, :, None, None] * torch.outer(ramp, ramp))


@torch.no_grad()
def start_quiet(up: nn.Sequential) -> None:
    """Make the last convolution small, so that a network starts close to the smooth fill, already a fair guess."""
    last = [m for m in up.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)][-1]
    last.weight.mul_(0.1)


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside an identity path, as in He et al. 2015: relu(x + branch(x)); shape kept."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False),
            *norm_relu(channels),
            nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map N x C x H x W to the same shape."""
        return torch.relu(x + self.branch(x))

    @torch.no_grad()
    def start_as_identity(self) -> None:
        """Make the branch 0, so that what another block or a ReLU put out passes to the last bit.

        The weight of the last norm is 0 (Goyal et al. 2017, arXiv 1706.02677, section 5.1) and learns first: the
        convolutions have no gradient until it has moved.
        """
        norm = self.branch[-1]
        assert isinstance(norm, nn.BatchNorm2d)
        nn.init.zeros_(norm.weight)
        nn.init.zeros_(norm.bias)
