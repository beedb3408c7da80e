"""The generator's objective: equation 5 with every term's weight in one place."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch import Tensor, nn

from inpaint.core.errors import RecipeError
from inpaint.core.losses.adversarial import AdversarialName, generator_loss
from inpaint.core.losses.backbones import LpipsFeatures, Vgg19Features
from inpaint.core.losses.perceptual import CroppedPerceptualLoss, PatchPerceptualLoss, VggLoss
from inpaint.core.losses.reconstruction import dissimilarity, l1, l2


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveConfig:
    """Weights of the terms; 0 leaves a term out. The defaults are the published weights, equation 5.

    The weight of the adversarial term is not here: it belongs to the phase, because it is annealed.
    """

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    ppl: float = 10.0
    """Patch perceptual loss, lambda_PPL."""
    l1_hole: float = 0.0
    """Mean absolute difference inside the hole."""
    l2_hole: float = 0.0
    """Mean squared difference inside the hole."""
    ssim: float = 0.0
    """One minus the structural similarity inside the hole."""
    l1_known: float = 0.0
    """Mean absolute difference outside the hole; 0 by construction when the known pixels are composited back."""
    vgg: float = 0.0
    """VGG-19 perceptual loss."""
    backbone: Literal["alex", "squeeze", "vgg"] = "alex"
    """Network of the patch perceptual loss."""
    patches: Literal["masked", "cropped"] = "masked"
    """Patches of that loss: features of the whole picture inside the hole's own shape, or features of rectangles that
    are cut out around the holes (published)."""
    adversarial: AdversarialName = "log"
    """Form of the adversarial loss."""

    def __post_init__(self) -> None:
        if min(self.ppl, self.l1_hole, self.l2_hole, self.ssim, self.l1_known, self.vgg) < 0:
            raise RecipeError("The weights of an objective may not be negative.")
        if self.patches not in ("masked", "cropped"):
            raise RecipeError(f'Unknown patches {self.patches!r}; choose "masked" or "cropped".')


class Objective(nn.Module):
    """Computes every term of an `ObjectiveConfig` that has a weight."""

    def __init__(self, config: ObjectiveConfig, backbones: Path | None = None) -> None:
        """Load the backbones that the terms need from a folder, or through torchvision's download when None."""
        super().__init__()
        self.config = config
        loss = CroppedPerceptualLoss if config.patches == "cropped" else PatchPerceptualLoss
        self.ppl = loss(LpipsFeatures(config.backbone, backbones)) if config.ppl else None
        self.vgg = VggLoss(Vgg19Features(backbones)) if config.vgg else None

    def reconstruction(self, output: Tensor, target: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Return the weighted similarity terms by name, scalars.

        output, target: N x 3 x H x W in [-1, 1]. mask: N x 1 x H x W, 1 = hole.
        """
        config, terms = self.config, {}
        if self.ppl is not None:
            terms["ppl"] = config.ppl * self.ppl(output, target, mask)
        if config.l1_hole:
            terms["l1_hole"] = config.l1_hole * l1(output, target, mask)
        if config.l2_hole:
            terms["l2_hole"] = config.l2_hole * l2(output, target, mask)
        if config.ssim:
            terms["ssim"] = config.ssim * dissimilarity(output, target, mask)
        if config.l1_known:
            terms["l1_known"] = config.l1_known * l1(output, target, 1 - mask)
        if self.vgg is not None:
            terms["vgg"] = config.vgg * self.vgg(output, target)
        return terms

    def adversarial(self, logits: Sequence[Tensor], overlaps: Sequence[Tensor], weight: float | Tensor) -> Tensor:
        """Return the weighted adversarial term of equation 6, a scalar; other arguments as in `generator_loss`."""
        return weight * generator_loss(logits, overlaps, self.config.adversarial)
