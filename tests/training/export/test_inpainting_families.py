"""Paper 002's models as ONNX files: they compute what the networks compute, also at other sizes, and they fill."""

import numpy as np
import pytest
import torch

from inpaint.core import fill, load_engine
from inpaint.core.nets import (
    ContextEncoderConfig,
    FreeFormConfig,
    GatedConfig,
    build_context_encoder,
    build_free_form,
    build_gated,
)
from inpaint.training.export.inpainting import Traceable, check_parity, export_run, to_onnx
from inpaint.training.recipe import load_recipe
from inpaint.training.run.session import Options, run_training
from inpaint.weights import Contract

BUILDERS = {
    "gated": lambda: build_gated(GatedConfig(width=8)),
    "context-encoder": lambda: build_context_encoder(ContextEncoderConfig(width=8, size=64, bottleneck=64)),
    "free-form": lambda: build_free_form(FreeFormConfig(width=8)),
}


def lively(name):
    """Make a generator that paints with all its range, as a trained one does: a wrong operator would show."""
    torch.manual_seed(0)
    generator = BUILDERS[name]()
    for module in generator.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
        elif isinstance(module, torch.nn.Conv2d) and name == "free-form":
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    images = torch.rand(6, 3, 64, 64) * 2 - 1
    masks = torch.zeros(6, 1, 64, 64)
    masks[..., 16:48, 16:48] = 1

    def spread(module, inputs, output):
        module.weight.div_(output.std())

    lasts = {
        "gated": lambda: [generator.layers[-1]],
        "context-encoder": lambda: [generator.decoder[-1]],
        "free-form": lambda: [generator.coarse[-1], generator.decoder[-1]],
    }[name]()
    with torch.no_grad():
        for _ in range(2):
            generator(images, masks)  # batch norms see data
        for last in lasts:
            hook = last.register_forward_hook(spread)
            generator.eval()(images, masks)
            hook.remove()
    return generator.eval()


def to_contract(generator, *, half=False):
    precision = "fp16" if half else "fp32"
    return Contract(name="x", stride=generator.config.stride, native_size=64, native_hole=32, precision=precision)


@pytest.fixture(scope="module", params=BUILDERS)
def exported(request, tmp_path_factory):
    generator = lively(request.param)
    contract = to_contract(generator)
    model = to_onnx(Traceable(generator, 1.0, half=False), contract)
    path = tmp_path_factory.mktemp("models") / "model.onnx"
    path.write_bytes(model)
    return generator, contract, path


@pytest.mark.slow
class TestInFullPrecision:
    def test_computes_what_the_network_computes(self, exported):
        generator, contract, path = exported
        parities = check_parity(generator, 1.0, contract, path.read_bytes())
        assert len({(parity.height, parity.width) for parity in parities}) == 2
        assert max(parity.largest for parity in parities) < 2e-4

    def test_the_test_would_notice_a_difference(self, exported):
        """What is compared is not a flat grey."""
        generator = exported[0]
        image, mask = torch.rand(1, 3, 64, 64) * 2 - 1, torch.zeros(1, 1, 64, 64)
        mask[..., 16:48, 16:48] = 1
        with torch.no_grad():
            assert generator(image, mask)[..., 16:48, 16:48].std() > 0.05

    @pytest.mark.parametrize(
        "box",
        [(0, 0, 20, 20), (60, 50, 110, 170), (140, 3, 150, 200), (148, 199, 150, 201)],
        ids=["corner", "larger than trained for", "long", "tiny"],
    )
    def test_fills_photographs(self, exported, picture, box):
        photo, hole = picture(150, 201), np.zeros((150, 201), bool)
        hole[box[0] : box[2], box[1] : box[3]] = True
        photo[hole] = (255, 0, 255)
        filled = fill(photo, hole, load_engine(exported[2], device="cpu"))
        assert np.array_equal(filled[~hole], photo[~hole])
        assert (filled[hole] != photo[hole]).any(axis=1).mean() > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILDERS)
def test_half_precision_is_close(name):
    generator = lively(name)
    contract = to_contract(generator, half=True)
    parities = check_parity(generator, 1.0, contract, to_onnx(Traceable(generator, 1.0, half=True), contract))
    assert max(parity.largest for parity in parities) < 4e-2


@pytest.mark.slow
def test_a_growing_context_encoder_from_recipe_to_fill(photographs, picture, tmp_path):
    """Its contract speaks of the hole that the last stage trains on."""
    recipe = load_recipe(
        "growing-context-encoder",
        [
            "generator.width=4",
            "generator.size=64",
            "generator.bottleneck=16",
            "discriminator.width=4",
            "data.default.size=64",
            "data.default.batch=2",
            "curriculum.stages=3",
            "curriculum.steps=1",
        ],
    )
    run_training(recipe, Options(data=str(photographs), out=tmp_path / "run", device="cpu"))
    contract, _ = export_run(tmp_path / "run", tmp_path / "model.onnx")
    assert (contract.stride, contract.native_size, contract.native_hole) == (1, 64, 32)
    photo, hole = picture(77, 91), np.zeros((77, 91), bool)
    hole[30:50, 60:85] = True
    filled = fill(photo, hole, load_engine(tmp_path / "model.onnx", device="cpu"))
    assert np.array_equal(filled[~hole], photo[~hole])
    assert not np.array_equal(filled[hole], photo[hole])
