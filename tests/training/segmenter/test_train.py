import json
import sys

import numpy as np
import pytest
import torch
from torchvision.models import WeightsEnum
from torchvision.models.detection import maskrcnn_resnet50_fpn

from inpaint.core import Box, cut_out
from inpaint.core.errors import DivergedError, OutputError, RecipeError
from inpaint.core.objects.segmenting import load_segmenter
from inpaint.training.data.segments import Segmented, open_segments
from inpaint.training.export.segmenter import export_segmenter
from inpaint.training.segmenter import train as segmenter
from inpaint.training.segmenter.run_directory import SegmenterRun
from inpaint.training.segmenter.train import (
    SegmenterRecipe,
    build_network,
    draw_batch,
    intersection_over_union,
    objects,
    read_settings,
    segmentation_loss,
    train_segmenter,
)

RECIPE = SegmenterRecipe(steps=12, batch=4, width=4, hold_back=0)


def test_it_learns_goes_on_where_it_stopped_and_exports(tmp_path, discs):
    losses = []
    whole = tmp_path / "whole"
    train_segmenter(RECIPE, str(discs), whole, device="cpu", watcher=lambda step, loss: losses.append(loss))
    assert losses[-1] < losses[0]

    parts = tmp_path / "parts"
    assert train_segmenter(RECIPE, str(discs), parts, device="cpu", watcher=lambda step, loss: step == 5) == 5
    train_segmenter(RECIPE, str(discs), parts, device="cpu", resume=True)
    assert (parts / "state.safetensors").read_bytes() == (whole / "state.safetensors").read_bytes()

    contract, (parity,) = export_segmenter(whole, tmp_path / "cutout.onnx")
    assert parity.largest < 1e-4
    segmenter = load_segmenter(tmp_path / "cutout.onnx", 1)
    assert segmenter.contract == contract
    picture = open_segments(str(discs)).read(0).pixels.astype(np.float32) / 255
    alpha = cut_out(picture, Box(15, 15, 50, 60), segmenter)
    assert alpha.shape == (80, 96)
    assert not alpha[:15].any()

    with pytest.raises(OutputError, match="holds a training already"):
        train_segmenter(RECIPE, str(discs), whole)


def test_batches_depend_on_seed_and_step_alone(discs):
    source = open_segments(str(discs))
    first, again, later = (draw_batch(source, RECIPE, step, []) for step in (3, 3, 4))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], later[0])
    image, box, mask = first
    assert image.shape == (4, 3, 128, 128)
    assert box.shape == mask.shape == (4, 1, 128, 128)
    assert (mask.sum(dim=(1, 2, 3)) > 0).all()


def test_the_loss_falls_with_agreement():
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 2:6, 2:6] = 1
    right, unsure, wrong = (segmentation_loss(sign * (2 * mask - 1), mask) for sign in (8.0, 0.0, -8.0))
    assert right < 0.05 < unsure < wrong


def test_a_gradient_that_is_not_finite_is_neither_learned_from_nor_saved(tmp_path, discs, monkeypatch):
    def build(recipe, restored=False):
        network = build_network(recipe, restored=restored)
        next(network.parameters()).register_hook(lambda gradient: gradient * float("inf"))
        return network

    monkeypatch.setattr(segmenter, "build_network", build)
    with pytest.raises(DivergedError):
        train_segmenter(RECIPE, str(discs), tmp_path, device="cpu", watcher=lambda step, loss: True)
    assert not SegmenterRun(tmp_path).has_checkpoint()


def test_iou():
    one, other = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    one[:2], other[1:3] = True, True
    assert intersection_over_union(one, other) == pytest.approx(1 / 3)
    assert intersection_over_union(one, one) == 1


def test_a_picture_without_an_object_is_named(picture):
    with pytest.raises(RecipeError, match=r"beach\.webp has no object"):
        objects(Segmented(picture(40, 40), np.zeros((40, 40), int), "beach.webp"), 0.005)
    speck = np.zeros((40, 40), int)
    speck[3, 3:5] = 7
    (mask,) = objects(Segmented(picture(40, 40), speck), 0.005)
    assert mask.sum() == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("mood", 1), "no setting"),
        (("steps", "many"), "something like"),
        (("batch", 0), "at least 1"),
        (("hold_back", -1), "from 2"),
        (("jitter", -0.1), "jitter"),
        (("area", -0.1), "area"),
        (("seed", -1), "seed"),
        (("seed", 2**32), "seed"),
        (("lr", float("nan")), "lr above 0"),
        (("jitter", float("inf")), "jitter"),
    ],
)
def test_settings(change, message):
    with pytest.raises(RecipeError, match=message):
        read_settings({}, [change])
    assert read_settings({"steps": 7}, [("lr", 1)]).lr == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX has a limit on the size of files")
def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, discs):
    import resource

    train_segmenter(RECIPE, str(discs), tmp_path, device="cpu", watcher=lambda step, loss: True)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OutputError, match=r"state\.safetensors cannot be written.*free some space"):
            train_segmenter(RECIPE, str(discs), tmp_path, device="cpu", resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


@pytest.mark.slow
def test_mask_rcnn_is_trained_exported_and_run(tmp_path, discs, monkeypatch):
    """With random weights: what is proved is the way from two steps of fine-tuning to a cut-out without torch."""
    downloads = []

    def download(*_, **__):
        downloads.append("COCO")
        return maskrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=91).state_dict()

    monkeypatch.setattr(WeightsEnum, "get_state_dict", download)
    recipe = SegmenterRecipe(network="mask-rcnn", steps=2, batch=1, hold_back=0)
    train_segmenter(recipe, str(discs), tmp_path / "run", watcher=lambda step, loss: step == 1)
    train_segmenter(recipe, str(discs), tmp_path / "run", resume=True)
    contract, (parity,) = export_segmenter(tmp_path / "run", tmp_path / "mask-rcnn.onnx")
    assert parity.largest < 1e-3
    assert (contract.box, contract.covers) == ("corners", "box")
    assert json.loads((tmp_path / "run" / "segmenter.json").read_text())["network"] == "mask-rcnn"
    found = load_segmenter(tmp_path / "mask-rcnn.onnx", 1).run(
        np.full((80, 96, 3), 0.5, np.float32), Box(15, 15, 50, 60)
    )
    assert 0 < found[20:60, 20:70].mean() < 1
    assert not found[:15].any()
    assert downloads == ["COCO"]  # once for the training, and not again to go on or to export
