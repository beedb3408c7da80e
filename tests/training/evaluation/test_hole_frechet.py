import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from scipy.linalg import sqrtm

from inpaint.core.errors import RecipeError
from inpaint.training.evaluation.hole_frechet import EarlyFeatures, HoleCrowd, Moments, frechet_per_channel


def moments(cells):
    found = Moments.none(len(cells))
    found.add(cells, np.ones(cells.shape[1]))
    return found


@pytest.fixture
def cells():
    """Five channels of very different sizes that hang together, 3000 cells."""
    random = np.random.default_rng(0)
    mixed = random.normal(size=(5, 5)) @ random.normal(size=(5, 3000))
    return mixed * np.array([1, 10, 0.1, 3, 1])[:, None] + np.arange(5)[:, None]


def test_equal_sets_are_0(cells):
    assert frechet_per_channel(moments(cells), moments(cells)) == pytest.approx(0, abs=1e-9)
    assert frechet_per_channel(moments(cells), moments(cells[:, ::-1])) == pytest.approx(0, abs=1e-9)


def test_a_shift_by_a_deviation_in_every_channel_is_1(cells):
    shifted = cells + cells.std(axis=1, keepdims=True)
    assert frechet_per_channel(moments(cells), moments(shifted)) == pytest.approx(1, abs=1e-6)
    assert frechet_per_channel(moments(cells), moments(cells - 3 * cells.std(axis=1, keepdims=True))) == pytest.approx(
        9
    )


def test_twice_the_spread_is_1(cells):
    """tr(C + 4 C - 2 (4 C²)^½) = tr C."""
    wider = 2 * cells - cells.mean(axis=1, keepdims=True)
    assert frechet_per_channel(moments(cells), moments(wider)) == pytest.approx(1, abs=1e-6)


def test_the_formula_is_that_of_scipy(cells):
    other = np.random.default_rng(1).normal(size=(5, 5)) @ cells[:, :900]
    one = cells / cells.std(axis=1, keepdims=True)
    two = other / cells.std(axis=1, keepdims=True)
    c1, c2 = np.cov(one, bias=True), np.cov(two, bias=True)
    shift = one.mean(axis=1) - two.mean(axis=1)
    expected = shift @ shift + np.trace(c1 + c2 - 2 * sqrtm(c1 @ c2).real)
    assert frechet_per_channel(moments(cells), moments(other)) == pytest.approx(expected / 5, rel=1e-6)


def test_a_channel_that_is_never_alive_decides_nothing(cells):
    dead = np.vstack([cells, np.zeros((1, 3000))])
    assert frechet_per_channel(moments(dead), moments(dead)) == pytest.approx(0, abs=1e-9)


def test_cells_count_by_their_weight_and_photographs_alike(cells):
    weights = np.random.default_rng(2).random(3000)
    both = Moments.none(5)
    both.add(cells, weights)
    both.add(cells[:, :7] + 1, np.ones(7))
    first, second = np.average(cells, axis=1, weights=weights), cells[:, :7].mean(axis=1) + 1
    assert both.mean == pytest.approx((first + second) / 2)
    assert np.diag(moments(cells).covariance) == pytest.approx(cells.var(axis=1))


def colours(picture):
    """Stands in for a network: the colours, and the colours at half size."""
    return [picture, torch.nn.functional.avg_pool2d(picture, 2)]


def test_only_what_is_in_the_hole_counts(sample, picture):
    other = np.where(sample.hole[..., None], sample.picture, picture(seed=9))
    crowd = HoleCrowd(colours)
    crowd.add(sample.picture, sample.hole, {"same": sample.picture, "else": other, "grey": sample.picture // 2})
    assert crowd.distance("same") == pytest.approx(0, abs=1e-9)
    # Cells at the rim see a little of what is outside.
    assert crowd.distance("else") < 0.05 < crowd.distance("grey")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Networks that nobody trained."""
    torch.manual_seed(0)
    found = tmp_path_factory.mktemp("early")
    mobilenet = torchvision.models.mobilenet_v2(weights=None).state_dict()
    save_file(mobilenet, found / "mobilenet_v2-b0353104.safetensors")
    save_file(torchvision.models.squeezenet1_1(weights=None).state_dict(), found / "squeezenet1_1_x.safetensors")
    return found


@pytest.mark.parametrize(("name", "title"), [("mobilenet", "MobileNetV2"), ("squeeze", "SqueezeNet, not torch")])
def test_the_layers_have_strides_2_4_and_8(folder, name, title):
    features = EarlyFeatures(name, folder)
    assert features.title.startswith(title)
    layers = features(torch.rand(1, 3, 192, 128))
    assert [round(192 / layer.shape[2]) for layer in layers] == [2, 4, 8]
    assert all(layer.shape[0] == 1 for layer in layers)


def test_weights_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(RecipeError, match="mobilenet_v2"):
        EarlyFeatures("mobilenet", tmp_path)
    save_file({"features.0.0.weight": torch.zeros(3)}, tmp_path / "mobilenet_v2_part.safetensors")
    with pytest.raises(RecipeError, match="of another network"):
        EarlyFeatures("mobilenet", tmp_path)
