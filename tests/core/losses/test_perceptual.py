"""The backbones here have random weights: what is tested is the mathematics, which needs no download."""

import pytest
import torch
import torchvision
from safetensors.torch import load_file, save_file

from inpaint.core.errors import RecipeError
from inpaint.core.losses import (
    LpipsFeatures,
    Objective,
    ObjectiveConfig,
    PatchPerceptualLoss,
    Vgg19Features,
    VggLoss,
    widen,
)
from inpaint.core.losses.backbones import unit_length
from inpaint.core.losses.perceptual import AngularDistance

HASHED = {"alex": "alexnet-owt-7be5be79", "squeeze": "squeezenet1_1-b8a52dc0", "vgg19": "vgg19-dcbb9e9d"}


@pytest.fixture(scope="module")
def backbones(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("backbones")
    nets = {
        "alex": torchvision.models.alexnet(weights=None),
        "squeeze": torchvision.models.squeezenet1_1(weights=None),
    }
    for name, net in nets.items():
        weights = {key: value for key, value in net.state_dict().items() if key.startswith("features.")}
        save_file(weights, folder / f"{HASHED[name]}.safetensors")
    layers = {"0": (3, 64), "2": (64, 64), "5": (64, 128), "7": (128, 128), "10": (128, 256)}
    weights = {}
    for index, (channels_in, channels_out) in layers.items():
        weights[f"features.{index}.weight"] = torch.randn(channels_out, channels_in, 3, 3) * 0.05
        weights[f"features.{index}.bias"] = torch.zeros(channels_out)
    save_file(weights, folder / f"{HASHED['vgg19']}.safetensors")
    return folder


def pictures(seed=0):
    torch.manual_seed(seed)
    target = torch.rand(2, 3, 64, 64) * 2 - 1
    mask = torch.zeros(2, 1, 64, 64)
    mask[:, :, 20:44, 20:44] = 1
    return target, mask


@pytest.mark.parametrize("backbone", ["alex", "squeeze"])
def test_equals_lpips_where_the_patch_is_the_whole_image(backbones, backbone):
    """Against the lpips package itself, with the same weights: equation 2 on a patch that covers everything."""
    import warnings

    import lpips

    features = LpipsFeatures(backbone, backbones)
    assert features.calibrated
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = lpips.LPIPS(net=backbone, pnet_rand=True, verbose=False)
    weights = load_file(backbones / f"{HASHED[backbone]}.safetensors")
    reference.net.load_state_dict({k: weights["features." + k.split(".", 1)[1]] for k in reference.net.state_dict()})
    target, _ = pictures()
    output = target.flip(3)
    loss = PatchPerceptualLoss(features)(output, target, torch.ones(2, 1, 64, 64))
    assert loss.item() == pytest.approx(2 * reference(output, target).mean().item(), rel=1e-4)


def test_equal_pictures_are_at_distance_zero(backbones):
    target, mask = pictures()
    assert PatchPerceptualLoss(LpipsFeatures("alex", backbones))(target, target, mask).item() == 0
    assert VggLoss(Vgg19Features(backbones))(target, target).item() == 0


def test_only_what_is_near_the_hole_counts(backbones):
    loss = PatchPerceptualLoss(LpipsFeatures("squeeze", backbones))
    target, mask = pictures()
    inside, outside = target.clone(), target.clone()
    inside[:, :, 24:40, 24:40] = 0
    outside[:, :, 60:, 60:] = 0
    assert loss(inside, target, mask) > 20 * loss(outside, target, mask)


def test_every_picture_counts_alike_whatever_the_size_of_its_hole(backbones):
    """Equation 2 is of one picture; over the batch there is a mean. One without a hole counts as 0."""
    loss = PatchPerceptualLoss(LpipsFeatures("squeeze", backbones))
    target, mask = pictures()
    output = target.flip(3)
    mask[1, :, :40, 20:64] = 1
    alone = [loss(output[n : n + 1], target[n : n + 1], mask[n : n + 1]).item() for n in range(2)]
    assert loss(output, target, mask).item() == pytest.approx(sum(alone) / 2, rel=1e-5)
    mask[1] = 0
    assert loss(output, target, mask).item() == pytest.approx(alone[0] / 2, rel=1e-5)


def test_gradients_reach_the_hole_and_are_finite_even_on_black(backbones):
    """The lpips package divides by a norm whose gradient is NaN where all activations vanish."""
    loss = PatchPerceptualLoss(LpipsFeatures("alex", backbones))
    target, mask = pictures()
    for start in (target.flip(2), torch.zeros_like(target), torch.full_like(target, -1)):
        output = start.clone().requires_grad_()
        loss(output, target, mask).backward()
        assert torch.isfinite(output.grad).all()
        assert (output.grad * mask).abs().sum() > 0


def test_the_written_out_distance_is_that_of_unit_lengths():
    torch.manual_seed(0)
    layer = torch.rand(2, 5, 3, 4, dtype=torch.double, requires_grad=True)
    goal = unit_length(torch.rand(2, 5, 3, 4, dtype=torch.double))
    weight = torch.rand(5, dtype=torch.double)
    expected = ((unit_length(layer) - goal).square() * weight.view(1, -1, 1, 1)).sum(dim=1, keepdim=True)
    assert torch.allclose(AngularDistance.apply(layer, goal, weight), expected)
    assert torch.autograd.gradcheck(lambda x: AngularDistance.apply(x, goal, weight), (layer,))


def test_the_distance_keeps_its_precision_under_autocast():
    torch.manual_seed(0)
    layer, goal, weight = torch.rand(1, 64, 8, 8), unit_length(torch.rand(1, 64, 8, 8)), torch.rand(64)
    expected = AngularDistance.apply(layer, goal, weight)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(AngularDistance.apply(layer, goal, weight), expected)


def test_widening_grows_by_a_square():
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 20, 30] = 1
    wide = widen(mask)
    assert wide.sum() == 81
    assert wide[..., 16:25, 26:35].all()


