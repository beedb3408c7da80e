"""The architecture of MI-GAN's generator, for its time alone: there are no weights here.

Sargsyan et al., "MI-GAN: A Simple Baseline for Image Inpainting on Mobile Devices" (ICCV 2023), section 3.1: encoder
and decoder of depthwise separable convolutions, halving down to 4 x 4 and back, with fixed noise in the decoder and a
picture that grows beside the features. After training all its re-parametrised branches are one convolution each.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PUBLISHED = {256: 5.95e6, 512: 5.98e6}
"""Weights, as the paper has them, by the side of the pictures."""


def width(side: int) -> int:
    """Return the channels at a resolution."""
    return min(32768 // side, 512)


def binomial(gain: float) -> Tensor:
    """Return the 4 x 4 filter that is put around halving and doubling."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    return torch.outer(taps, taps) * gain


def fixed(weights: Tensor, channels: int) -> nn.Parameter:
    """Return a filter, the same for all channels; the paper's counts have these weights in them."""
    return nn.Parameter(weights.repeat(channels, 1, 1, 1), requires_grad=False)


class Halve(nn.Module):
    """Blurs and takes every second pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.blur = fixed(binomial(1), channels)

    def forward(self, x: Tensor) -> Tensor:
        """N x C x S x S to half of S."""
        return F.conv2d(x, self.blur, stride=2, padding=1, groups=x.shape[1])


class Double(nn.Module):
    """Puts zeros between pixels and blurs."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spread = fixed(torch.tensor([[1.0, 0.0], [0.0, 0.0]]), channels)
        self.blur = fixed(binomial(4), channels)

    def forward(self, x: Tensor) -> Tensor:
        """N x C x S x S to twice of S."""
        x = F.conv_transpose2d(x, self.spread, stride=2, groups=x.shape[1])
        return F.conv2d(F.pad(x, (2, 1, 2, 1)), self.blur, groups=x.shape[1])


def activate(x: Tensor) -> Tensor:
    return (F.leaky_relu(x, 0.2) * 2**0.5).clamp(-256, 256)


class Separable(nn.Module):
    """A depthwise 3 x 3 convolution and a 1 x 1 convolution, with halving between or doubling behind them."""

    def __init__(self, inputs: int, outputs: int, *, resize: str = "", noise: int = 0) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs)
        self.shrink = Halve(inputs) if resize == "halve" else nn.Identity()
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.grow = Double(outputs) if resize == "double" else nn.Identity()
        self.strength = nn.Parameter(torch.zeros(())) if noise else None
        self.register_buffer("noise", torch.randn(noise, noise) if noise else None)

    def forward(self, x: Tensor) -> Tensor:
        """N x C x S x S to the outputs at the new resolution."""
        x = self.grow(self.pointwise(self.shrink(activate(self.depthwise(x)))))
        return activate(x + self.noise * self.strength if self.strength is not None else x)


class Down(nn.Module):
    """One resolution of the encoder."""

    def __init__(self, side: int) -> None:
        super().__init__()
        last = side == 4
        self.first = Separable(width(side), width(side))
        self.second = Separable(width(side), width(side if last else side // 2), resize="" if last else "halve")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what goes on, and what the decoder gets at this resolution."""
        kept = self.first(x)
        return self.second(kept), kept


class Up(nn.Module):
    """One resolution of the decoder."""

    def __init__(self, side: int) -> None:
        super().__init__()
        if side == 4:
            self.first, self.second = Separable(512, 512), Separable(512, 512)
        else:
            self.first = Separable(width(side // 2), width(side), resize="double", noise=side)
            self.second = Separable(width(side), width(side), noise=side)
        self.paint = nn.Conv2d(width(side), 3, 1)
        self.grow = Double(3) if side > 4 else nn.Identity()

    def forward(self, x: Tensor, kept: Tensor, picture: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return features and picture at this resolution."""
        x = self.second(self.first(x) + kept)
        painted = self.paint(x)
        return x, painted if picture is None else painted + self.grow(picture)


class Migan(nn.Module):
    """Fills N x 3 x S x S in [-1, 1] where the N x 1 x S x S mask is 1; S is a power of two."""

    def __init__(self, side: int = 512) -> None:
        super().__init__()
        sides = [2**power for power in range(side.bit_length() - 1, 1, -1)]
        self.start = nn.Conv2d(4, width(side), 1)
        self.down = nn.ModuleList(Down(each) for each in sides)
        self.up = nn.ModuleList(Up(each) for each in reversed(sides))

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Return the picture with its hole filled."""
        blanked = image * (1 - mask)
        x = activate(self.start(torch.cat([0.5 - mask, blanked], dim=1)))
        kept = []
        for down in self.down:
            x, feature = down(x)
            kept.append(feature)
        picture = None
        for up, feature in zip(self.up, reversed(kept), strict=True):
            x, picture = up(x, feature, picture)
        assert picture is not None
        return picture.clamp(-1, 1) * mask + blanked
