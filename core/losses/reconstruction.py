"""Distances between pixels, averaged over the hole or over what is known."""

from torch import Tensor


def masked_mean(values: Tensor, region: Tensor) -> Tensor:
    """Average N x C x H x W values over the pixels where region (N x 1 x H x W, 0..1) is 1; 0 for an empty region."""
    weight = region.expand_as(values)
    return (values * weight).sum() / weight.sum().clamp_min(1.0)


def l1(output: Tensor, target: Tensor, region: Tensor) -> Tensor:
    """Mean absolute difference inside a region. Images N x 3 x H x W, region N x 1 x H x W; returns a scalar."""
    return masked_mean((output - target).abs(), region)


def l2(output: Tensor, target: Tensor, region: Tensor) -> Tensor:
    """Mean squared difference inside a region. Images N x 3 x H x W, region N x 1 x H x W; returns a scalar."""
    return masked_mean((output - target).square(), region)
