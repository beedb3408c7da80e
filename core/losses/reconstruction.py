"""Distances between pixels, averaged over the hole or over what is known, picture by picture."""

import torch
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

LEAST_AREA = 1e-6
"""In pixels; what an empty region is divided by."""


def masked_mean(values: Tensor, region: Tensor) -> Tensor:
    """Average N x C x H x W values over the pixels where region (N x 1 x H x W, 0..1) is 1, and then over the pictures.

    Every picture counts alike, as in equations 2 and 6 of paper 000: the division by an area is inside the expectation
    over pictures. One with an empty region counts as 0 and is not left out, so that the mean of a batch is that of its
    parts, also where those are in other processes. Returns a scalar.
    """
    weight = region.expand_as(values)
    within = (values * weight).sum(dim=(1, 2, 3)) / weight.sum(dim=(1, 2, 3)).clamp_min(LEAST_AREA)
    return within.mean()


def l1(output: Tensor, target: Tensor, region: Tensor) -> Tensor:
    """Mean absolute difference inside a region. Images N x 3 x H x W, region N x 1 x H x W; returns a scalar."""
    return masked_mean((output - target).abs(), region)


def l2(output: Tensor, target: Tensor, region: Tensor) -> Tensor:
    """Mean squared difference inside a region. Images N x 3 x H x W, region N x 1 x H x W; returns a scalar."""
    return masked_mean((output - target).square(), region)


def dissimilarity(output: Tensor, target: Tensor, region: Tensor) -> Tensor:
    """One minus the structural similarity (SSIM, 11 x 11 Gaussian window), averaged over a region.

    Images N x 3 x H x W in [-1, 1], region N x 1 x H x W; returns a scalar, 0 for equal pictures.
    """
    # Its variances are small differences of means, of which half precision leaves nothing on smooth ground.
    with torch.autocast(output.device.type, enabled=False):
        _, similarity = structural_similarity_index_measure(
            output.float(), target.float(), data_range=2.0, return_full_image=True, reduction="none"
        )
    return masked_mean(1 - similarity, region)
