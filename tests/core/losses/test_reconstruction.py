import pytest
import torch

from inpaint.core.losses import l1, l2, masked_mean


def test_known_values():
    output, target = torch.full((1, 3, 4, 4), 0.5), torch.zeros(1, 3, 4, 4)
    region = torch.zeros(1, 1, 4, 4)
    region[..., :2] = 1
    assert l1(output, target, region).item() == pytest.approx(0.5)
    assert l2(output, target, region).item() == pytest.approx(0.25)


def test_only_the_region_counts():
    output, target = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    region = torch.zeros(1, 1, 4, 4)
    region[..., 0, 0] = 1
    output[..., 3, 3] = 9.0
    assert l1(output, target, region).item() == 0
    assert l1(output, target, 1 - region).item() > 0


def test_an_empty_region_gives_zero():
    assert masked_mean(torch.ones(1, 3, 2, 2), torch.zeros(1, 1, 2, 2)).item() == 0


@pytest.mark.parametrize("loss", [l1, l2])
def test_gradients(loss):
    torch.manual_seed(0)
    output = torch.randn(1, 3, 4, 4, dtype=torch.double, requires_grad=True)
    target = torch.randn(1, 3, 4, 4, dtype=torch.double)
    region = (torch.rand(1, 1, 4, 4) > 0.5).double()
    assert torch.autograd.gradcheck(lambda x: loss(x, target, region), (output,))
