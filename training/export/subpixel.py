"""An exact rewrite for export: nearest doubling followed by a 3 x 3 convolution, as one convolution at the small size.

Each output pixel of the pair sees only 2 x 2 different small pixels, so 4 products do the work of 9 and the enlarged
activations are never made.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn


class SubpixelConvolution(nn.Module):
    """Computes what `nn.Upsample(scale_factor=2)` and then a 3 x 3 convolution with padding 1 compute."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        weight = convolution.weight.detach()
        # Row 0 of a pair sees the small rows i - 1 and i, row 1 sees i and i + 1; the same for columns.
        fold = torch.tensor([[[1.0, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]])
        kernels = [torch.einsum("pr,qc,oirc->oipq", fold[a], fold[b], weight) for a in (0, 1) for b in (0, 1)]
        self.channels = convolution.out_channels
        self.small = nn.Conv2d(convolution.in_channels, 4 * self.channels, 2, padding=1)
        bias = torch.zeros(self.channels) if convolution.bias is None else convolution.bias.detach()
        with torch.no_grad():
            self.small.weight.copy_(torch.cat(kernels))
            assert self.small.bias is not None
            self.small.bias.copy_(bias.repeat(4))

    def forward(self, x: Tensor) -> Tensor:
        """Map N x C x H x W to N x C' x 2H x 2W."""
        # One row and column too many: each of the four phases takes its own H x W part.
        phases = self.small(x).chunk(4, dim=1)
        height, width = x.shape[2], x.shape[3]
        parts = [phases[2 * a + b][:, :, a : a + height, b : b + width] for a in (0, 1) for b in (0, 1)]
        return nn.functional.pixel_shuffle(torch.stack(parts, dim=2).flatten(1, 2), 2)


def whole_kernel(small: Tensor) -> Tensor:
    """Undo the rewriting: from the 4C' x C x 2 x 2 kernel of a `SubpixelConvolution` to the C' x C x 3 x 3 original."""
    # Of the small taps of a row, (phase 0: w0, w1 + w2) and (phase 1: w0 + w1, w2).
    unfold = torch.tensor([[[1.0, 0], [0, 0]], [[0, 1], [0, -1]], [[0, 0], [0, 1]]])
    channels, inputs = small.shape[0] // 4, small.shape[1]
    phases = small.reshape(2, 2, channels, inputs, 2, 2)
    return torch.einsum("rap,cbq,aboipq->oirc", unfold, unfold, phases)


def neighbours(module: nn.Module) -> Iterator[tuple[nn.Sequential, int]]:
    """Yield every Sequential inside a module with the index of each of its layers but the last, to rewrite in pairs."""
    for sequential in [child for child in module.modules() if isinstance(child, nn.Sequential)]:
        yield from ((sequential, index) for index in range(len(sequential) - 1))


def use_subpixel(module: nn.Module) -> None:
    """Replace every nearest doubling that a 3 x 3 convolution follows in a Sequential, in place."""
    for layers, index in neighbours(module):
        resize, convolution = layers[index], layers[index + 1]
        if isinstance(resize, nn.Upsample) and resize.mode == "nearest" and isinstance(convolution, nn.Conv2d):
            layers[index], layers[index + 1] = nn.Identity(), SubpixelConvolution(convolution)
