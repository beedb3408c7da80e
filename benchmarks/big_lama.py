"""The architecture of big-LaMa, for its time alone: there are no weights here.

Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions" (WACV 2022), section 2 and the
supplement: three halvings from 64 channels, 18 residual blocks of fast Fourier convolutions with three quarters of the
channels global, three doublings. Fast Fourier convolution: Chi et al., NeurIPS 2020.

The Fourier transforms are written as products with their matrices, for one size of picture: the same numbers, from
operators that every runtime computes well.
"""

import math

import torch
from torch import Tensor, nn

PUBLISHED = 51e6
"""Weights, as the paper has them."""
LOCAL, GLOBAL = 128, 384
"""Channels of the two paths through the blocks."""


def dft(size: int, *, real: bool) -> Tensor:
    """Return the orthonormal transform of `size` samples: real and imaginary part, 2 x size x frequencies.

    real: only the frequencies that real samples need.
    """
    frequencies = size // 2 + 1 if real else size
    angle = 2 * math.pi * torch.arange(size)[:, None] * torch.arange(frequencies)[None] / size
    return torch.stack([angle.cos(), -angle.sin()]).float() / math.sqrt(size)


class FourierUnit(nn.Module):
    """A 1 x 1 convolution of the spectrum, whose real and imaginary parts are channels."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            nn.Conv2d(2 * channels, 2 * channels, 1, bias=False), nn.BatchNorm2d(2 * channels), nn.ReLU()
        )
        self.register_buffer("rows", dft(side, real=False), persistent=False)
        self.register_buffer("columns", dft(side, real=True), persistent=False)
        # Frequencies that were left out count twice on the way back.
        twice = torch.full((side // 2 + 1,), 2.0)
        twice[0] = 1
        if side % 2 == 0:
            twice[-1] = 1
        self.register_buffer("back", self.get_buffer("columns").transpose(1, 2) * twice[:, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Transform, mix and transform back N x C x S x S."""
        (rows_real, rows_imaginary), columns, back = self.rows, self.columns, self.back
        real, imaginary = x @ columns[0], x @ columns[1]
        # The matrix of the rows is symmetric, so it may stand on the left as it is.
        real, imaginary = rows_real @ real - rows_imaginary @ imaginary, rows_real @ imaginary + rows_imaginary @ real
        real, imaginary = self.mix(torch.cat([real, imaginary], dim=1)).chunk(2, dim=1)
        # Backwards with the conjugate matrices; only the real part of the result is needed.
        real, imaginary = rows_real @ real + rows_imaginary @ imaginary, rows_real @ imaginary - rows_imaginary @ real
        return real @ back[0] + imaginary @ back[1]


class Spectral(nn.Module):
    """What leads from the global path to the global path."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        half = channels // 2
        self.narrow = nn.Sequential(nn.Conv2d(channels, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU())
        self.fourier = FourierUnit(half, side)
        self.widen = nn.Conv2d(half, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return N x C x S x S of the same shape."""
        x = self.narrow(x)
        return self.widen(x + self.fourier(x))


def conv3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, padding_mode="reflect", bias=False)


def finish(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())


class FastFourierConvolution(nn.Module):
    """Two paths that see each other: a local one of 3 x 3 convolutions, a global one through the spectrum."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.local_to_local, self.local_to_global = conv3(LOCAL, LOCAL), conv3(LOCAL, GLOBAL)
        self.global_to_local, self.global_to_global = conv3(GLOBAL, LOCAL), Spectral(GLOBAL, side)
        self.finish_local, self.finish_global = finish(LOCAL), finish(GLOBAL)

    def forward(self, near: Tensor, far: Tensor) -> tuple[Tensor, Tensor]:
        """Return the new local and global channels."""
        return (
            self.finish_local(self.local_to_local(near) + self.global_to_local(far)),
            self.finish_global(self.local_to_global(near) + self.global_to_global(far)),
        )


class Block(nn.Module):
    """Two fast Fourier convolutions beside a shortcut."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.first, self.second = FastFourierConvolution(side), FastFourierConvolution(side)

    def forward(self, near: Tensor, far: Tensor) -> tuple[Tensor, Tensor]:
        """Return the new local and global channels."""
        more_near, more_far = self.second(*self.first(near, far))
        return near + more_near, far + more_far


class BigLama(nn.Module):
    """Fills N x 3 x S x S in [0, 1] where the N x 1 x S x S mask is 1."""

    def __init__(self, side: int = 512, blocks: int = 18) -> None:
        super().__init__()
        self.start = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(4, 64, 7, bias=False), finish(64))
        self.down = nn.Sequential(conv3(64, 128, 2), finish(128), conv3(128, 256, 2), finish(256))
        self.to_local, self.to_global = conv3(256, LOCAL, 2), conv3(256, GLOBAL, 2)
        self.finish_local, self.finish_global = finish(LOCAL), finish(GLOBAL)
        self.blocks = nn.ModuleList(Block(side // 8) for _ in range(blocks))
        up = []
        for channels in (512, 256, 128):
            up += [nn.ConvTranspose2d(channels, channels // 2, 3, 2, 1, output_padding=1), finish(channels // 2)]
        self.up = nn.Sequential(*up, nn.ReflectionPad2d(3), nn.Conv2d(64, 3, 7), nn.Sigmoid())

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Return the picture with its hole filled."""
        blanked = image * (1 - mask)
        x = self.down(self.start(torch.cat([blanked, mask], dim=1)))
        near, far = self.finish_local(self.to_local(x)), self.finish_global(self.to_global(x))
        for block in self.blocks:
            near, far = block(near, far)
        return self.up(torch.cat([near, far], dim=1)) * mask + blanked
