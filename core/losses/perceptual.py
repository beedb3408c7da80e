"""Perceptual losses: the patch perceptual loss of equation 2, and the VGG loss it is compared with."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaint.core.losses.backbones import LpipsFeatures, Vgg19Features, inverse_length
from inpaint.core.losses.hole_patches import CONTEXT_MARGIN, hole_patches
from inpaint.core.losses.reconstruction import masked_mean


def widen(mask: Tensor, fraction: float = CONTEXT_MARGIN) -> Tensor:
    """Grow a hole on every side by a fraction of the image's longer side: the slightly larger patch of equation 2.

    mask: N x 1 x H x W, 1 = hole; returns the same shape. A rectangle stays a rectangle.
    """
    pixels = max(1, round(fraction * max(mask.shape[-2:])))
    # A square is rows of columns: two narrow maxima give what one wide one gives, for a fraction of the work.
    rows = F.max_pool2d(mask, (2 * pixels + 1, 1), stride=1, padding=(pixels, 0))
    return F.max_pool2d(rows, (1, 2 * pixels + 1), stride=1, padding=(0, pixels))


class AngularDistance(torch.autograd.Function):
    """The weighted squared distance of two activations after both have been scaled to unit length per position.

    sum_c w_c (a_c / |a| - u_c)^2, the inner part of equation 2. Activations are the largest tensors of a training step
    and this is nothing but reading and writing them: with its gradient written out it needs a third of the passes.
    """

    @staticmethod
    def forward(ctx: Any, layer: Tensor, goal: Tensor, weight: Tensor) -> Tensor:
        """Map N x C x H x W, the goal of unit length in the same shape, and C weights to N x 1 x H x W."""
        shrink = inverse_length(layer)
        difference = (layer * shrink).sub_(goal)
        ctx.save_for_backward(layer, shrink, difference, weight)
        return _weighted_sum(difference.square(), weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient of `layer`; goal and weights are constants."""
        layer, shrink, difference, weight = ctx.saved_tensors
        outer = 2 * gradients[0] * shrink
        pull = difference * weight.view(1, -1, 1, 1)
        along = (layer * pull).sum(dim=1, keepdim=True)
        return pull.mul_(outer).addcmul_(layer, along * outer * shrink.square(), value=-1), None, None


def _weighted_sum(features: Tensor, weight: Tensor) -> Tensor:
    """Sum N x C x H x W over the channels, each with its weight: N x 1 x H x W."""
    with torch.autocast(features.device.type, enabled=False):  # which would round the product
        return (features.movedim(1, -1) @ weight)[:, None]


class CroppedPerceptualLoss(nn.Module):
    """PPL, equation 2 to the letter: patches are cut out around the holes, and the network sees nothing else.

    A hole's own patch and one that reaches `CONTEXT_MARGIN` further, compared over all of their positions, added. An
    image with several holes counts as their mean. Where the patches lie has to be known on the host, so a device
    that computes ahead is waited for, and a step cannot be replayed as a CUDA graph.
    """

    def __init__(self, features: LpipsFeatures) -> None:
        super().__init__()
        self.features = features

    def forward(self, output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        """Return the sum of the two patches' distances, a scalar: the mean over the pictures, which count alike.

        output, target: N x 3 x H x W in [-1, 1]. mask: N x 1 x H x W, 1 = hole; a picture without one counts as 0.
        """
        total = torch.zeros((), device=output.device)
        for number, hole in enumerate(mask[:, 0].detach().cpu().numpy()):
            for margin in (0.0, CONTEXT_MARGIN):
                patches = hole_patches(hole, margin)
                for rows, columns in patches:
                    here = (slice(number, number + 1), slice(None), rows, columns)
                    total = total + self._distance(output[here], target[here]) / len(patches)
        return total / len(mask)

    def _distance(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the inner part of equation 2, summed over the layers, for one patch: 1 x 3 x h x w each."""
        with torch.no_grad():
            wanted = self.features(target)
        layers = zip(self.features.activations(output), wanted, self.features.channel_weights(), strict=True)
        distances = [AngularDistance.apply(layer, goal, weight).mean() for layer, goal, weight in layers]
        return torch.stack(distances).sum()


class PatchPerceptualLoss(nn.Module):
    """PPL, equation 2 on the features of whole pictures: distance in the hole, and slightly beyond it, added.

    The activations are computed once on the whole image, and the sum over positions h, w of each layer runs over
    those inside the patch, whose area stands for H_l W_l. So a patch may have any shape and an image any number of
    holes, both scales share one forward pass, and the features next to the rim see the true context, as a viewer does.
    """

    def __init__(self, features: LpipsFeatures) -> None:
        super().__init__()
        self.features = features

    def forward(self, output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        """Return the sum of the two patches' distances, a scalar: the mean over the pictures, which count alike.

        output, target: N x 3 x H x W in [-1, 1]. mask: N x 1 x H x W, 1 = hole.
        """
        with torch.no_grad():
            wanted = self.features(target)
        patches = (mask, widen(mask))
        total = torch.zeros((), device=output.device)
        weights = self.features.channel_weights()
        for layer, goal, weight in zip(self.features.activations(output), wanted, weights, strict=True):
            distance = AngularDistance.apply(layer, goal, weight)
            for patch in patches:
                # The share of each position's cell that lies in the patch.
                share = F.interpolate(patch, size=distance.shape[-2:], mode="area")
                total = total + masked_mean(distance, share)
        return total


VGG_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
"""Of relu1_1 to relu5_1, as in pix2pixHD (Wang et al., CVPR 2018)."""


class VggLoss(nn.Module):
    """L1 distance of VGG-19 activations over the whole image, finer layers counting less (as in pix2pixHD)."""

    def __init__(self, features: Vgg19Features) -> None:
        super().__init__()
        self.features = features

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return a scalar. output, target: N x 3 x H x W in [-1, 1]."""
        with torch.no_grad():
            wanted = self.features(target)
        total = torch.zeros((), device=output.device)
        # A file of weights may end before relu5_1.
        for layer, goal, weight in zip(self.features(output), wanted, VGG_WEIGHTS, strict=False):
            total = total + (layer - goal).abs().mean() * weight
        return total
