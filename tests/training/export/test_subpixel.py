import pytest
import torch
from torch import nn

from inpaint.training.export.subpixel import SubpixelConvolution, use_subpixel


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (5, 8), (16, 16)])
def test_computes_the_pair_it_replaces(size, bias):
    torch.manual_seed(0)
    pair = nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(3, 4, 3, padding=1, bias=bias))
    x = torch.randn(2, 3, *size)
    assert torch.allclose(SubpixelConvolution(pair[1])(x), pair(x), atol=1e-5)


def test_replaces_nearest_doubling_only():
    nearest = nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(3, 4, 3, padding=1))
    bilinear = nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(4, 4, 3, padding=1))
    net = nn.Sequential(nearest, bilinear)
    use_subpixel(net)
    assert isinstance(nearest[1], SubpixelConvolution)
    assert isinstance(bilinear[0], nn.Upsample)
