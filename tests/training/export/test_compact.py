"""Weights in half precision: half the size, the same picture, and the way back into a training."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from inpaint.core.errors import ModelError, OutputError
from inpaint.training.export.compact import SUFFIX, export_compact, halve_weights, read_initializers
from inpaint.training.export.import_onnx import read_weights
from inpaint.weights import MODELS


def convolution(path, values, name="generator.layer.weight"):
    """Write a model of one 1 x 1 convolution from 3 channels, with `values` (N x 3 x 1 x 1) as its weights."""
    tensor = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", name], ["output"])],
        "one",
        [tensor("image", TensorProto.FLOAT, ["batch", 3, "rows", "columns"])],
        [tensor("output", TensorProto.FLOAT, ["batch", len(values), "rows", "columns"])],
        [numpy_helper.from_array(values, name)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture
def values():
    return np.random.default_rng(1).normal(0, 0.1, (200, 3, 1, 1)).astype(np.float32)


def test_weights_are_rounded_to_half_precision_and_nothing_else_changes(tmp_path, values):
    source, output = convolution(tmp_path / "full.onnx", values), tmp_path / "compact.onnx"
    lost = export_compact(source, output)
    assert 0 < lost < 3 * np.abs(values - values.astype(np.float16)).max() * 1.01
    assert output.stat().st_size < 0.7 * source.stat().st_size
    onnx.checker.check_model(onnx.load(output))
    (kept,) = onnx.load(output).graph.initializer
    assert (kept.name, kept.data_type) == ("generator.layer.weight" + SUFFIX, TensorProto.FLOAT16)
    assert np.array_equal(read_initializers(output)["generator.layer.weight"], values.astype(np.float16))
    assert np.array_equal(read_weights(output)["layer.weight"].numpy(), values.astype(np.float16).astype(np.float32))


def test_it_computes_exactly_what_the_rounded_weights_compute(tmp_path, values):
    rounded = convolution(tmp_path / "rounded.onnx", values.astype(np.float16).astype(np.float32))
    assert export_compact(rounded, tmp_path / "compact.onnx") == 0


def test_what_half_precision_cannot_hold_stays(values):
    values[0] = 70_000
    model = helper.make_model(helper.make_graph([], "g", [], [], [numpy_helper.from_array(values, "big")]))
    assert halve_weights(model) == 0


def test_what_cannot_be_made_smaller_is_one_sentence(tmp_path, values, tiny_model):
    with pytest.raises(ModelError, match="no weights in full precision"):
        export_compact(tiny_model, tmp_path / "compact.onnx")
    source = convolution(tmp_path / "full.onnx", values)
    with pytest.raises(OutputError, match="is the model itself"):
        export_compact(source, source)
    with pytest.raises(ModelError, match="differs by"):
        export_compact(convolution(tmp_path / "large.onnx", values * 1000), tmp_path / "compact.onnx")
    assert not (tmp_path / "compact.onnx").exists()


@pytest.mark.parametrize("model", [m for m in MODELS if m.bundled and "int8" not in m.name], ids=lambda m: m.name)
def test_the_bundled_models_are_compact(model):
    large = [t for t in onnx.load(model.locate()).graph.initializer if np.prod(t.dims) >= 10_000]
    assert large
    assert {tensor.data_type for tensor in large} == {TensorProto.FLOAT16}
