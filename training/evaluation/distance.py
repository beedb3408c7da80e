"""The perceptual distance of a fill from the truth, whose own activations are computed once for all methods."""

from pathlib import Path
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from inpaint.core.losses import LpipsFeatures, Vgg19Features
from inpaint.core.losses.backbones import unit_length

DistanceName = Literal["alex", "squeeze", "vgg", "vgg19"]


class PerceptualDistance(Protocol):
    """What a perceptual distance has to offer."""

    title: str
    """Its name in tables."""

    def reference(self, truth: Tensor) -> list[Tensor]:
        """Prepare what fills will be compared with: 1 x 3 x H x W in [-1, 1]."""
        ...

    def between(self, image: Tensor, reference: list[Tensor], hole: Tensor) -> tuple[float, float]:
        """Return the distance over the whole picture and inside the 1 x 1 x H x W hole."""
        ...


class Distance:
    """LPIPS (Zhang et al. 2018), or plain unit-length VGG-19 activations."""

    def __init__(self, name: DistanceName, backbones: Path | None, device: str = "cpu") -> None:
        """Load the network. Raises `RecipeError` when its weights are not to be had."""
        self.features = Vgg19Features(backbones) if name == "vgg19" else LpipsFeatures(name, backbones)
        self.features.to(device)
        self.device = device
        self.title = {
            "alex": "LPIPS (AlexNet)",
            "squeeze": "LPIPS (SqueezeNet)",
            "vgg": "LPIPS (VGG-16)",
            "vgg19": "VGG-19 distance",
        }[name]
        if isinstance(self.features, LpipsFeatures) and not self.features.calibrated:
            # Another backbone than the one LPIPS learned its weights for is another distance.
            self.title += ", uncalibrated"

    @torch.inference_mode()
    def reference(self, truth: Tensor) -> list[Tensor]:
        """Return the unit-length activations of 1 x 3 x H x W in [-1, 1], N x C_l x H_l x W_l per layer."""
        return [unit_length(layer) for layer in self.features(truth.to(self.device))]

    @torch.inference_mode()
    def between(self, image: Tensor, reference: list[Tensor], hole: Tensor) -> tuple[float, float]:
        """Return the distance of 1 x 3 x H x W over the whole picture, and over the 1 x 1 x H x W hole alone.

        Inside the hole, each position of a layer counts by the share of hole that it stands for.
        """
        weights = None if isinstance(self.features, Vgg19Features) else self.features.channel_weights()
        hole = hole.to(self.device)
        whole = inside = 0.0
        for index, (a, b) in enumerate(zip(self.reference(image), reference, strict=True)):
            squares = (a - b).square()
            if weights is not None:
                squares = squares * weights[index].view(1, -1, 1, 1)
            here = squares.sum(dim=1, keepdim=True)
            share = adaptive_avg_pool2d(hole, (here.shape[2], here.shape[3]))
            whole += float(here.mean())
            inside += float((here * share).sum() / share.sum())
        return whole, inside

    def __call__(self, one: Tensor, other: Tensor) -> float:
        """Compare two 1 x 3 x H x W pictures in [-1, 1]."""
        return self.between(one, self.reference(other), torch.ones_like(one[:, :1]))[0]
