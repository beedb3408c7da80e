import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from inpaint.core.errors import ModelError, OutputError, RecipeError
from inpaint.core.nets import GeneratorConfig, build_generator
from inpaint.core.nets.layers import CONVOLUTIONS
from inpaint.training.export import inpainting as export
from inpaint.training.export.inpainting import Traceable, check_parity, export_run, fold_batch_norm, to_onnx
from inpaint.weights import Contract


def random_generator(**config):
    """A generator whose batch norms have seen data, so that folding them wrongly would show."""
    torch.manual_seed(0)
    generator = build_generator(GeneratorConfig(**{"width": 4, "blocks": 1, **config}), grown=1)
    for module in generator.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    return generator.eval()


@pytest.mark.parametrize("half", [False, True])
def test_the_file_computes_what_the_network_computes(run, tmp_path, half):
    output = tmp_path / "model.onnx"
    contract, parities = export_run(run, output, half=half)
    assert contract.name == "tiny"
    assert contract.precision == ("fp16" if half else "fp32")
    assert (contract.stride, contract.native_size, contract.native_hole) == (32, 64, 32)
    assert len({(p.height, p.width) for p in parities}) == 2
    assert max(p.largest for p in parities) < (4e-2 if half else 1e-4)
    session = onnxruntime.InferenceSession(str(output), providers=["CPUExecutionProvider"])
    assert Contract.from_metadata(session.get_modelmeta().custom_metadata_map) == contract
    image = np.random.default_rng(0).uniform(-1, 1, (3, 3, 32, 96)).astype(np.float32)
    mask = np.zeros((3, 1, 32, 96), np.float32)
    mask[..., 8:24, 20:50] = 1
    (filled,) = session.run(None, {"image": image, "mask": mask})
    known = np.broadcast_to(mask == 0, image.shape)
    assert np.array_equal(filled[known], image[known])


@pytest.mark.parametrize(
    ("convolution", "start"), [*((name, "zeros") for name in sorted(CONVOLUTIONS)), ("dilated+resized", "push-pull")]
)
def test_every_architecture_exports(convolution, start):
    generator = random_generator(convolution=convolution, start=start)
    stride = generator.config.stride
    contract = Contract(name="x", stride=stride, native_size=64, native_hole=32)
    model = to_onnx(Traceable(generator, 0.5, half=False), contract)
    parities = check_parity(generator, 0.5, contract, model)
    assert max(parity.largest for parity in parities) < 1e-4
    graph = onnx.load_from_string(model).graph
    assert not [node for node in graph.node if node.op_type == "BatchNormalization"]


@pytest.mark.parametrize("half", [False, True])
def test_the_file_is_valid_by_the_rules_of_onnx(half):
    """The usual converter to half precision leaves Resize nodes, as the push-pull start has them, an invalid file."""
    generator = random_generator(convolution="dilated+resized", start="push-pull")
    contract = Contract(name="x", stride=generator.config.stride, native_size=64, native_hole=32)
    model = onnx.load_from_string(to_onnx(Traceable(generator, 1.0, half=half), contract))
    assert {node.op_type for node in model.graph.node} >= {"Resize", "Conv"}
    weights = {weight.data_type for weight in model.graph.initializer if len(weight.dims) == 4}
    assert weights == {onnx.TensorProto.FLOAT16 if half else onnx.TensorProto.FLOAT}
    onnx.checker.check_model(model, full_check=True)


def test_folding_changes_no_result():
    generator = random_generator()
    image, mask = torch.rand(1, 3, 32, 32), torch.zeros(1, 1, 32, 32)
    mask[..., 8:20, 8:20] = 1
    before = generator(image, mask)
    fold_batch_norm(generator)
    assert not [m for m in generator.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert torch.allclose(generator(image, mask), before, atol=1e-5)


def test_a_file_that_differs_is_not_written(run, tmp_path, monkeypatch):
    monkeypatch.setitem(export.TOLERANCE, "fp16", 1e-9)
    with pytest.raises(ModelError, match="nothing was written"):
        export_run(run, tmp_path / "model.onnx", half=True)
    assert list(tmp_path.iterdir()) == []


def test_parity_notices_another_network():
    contract = Contract(name="x", stride=8, native_size=64, native_hole=32)
    model = to_onnx(Traceable(random_generator(), 1.0, half=False), contract)
    other = build_generator(GeneratorConfig(width=4, blocks=1), grown=1).eval()
    with pytest.raises(ModelError, match="differs from the network"):
        check_parity(other, 1.0, contract, model)


def test_the_file_tells_nothing_of_the_machine_it_was_made_on(run, tmp_path):
    export_run(run, tmp_path / "model.onnx")
    assert str(export.__file__).encode() not in (tmp_path / "model.onnx").read_bytes()


def test_what_is_wrong_is_one_sentence(run, tmp_path):
    with pytest.raises(RecipeError, match="not a run directory"):
        export_run(tmp_path, tmp_path / "model.onnx")
    with pytest.raises(OutputError, match="does not exist"):
        export_run(run, tmp_path / "no" / "model.onnx")
    with pytest.raises(RecipeError, match="no checkpoint of step 4"):
        export_run(run, tmp_path / "model.onnx", step=4)
