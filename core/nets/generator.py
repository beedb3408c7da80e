"""The BTGMI generator (paper 000, section 3.1) and how it grows (section 3.3)."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from inpaint.core.errors import RecipeError
from inpaint.core.nets.growth import Growing
from inpaint.core.nets.layers import CONVOLUTIONS, ConvolutionName, ResidualBlock, down, start_quiet, up
from inpaint.core.nets.pyramid import STRIDE as PYRAMID_STRIDE
from inpaint.core.nets.pyramid import push_pull


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorConfig:
    """Everything that decides the architecture of a generator head; the defaults are the published ones."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    family: Literal["btgmi"] = "btgmi"
    """Which kind of model these settings are for."""
    width: int = 64
    """Channels after the first convolution; doubled twice on the way down."""
    blocks: int = 9
    """Residual blocks of the head."""
    convolution: ConvolutionName = "dilated"
    """Row of `CONVOLUTIONS`: the four of section 4.3, or "dilated+resized"."""
    start: Literal["zeros", "push-pull"] = "zeros"
    """What the hole holds on entry: zeros (published), or a smooth continuation to which a residual is added."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 1:
            raise RecipeError("A generator needs a width and a number of blocks of at least 1.")
        if self.convolution not in CONVOLUTIONS:
            raise RecipeError(f"Unknown convolution {self.convolution!r}; choose one of {', '.join(CONVOLUTIONS)}.")
        if self.start not in ("zeros", "push-pull"):
            raise RecipeError(f'Unknown start {self.start!r}; choose "zeros" or "push-pull".')

    @property
    def stride(self) -> int:
        """Heights and widths must be multiples of this."""
        return PYRAMID_STRIDE if self.start == "push-pull" else 8


class Generator(Growing):
    """Image with a hole in, complete image out. Known pixels of the output are those of the input."""

    def __init__(self, config: GeneratorConfig, down: nn.Sequential, blocks: nn.ModuleList, up: nn.Sequential) -> None:
        super().__init__()
        self.config = config
        self.down = down
        self.blocks = blocks
        self.up = up

    def forward(self, image: Tensor, mask: Tensor, fade: float = 1.0) -> Tensor:
        """Complete an image.

        image: N x 3 x H x W in [-1, 1]; what is under the hole is ignored. mask: N x 1 x H x W, 1 = hole, 0 = known.
        fade: weight of the newest grown block, 0 = as if it were not there, 1 = fully part of the network.
        H and W are multiples of `config.stride`. Returns N x 3 x H x W, equal to `image` outside the hole.
        """
        base = push_pull(image, mask) if self.config.start == "push-pull" else image * (1 - mask)
        # In the weights' own precision, which is half in a half-precision export.
        trunk = self.down(torch.cat([base, mask], dim=1).to(next(self.parameters()).dtype))
        for block in self.blocks:
            trunk = block(trunk)
        change = self.up(self.refine(trunk, fade)).float()
        result = base + change if self.config.start == "push-pull" else torch.tanh(change)
        return image * (1 - mask) + result * mask

    def new_block(self) -> ResidualBlock:
        """Make a residual block like those of the head, to go before the up-sampling."""
        return ResidualBlock(4 * self.config.width, CONVOLUTIONS[self.config.convolution].dilation)


def build_generator(config: GeneratorConfig, grown: int = 0) -> Generator:
    """Build the generator head, plus `grown` blocks already added to it.

    With the defaults: 4 channels in, three stride-2 convolutions to 1/8 size (64, 128, 256 channels), 9 residual
    blocks with dilation 2, three stride-2 transposed convolutions back to an RGB image.
    """
    kind, w = CONVOLUTIONS[config.convolution], config.width
    generator = Generator(
        config,
        down=nn.Sequential(down(kind, 4, w), down(kind, w, 2 * w), down(kind, 2 * w, 4 * w)),
        blocks=nn.ModuleList(ResidualBlock(4 * w, kind.dilation) for _ in range(config.blocks)),
        up=nn.Sequential(up(kind, 4 * w, 2 * w), up(kind, 2 * w, w), up(kind, w, 3, last=True)),
    )
    if config.start == "push-pull":
        start_quiet(generator.up)
    for _ in range(grown):
        generator.grow()
    return generator
