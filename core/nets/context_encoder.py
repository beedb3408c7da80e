"""The Context Encoder (Pathak et al. 2016, arXiv 1604.07379): a square goes in, its missing central half comes out.

The network knows pictures of one size with the hole in the middle. `framing` brings any hole into that position, so
that it can be trained, exported and used like every other generator here.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from inpaint.core.errors import RecipeError
from inpaint.core.nets.completing import Completing
from inpaint.core.nets.framing import frame


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextEncoderConfig:
    """Everything that decides the architecture; the defaults are the published ones."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    family: Literal["context-encoder"] = "context-encoder"
    """Which kind of model these settings are for."""
    width: int = 64
    """Channels after the first convolution; doubled up to eight times that."""
    size: int = 128
    """Side in pixels of what the network sees, a power of two; it paints the central half."""
    bottleneck: int = 4000
    """Size of the bottleneck: how many numbers describe a picture."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.bottleneck < 1:
            raise RecipeError("A Context Encoder needs a width and a bottleneck of at least 1.")
        if self.size < 32 or self.size & (self.size - 1):
            raise RecipeError("The size of a Context Encoder must be a power of two, at least 32.")

    @property
    def stride(self) -> int:
        """Heights and widths of pictures may be anything: the network sees a window of its own size."""
        return 1

    @property
    def patch(self) -> int:
        """Side in pixels of what the network paints."""
        return self.size // 2


class ContextEncoder(Completing):
    """Encoder to one vector, decoder to the central patch."""

    def __init__(self, config: ContextEncoderConfig, encoder: nn.Sequential, decoder: nn.Sequential) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder
        self.decoder = decoder

    def paint(self, image: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """Paint the hole, wherever it is; arguments as `Completing.paint`. Far from the hole the picture is nonsense.

        H and W may be anything. A hole that does not fit into the central half is seen and painted at a lower scale.
        """
        window = frame(mask, self.config.patch)
        (seen,) = self.precise(window.cut(image, self.config.size))
        patch = torch.tanh(self.decoder(self.encoder(seen)).float())
        return (window.paste(patch, image.shape[2], image.shape[3]),)


def build_context_encoder(config: ContextEncoderConfig) -> ContextEncoder:
    """Build the network: halved down to 4 x 4, squeezed into a vector, and doubled to half of the original side."""
    w = config.width
    halvings = config.size.bit_length() - 3
    channels = [w * min(8, 2 ** max(0, index - 1)) for index in range(halvings)]
    encoder: list[nn.Module] = [nn.Conv2d(3, w, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
    for before, after in pairwise(channels):
        encoder += [
            nn.Conv2d(before, after, 4, 2, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.LeakyReLU(0.2, inplace=True),
        ]
    encoder += [nn.Conv2d(channels[-1], config.bottleneck, 4, bias=False), nn.BatchNorm2d(config.bottleneck)]
    encoder += [nn.LeakyReLU(0.2, inplace=True)]

    back = channels[:0:-1]
    decoder: list[nn.Module] = [nn.ConvTranspose2d(config.bottleneck, back[0], 4, bias=False), nn.BatchNorm2d(back[0])]
    decoder += [nn.ReLU(inplace=True)]
    for before, after in pairwise(back):
        decoder += [
            nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
        ]
    decoder += [nn.ConvTranspose2d(back[-1], 3, 4, 2, 1)]
    return ContextEncoder(config, nn.Sequential(*encoder), nn.Sequential(*decoder))
