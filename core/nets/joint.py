"""The joint generator: one trunk that inpaints around a pasted object and harmonizes the object (paper 000, 4.4)."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaint.core.errors import RecipeError
from inpaint.core.nets.growth import Growing
from inpaint.core.nets.layers import CONVOLUTIONS, ConvolutionName, ResidualBlock, down, start_quiet, up
from inpaint.core.nets.pyramid import STRIDE as PYRAMID_STRIDE
from inpaint.core.nets.pyramid import push_pull

REDUCTION = 8
"""The trunk has 1/8 of the picture's sides."""
BASIS = 7
"""Terms of the colour curves: three colours, their squares, and one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointConfig:
    """Everything that decides the architecture of a joint generator; the defaults are the published ones."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    family: Literal["joint"] = "joint"
    """Which kind of model these settings are for."""
    width: int = 64
    """Channels after the first convolution; doubled twice on the way down."""
    blocks: int = 9
    """Residual blocks of the head."""
    convolution: ConvolutionName = "dilated"
    """Row of `CONVOLUTIONS`: the four of section 4.3, or "dilated+resized"."""
    start: Literal["composite", "push-pull"] = "composite"
    """What the hole holds on entry: the guide's own background (published), or a smooth continuation of the
    photograph to which a residual is added."""
    tone: Literal["rgb", "curves"] = "rgb"
    """How the object is harmonized: a second RGB picture (published), or colour curves that vary smoothly over it,
    which keep its texture and learn from far fewer pictures."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 1:
            raise RecipeError("A generator needs a width and a number of blocks of at least 1.")

    @property
    def stride(self) -> int:
        """Heights and widths must be multiples of this."""
        return PYRAMID_STRIDE if self.start == "push-pull" else REDUCTION


class JointGenerator(Growing):
    """A composite in; out come a picture whose hole is inpainted and one whose object is harmonized."""

    def __init__(
        self,
        config: JointConfig,
        down: nn.Sequential,
        blocks: nn.ModuleList,
        up: nn.Sequential,
        tone: "ColourCurves | None",
    ) -> None:
        super().__init__()
        self.config = config
        self.down = down
        self.blocks = blocks
        self.up = up
        self.tone = tone

    def forward(self, image: Tensor, mask: Tensor, foreground: Tensor, fade: float = 1.0) -> tuple[Tensor, Tensor]:
        """Inpaint and harmonize.

        image: the composite, N x 3 x H x W in [-1, 1]. mask: the hole around the object, N x 1 x H x W, 1 = hole.
        foreground: the object, N x 1 x H x W, 1 = object; the two do not overlap. fade: as for `Generator`.
        H and W are multiples of `config.stride`.

        Returns the inpainted and the harmonized picture, N x 3 x H x W each. Both are defined wherever there is hole
        or object, so that the soft rim of an object can be blended from the two, and both equal `image` elsewhere.
        """
        made = (mask + foreground).clamp(0, 1)
        known = 1 - made
        smooth = self.config.start == "push-pull"
        start = push_pull(image, made) if smooth else image
        base = image * (1 - mask) + start * mask
        # In the weights' own precision, which is half in a half-precision export.
        trunk = self.down(torch.cat([base, mask, foreground], dim=1).to(next(self.parameters()).dtype))
        for block in self.blocks:
            trunk = block(trunk)
        trunk = self.refine(trunk, fade)
        change = self.up(trunk).float()
        inpainted = start + change[:, :3] if smooth else torch.tanh(change[:, :3])
        harmonized = torch.tanh(change[:, 3:]) if self.tone is None else self.tone(trunk, image, foreground, known)
        return image * known + inpainted * made, image * known + harmonized * made

    def new_block(self) -> ResidualBlock:
        """Make a residual block like those of the head, to go before the up-sampling."""
        return ResidualBlock(4 * self.config.width, CONVOLUTIONS[self.config.convolution].dilation)


class ColourCurves(nn.Module):
    """Colours that change smoothly over the picture: per pixel, three polynomials of its own red, green and blue.

    Their coefficients come from the trunk, at its resolution, plus one set for the whole object that also sees the
    statistics of object and surroundings, which are what colour transfer goes by. Everything starts at no change.
    """

    def __init__(self, channels: int, hidden: int = 64) -> None:
        super().__init__()
        self.nearby = nn.Sequential(
            nn.Conv2d(channels, hidden, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(hidden, 3 * BASIS, 1)
        )
        self.overall = nn.Sequential(
            nn.Linear(2 * channels + 12, 2 * hidden), nn.ReLU(inplace=True), nn.Linear(2 * hidden, 3 * BASIS)
        )
        for last in (self.nearby[-1], self.overall[-1]):
            assert isinstance(last, nn.Conv2d | nn.Linear)
            nn.init.zeros_(last.weight)
            assert last.bias is not None
            nn.init.zeros_(last.bias)

    def forward(self, trunk: Tensor, image: Tensor, foreground: Tensor, known: Tensor) -> Tensor:
        """Return N x 3 x H x W: the image as it looks with the object's curves applied everywhere.

        trunk: N x C x H/8 x W/8. image: N x 3 x H x W in [-1, 1]. foreground, known: N x 1 x H x W, 1 = there.
        """
        features, statistics = [], []
        for region in (foreground, known):
            small = F.avg_pool2d(region, REDUCTION)
            features.append(_mean(trunk.float(), small))
            mean = _mean(image.float(), region)
            spread = _mean((image.float() - mean[:, :, None, None]).square(), region)
            statistics += [mean, torch.sqrt(spread + 1e-4)]
        seen = torch.cat([*features, *statistics], dim=1).to(trunk.dtype)
        change = self.nearby(trunk) + self.overall(seen)[:, :, None, None]
        change = F.interpolate(change.float(), scale_factor=REDUCTION, mode="bilinear", align_corners=False)
        basis = torch.cat([image, image.square(), torch.ones_like(image[:, :1])], dim=1)
        terms = [
            (change[:, BASIS * i : BASIS * (i + 1)] * basis).sum(dim=1, keepdim=True) for i in range(image.shape[1])
        ]
        return image + torch.cat(terms, dim=1)


def build_joint(config: JointConfig, grown: int = 0) -> JointGenerator:
    """Build the joint generator, plus `grown` blocks already added to it.

    It is the BTGMI head with five channels in (picture, hole, object) and two pictures out.
    """
    kind, w = CONVOLUTIONS[config.convolution], config.width
    curves = config.tone == "curves"
    generator = JointGenerator(
        config,
        down=nn.Sequential(down(kind, 5, w), down(kind, w, 2 * w), down(kind, 2 * w, 4 * w)),
        blocks=nn.ModuleList(ResidualBlock(4 * w, kind.dilation) for _ in range(config.blocks)),
        up=nn.Sequential(up(kind, 4 * w, 2 * w), up(kind, 2 * w, w), up(kind, w, 3 if curves else 6, last=True)),
        tone=ColourCurves(4 * w) if curves else None,
    )
    if config.start == "push-pull":
        start_quiet(generator.up)
    for _ in range(grown):
        generator.grow()
    return generator


def _mean(values: Tensor, region: Tensor) -> Tensor:
    """Average N x C x H x W over a region (N x 1 x H x W, 0..1), per picture: N x C; 0 for an empty region."""
    return (values * region).sum(dim=(2, 3)) / region.sum(dim=(2, 3)).clamp_min(1e-3)
