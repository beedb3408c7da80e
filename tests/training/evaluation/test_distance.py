import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import squeezenet1_1

from inpaint.core.errors import RecipeError
from inpaint.training.evaluation.distance import Distance


class Constant(torch.nn.Module):
    def forward(self, x):
        return [torch.cat([x[:, :1], 1 - x[:, :1]], dim=1)]

    def channel_weights(self):
        return [torch.tensor([1.0, 0.0])]


@pytest.fixture
def known():
    measure = Distance.__new__(Distance)
    measure.features, measure.device, measure.title = Constant(), "cpu", "known"
    return measure


def test_unit_lengths_are_compared_channel_by_channel(known):
    ones, zeros = torch.ones(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    assert known(ones, zeros) == pytest.approx(1.0)


def test_the_hole_counts_alone(known):
    """Half of the picture differs, and the hole is all of that half, or none of it."""
    ones, half = torch.ones(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    half[..., :2] = 0
    left = torch.zeros(1, 1, 4, 4)
    left[..., :2] = 1
    assert known.between(half, known.reference(ones), left) == pytest.approx((0.5, 1.0))
    assert known.between(half, known.reference(ones), 1 - left) == pytest.approx((0.5, 0.0))


def test_a_real_network_finds_equal_pictures_equal(vgg19):
    measure = Distance("vgg19", vgg19)
    assert measure.title == "VGG-19 distance"
    random = torch.Generator().manual_seed(0)
    one, other = (torch.rand(1, 3, 32, 32, generator=random) * 2 - 1 for _ in range(2))
    assert measure(one, one) == 0
    assert measure(one, other) > 0.01
    assert measure(one, other) == pytest.approx(measure(other, one))


def test_lpips_of_a_foreign_backbone_says_so_and_equals_the_features_mean(tmp_path):
    torch.manual_seed(0)
    state = {key: value for key, value in squeezenet1_1().state_dict().items() if key.startswith("features")}
    save_file(state, tmp_path / "squeezenet1_1_mine.safetensors")
    measure = Distance("squeeze", tmp_path)
    assert measure.title == "LPIPS (SqueezeNet), uncalibrated"
    one, other = torch.rand(1, 3, 64, 64) * 2 - 1, torch.rand(1, 3, 64, 64) * 2 - 1
    layers = zip(measure.features(one), measure.features(other), strict=True)
    expected = sum(float((a - b).square().sum(dim=1).mean()) / 15 for a, b in layers)
    assert measure(one, other) == pytest.approx(expected, rel=1e-4)


def test_it_needs_its_weights(tmp_path):
    with pytest.raises(RecipeError, match="vgg19"):
        Distance("vgg19", tmp_path)
