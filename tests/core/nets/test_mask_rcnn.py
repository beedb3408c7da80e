"""Mask R-CNN with COCO's weights, which stand-ins of the same names and shapes replace: nothing is downloaded."""

import pytest
import torch
from torch import nn
from torchvision.models import WeightsEnum
from torchvision.models.detection import MaskRCNN_ResNet50_FPN_Weights, maskrcnn_resnet50_fpn
from torchvision.ops import FrozenBatchNorm2d

from inpaint.core.nets.mask_rcnn import BoxToMask


@pytest.fixture(scope="module")
def weights():
    """Weights as torchvision downloads them, with norms that have measured something."""
    torch.manual_seed(0)
    model = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=91)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return model.state_dict()


@pytest.fixture(scope="module")
def theirs(weights):
    """Torchvision's own fine-tuning network with these weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WeightsEnum, "get_state_dict", lambda *_, **__: weights)
        return maskrcnn_resnet50_fpn(weights=MaskRCNN_ResNet50_FPN_Weights.COCO_V1)


@pytest.fixture
def ours(weights, monkeypatch):
    monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda *_, **__: weights)
    return BoxToMask("coco")


def test_cocos_network_is_torchvisions(ours, theirs):
    image = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    # What torchvision trains and what it leaves alone, and what its network computes, to the bit.
    for part in ("backbone", "box_head", "box_predictor", "mask_head", "mask_predictor"):
        mine, other = getattr(ours, part), getattr(theirs if part == "backbone" else theirs.roi_heads, part)
        trained, expected = ([n for n, p in net.named_parameters() if p.requires_grad] for net in (mine, other))
        assert trained == expected
        assert trained
    with torch.no_grad():
        mine, other = (net.eval()(image) for net in (ours.backbone, theirs.backbone))
    assert all(torch.equal(mine[level], other[level]) for level in other)


def test_fine_tuning_does_not_measure_cocos_norms_anew(ours):
    norms = [module for module in ours.modules() if isinstance(module, FrozenBatchNorm2d | nn.BatchNorm2d)]
    before = [norm.running_mean.clone() for norm in norms]
    assert len(norms) == 53
    with torch.no_grad():
        ours.train()(torch.rand(1, 3, 512, 512) * 2 - 1, torch.tensor([[80.0, 80.0, 430.0, 430.0]]))
    assert all(torch.equal(norm.running_mean, old) for norm, old in zip(norms, before, strict=True))


def test_without_weights_everything_is_trained():
    network = BoxToMask("none", classes=2)
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_what_a_checkpoint_follows_downloads_nothing(ours, monkeypatch):
    def refuse(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(WeightsEnum, "get_state_dict", refuse)
    again = BoxToMask("coco", restored=True)
    again.load_state_dict(ours.state_dict())
    image, box = torch.zeros(1, 3, 512, 512), torch.tensor([[80.0, 80.0, 430.0, 430.0]])
    with torch.no_grad():
        assert torch.equal(again.eval()(image, box), ours.eval()(image, box))
