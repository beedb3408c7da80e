"""Small network from a box to the object in it: a U-Net that sees the picture around the box, and the box."""

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaint.core.nets.layers import norm_relu


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmenterConfig:
    """Everything that decides the architecture."""

    width: int = 16
    """Channels at half resolution, the finest; doubled on the way down up to eight times that."""
    depth: int = 3
    """How often the resolution is halved after that."""

    @property
    def stride(self) -> int:
        """Heights and widths must be multiples of this."""
        return 2 ** (self.depth + 1)


class Segmenter(nn.Module):
    """Picture and box in, how much of each pixel is the object out, as logits."""

    def __init__(self, config: SegmenterConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.width * min(2**level, 8) for level in range(config.depth + 1)]
        self.first = _convolve(4, widths[0], stride=2)
        self.down = nn.ModuleList(
            nn.Sequential(_convolve(a, b, stride=2), _convolve(b, b)) for a, b in pairwise(widths)
        )
        self.up = nn.ModuleList(_convolve(a + b, a) for a, b in reversed(list(pairwise(widths))))
        self.middle = nn.Sequential(*(_convolve(widths[-1], widths[-1], dilation=dilation) for dilation in (1, 2, 4)))
        self.last = nn.Conv2d(widths[0], 1, 1)

    def forward(self, image: Tensor, box: Tensor) -> Tensor:
        """Return N x 1 x H x W logits: above 0 = object.

        image: N x 3 x H x W in [-1, 1]. box: N x 1 x H x W, 1 inside the box. H and W are multiples of the stride.
        """
        x = self.first(torch.cat([image, box], dim=1))
        levels = []
        for down in self.down:
            levels.append(x)
            x = down(x)
        x = x + self.middle(x)
        for up, level in zip(self.up, reversed(levels), strict=True):
            x = up(torch.cat([F.interpolate(x, scale_factor=2, mode="nearest"), level], dim=1))
        # The edge itself is found in the full-size picture afterwards.
        return F.interpolate(self.last(x).float(), scale_factor=2, mode="bilinear", align_corners=False)


def _convolve(channels_in: int, channels_out: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(channels_in, channels_out, 3, stride, dilation, dilation, bias=False)
    return nn.Sequential(convolution, *norm_relu(channels_out))
