import pytest
import torch

from inpaint.core.losses import dissimilarity, l1, l2, masked_mean


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


def test_every_picture_counts_alike_whatever_the_size_of_its_hole():
    """Equation 2 of paper 000 divides by the area of one picture, and the expectation is over pictures."""
    values = torch.stack([torch.full((3, 4, 4), 1.0), torch.full((3, 4, 4), 3.0)])
    region = torch.zeros(2, 1, 4, 4)
    region[0, :, 0, 0] = 1
    region[1] = 1
    assert masked_mean(values, region).item() == pytest.approx((1 + 3) / 2)


def test_a_picture_without_a_hole_counts_as_zero():
    values, region = torch.full((2, 3, 4, 4), 3.0), torch.zeros(2, 1, 4, 4)
    region[0, :, 0] = 1
    assert masked_mean(values, region).item() == pytest.approx(3 / 2)


@pytest.mark.parametrize("loss", [l1, l2, dissimilarity])
def test_a_batch_has_the_mean_of_its_parts(loss):
    """So nothing changes where a batch is divided: over time (accumulate) or over processes."""
    torch.manual_seed(0)
    output, target = torch.rand(4, 3, 16, 16) * 2 - 1, torch.rand(4, 3, 16, 16) * 2 - 1
    region = torch.zeros(4, 1, 16, 16)
    for picture, side in enumerate((0, 1, 5, 16)):
        region[picture, :, :side, :side] = 1
    halves = [loss(output[part], target[part], region[part]).item() for part in (slice(0, 2), slice(2, 4))]
    assert loss(output, target, region).item() == pytest.approx(sum(halves) / 2, rel=1e-5)


def test_a_soft_region_of_less_than_a_pixel_is_a_mean_too():
    region = torch.zeros(1, 1, 4, 4)
    region[..., 0, 0] = 0.25
    assert masked_mean(torch.full((1, 3, 4, 4), 2.0), region).item() == pytest.approx(2)


@pytest.mark.parametrize("loss", [l1, l2])
def test_gradients(loss):
    torch.manual_seed(0)
    output = torch.randn(1, 3, 4, 4, dtype=torch.double, requires_grad=True)
    target = torch.randn(1, 3, 4, 4, dtype=torch.double)
    region = (torch.rand(1, 1, 4, 4) > 0.5).double()
    assert torch.autograd.gradcheck(lambda x: loss(x, target, region), (output,))


class TestDissimilarity:
    def pictures(self):
        torch.manual_seed(0)
        target = torch.rand(1, 3, 32, 32) * 2 - 1
        region = torch.zeros(1, 1, 32, 32)
        region[..., 8:24, 8:24] = 1
        return target, region

    def test_known_values(self):
        target, region = self.pictures()
        assert dissimilarity(target, target, region).item() == pytest.approx(0, abs=1e-6)
        # Two flat pictures differ in brightness alone: SSIM = (2ab + c) / (a^2 + b^2 + c), c = (0.01 * 2)^2.
        a, b = torch.full_like(target, 0.5), torch.full_like(target, 0.25)
        expected = 1 - (2 * 0.125 + 4e-4) / (0.25 + 0.0625 + 4e-4)
        assert dissimilarity(a, b, region).item() == pytest.approx(expected, rel=1e-3)

    def test_only_the_region_counts(self):
        target, region = self.pictures()
        far = target.clone()
        far[..., 31, 31] = 1 - far[..., 31, 31]
        assert dissimilarity(far, target, region).item() == pytest.approx(0, abs=1e-6)
        assert dissimilarity(far, target, 1 - region).item() > 0

    def test_gradient_descends(self):
        target, region = self.pictures()
        output = (target * 0.5).requires_grad_()
        loss = dissimilarity(output, target, region)
        (gradient,) = torch.autograd.grad(loss, output)
        assert torch.isfinite(gradient).all()
        assert dissimilarity(output - gradient, target, region) < loss

    def test_keeps_its_precision_under_autocast(self):
        """On smooth ground SSIM is made of differences in the third decimal, which bf16 does not have."""
        torch.manual_seed(0)
        smooth = torch.linspace(-0.8, 0.8, 64).expand(1, 3, 64, 64)
        output = (smooth + 0.02 * torch.randn(1, 3, 64, 64)).requires_grad_()
        region = torch.ones(1, 1, 64, 64)
        expected = dissimilarity(output, smooth, region)
        (wanted,) = torch.autograd.grad(expected, output)
        with torch.autocast("cpu", torch.bfloat16):
            loss = dissimilarity(output, smooth, region)
        (gradient,) = torch.autograd.grad(loss, output)
        assert torch.equal(loss, expected)
        assert torch.equal(gradient, wanted)
