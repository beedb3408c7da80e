"""The Free-form generator (Yu et al. 2018, arXiv 1806.03589): a coarse network, then one that refines its picture.

No normalisation anywhere, ELU and gates everywhere, contextual attention in one of the refinement's two branches.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from inpaint.core.errors import RecipeError
from inpaint.core.nets.completing import Completing
from inpaint.core.nets.contextual_attention import ContextualAttention
from inpaint.core.nets.gating import GatedConvolution, double

DILATIONS = (2, 4, 8, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeFormConfig:
    """Everything that decides the architecture."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    family: Literal["free-form"] = "free-form"
    """Which kind of model these settings are for."""
    width: int = 24
    """Channels after the first gate, doubled twice: the authors' 48 before it."""

    def __post_init__(self) -> None:
        if self.width < 2:
            raise RecipeError("A Free-form generator needs a width of at least 2.")

    @property
    def stride(self) -> int:
        """Heights and widths must be multiples of this: 1/4 size, and attention at half of that."""
        return 8


class FreeFormGenerator(Completing):
    """Two networks in a row; the second sees what the first made of the hole."""

    def __init__(
        self,
        config: FreeFormConfig,
        coarse: nn.Sequential,
        plain: nn.Sequential,
        matching: nn.Sequential,
        matched: nn.Sequential,
        decoder: nn.Sequential,
    ) -> None:
        super().__init__()
        self.config = config
        self.coarse = coarse
        self.plain = plain
        self.matching = matching
        self.attention = ContextualAttention()
        self.matched = matched
        self.decoder = decoder

    def paint(self, image: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """Paint a coarse and a refined picture; arguments as `Completing.paint`."""
        coarse = torch.tanh(self.coarse(torch.cat(self.precise(image, mask), dim=1)).float())
        seen = torch.cat(self.precise(image + coarse * mask, mask), dim=1)
        small = nn.functional.max_pool2d(mask, 4)
        matched = self.matched(self.attention(self.matching(seen), small))
        refined = torch.tanh(self.decoder(torch.cat([self.plain(seen), matched], dim=1)).float())
        return coarse, refined


def build_free_form(config: FreeFormConfig) -> FreeFormGenerator:
    """Build both networks as in the authors' table, but for the sketch, which paper 002 leaves out as an input."""
    w = config.width
    deep = 4 * w

    def down() -> list[nn.Module]:
        return [
            GatedConvolution(4, w, 5),
            GatedConvolution(w, 2 * w, stride=2),
            GatedConvolution(2 * w, 2 * w),
            GatedConvolution(2 * w, deep, stride=2),
            GatedConvolution(deep, deep),
            GatedConvolution(deep, deep),
        ]

    def dilated() -> list[nn.Module]:
        return [GatedConvolution(deep, deep, dilation=dilation) for dilation in DILATIONS]

    def up(channels_in: int) -> list[nn.Module]:
        return [
            GatedConvolution(channels_in, deep),
            GatedConvolution(deep, deep),
            double("nearest"),
            GatedConvolution(deep, 2 * w),
            GatedConvolution(2 * w, 2 * w),
            double("nearest"),
            GatedConvolution(2 * w, w),
            GatedConvolution(w, w // 2),
            nn.Conv2d(w // 2, 3, 3, padding=1),
        ]

    return FreeFormGenerator(
        config,
        coarse=nn.Sequential(*down(), *dilated(), *up(deep)),
        plain=nn.Sequential(*down(), *dilated()),
        matching=nn.Sequential(*down()),
        matched=nn.Sequential(GatedConvolution(deep, deep), GatedConvolution(deep, deep)),
        decoder=nn.Sequential(*up(2 * deep)),
    )
