"""What the networks minimise: reconstruction, perceptual and adversarial losses (torch)."""

from inpaint.core.losses.adversarial import discriminator_loss, generator_loss
from inpaint.core.losses.backbones import LpipsFeatures, Vgg19Features
from inpaint.core.losses.objective import Objective, ObjectiveConfig
from inpaint.core.losses.perceptual import CroppedPerceptualLoss, PatchPerceptualLoss, VggLoss, widen
from inpaint.core.losses.reconstruction import dissimilarity, l1, l2, masked_mean

__all__ = [
    "CroppedPerceptualLoss",
    "LpipsFeatures",
    "Objective",
    "ObjectiveConfig",
    "PatchPerceptualLoss",
    "Vgg19Features",
    "VggLoss",
    "discriminator_loss",
    "dissimilarity",
    "generator_loss",
    "l1",
    "l2",
    "masked_mean",
    "widen",
]