def test_gradient_of_unit_length():
    torch.manual_seed(0)
    features = torch.randn(1, 3, 2, 2, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(unit_length, (features,))
    zero = torch.zeros(1, 3, 1, 1, requires_grad=True)
    unit_length(zero).sum().backward()
    assert torch.isfinite(zero.grad).all()


def test_a_backbone_from_elsewhere_is_uncalibrated_and_scaled(backbones, tmp_path):
    file = backbones / f"{HASHED['squeeze']}.safetensors"
    (tmp_path / "squeezenet1_1_caffe.safetensors").write_bytes(file.read_bytes())
    features = LpipsFeatures("squeeze", tmp_path)
    assert not features.calibrated
    weights = features.channel_weights()
    assert len(weights) == 7
    assert all(torch.allclose(w, torch.full_like(w, 1 / 15)) for w in weights)


def test_of_two_files_torchvisions_is_taken_and_called_so(backbones, tmp_path):
    """The other one comes first by name."""
    weights = load_file(backbones / f"{HASHED['alex']}.safetensors")
    save_file(weights, tmp_path / f"{HASHED['alex']}.safetensors")
    save_file({key: value + 1 for key, value in weights.items()}, tmp_path / "alexnet-caffe.safetensors")
    both = LpipsFeatures("alex", tmp_path)
    (tmp_path / f"{HASHED['alex']}.safetensors").unlink()
    other = LpipsFeatures("alex", tmp_path)
    assert [both.calibrated, other.calibrated] == [True, False]
    first = [next(iter(features.net.state_dict().values())) for features in (both, other)]
    assert torch.equal(first[0], weights["features.0.weight"])
    assert torch.equal(first[1], weights["features.0.weight"] + 1)


def test_nothing_but_tensors_is_read_from_what_lpips_ships(backbones, monkeypatch):
    """Where it is not said, an environment variable (TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD) has torch unpickle freely."""
    said, load = [], torch.load
    monkeypatch.setattr(torch, "load", lambda *a, **kw: said.append(kw.get("weights_only")) or load(*a, **kw))
    LpipsFeatures("alex", backbones)
    assert said == [True]


def test_widen_grows_a_rectangle_on_every_side():
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 20:30, 20:40] = 1
    wide = widen(mask, 1 / 16)
    expected = torch.zeros(1, 1, 64, 64)
    expected[..., 16:34, 16:44] = 1
    assert torch.equal(wide, expected)


@pytest.mark.parametrize(
    ("layers", "expected"), [(5, 1 / 32 + 1 / 16 + 1 / 8 + 1 / 4 + 1), (3, 1 / 32 + 1 / 16 + 1 / 8)]
)
def test_vgg_layers_weigh_as_in_pix2pixhd(layers, expected):
    def features(image):
        return [image[..., :: layer + 1] for layer in range(layers)]

    output, target = torch.ones(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    assert VggLoss(features)(output, target).item() == pytest.approx(expected)


def test_vgg_uses_the_layers_that_are_there(backbones):
    features = Vgg19Features(backbones)
    assert [x.shape[1] for x in features(torch.zeros(1, 3, 32, 32))] == [64, 128, 256]


def test_objective_has_exactly_the_terms_with_a_weight(backbones):
    target, mask = pictures()
    objective = Objective(
        ObjectiveConfig(ppl=10, l1_hole=6, l2_hole=2, ssim=1, l1_known=1, vgg=1, backbone="squeeze"), backbones
    )
    assert set(objective.reconstruction(target, target, mask)) == {
        "ppl",
        "l1_hole",
        "l2_hole",
        "ssim",
        "l1_known",
        "vgg",
    }
    bare = Objective(ObjectiveConfig(ppl=0, l1_hole=6))
    output = target + mask * 0.5
    assert bare.reconstruction(output, target, mask) == {"l1_hole": pytest.approx(3.0)}


def test_says_what_is_missing(tmp_path):
    with pytest.raises(RecipeError, match=r"No alexnet\*\.safetensors"):
        LpipsFeatures("alex", tmp_path)
    with pytest.raises(RecipeError, match="negative"):
        ObjectiveConfig(ppl=-1)
