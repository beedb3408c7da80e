import shutil

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from inpaint.core import load_engine
from inpaint.core.errors import ModelError, OutputError, RecipeError
from inpaint.training.export import quantize
from inpaint.training.export.inpainting import export_run
from inpaint.training.export.quantize import draw_pairs, export_int8, measure
from inpaint.weights import resolve


@pytest.fixture(scope="module")
def small(photographs, tmp_path_factory):
    """The bundled model in eight bits, and how far it drifted."""
    output = tmp_path_factory.mktemp("int8") / "model.onnx"
    _, _, drift = export_int8(resolve("default"), output, str(photographs))
    return output, drift


def weights(path):
    """The weights of all convolutions of an eight-bit file, in order."""
    graph = onnx.load(path).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    made = {node.output[0]: node for node in graph.node}
    names = [node.input[1] for node in graph.node if node.op_type == "Conv"]
    return [tensors[made[name].input[0] if name in made else name] for name in names]


def test_a_bundled_model_in_eight_bits(small):
    path, drift = small
    original, eight = load_engine("btgmi-default", "cpu"), load_engine(path, "cpu")
    assert eight.contract.precision == "int8"
    assert "computes in int8" in eight.contract.in_words()
    assert (eight.contract.name, eight.contract.licence) == (original.contract.name, original.contract.licence)
    assert path.stat().st_size < 0.75 * original.path.stat().st_size  # which keeps its weights in sixteen
    assert 0 < drift.mean < quantize.LIMIT
    assert drift.mean < drift.largest


def test_weights_leave_a_bit_for_cpus_that_add_in_sixteen(small):
    """255 x 64 twice fits into sixteen bits, 255 x 127 twice does not."""
    found = weights(small[0])[quantize.ENDS : -quantize.ENDS]
    assert len(found) == 20
    assert {array.dtype for array in found} == {np.dtype(np.int8)}
    assert max(np.abs(array.astype(int)).max() for array in found) == 64


def test_the_convolutions_at_both_ends_stay_in_full_precision(small):
    found = weights(small[0])
    ends = found[: quantize.ENDS] + found[-quantize.ENDS :]
    assert {array.dtype for array in ends} == {np.dtype(np.float32)}


def test_smooth_ground_has_no_grain(small):
    """What eight bits add to a clear sky is less than a grey level, from pixel to pixel."""
    rows, columns = np.mgrid[0:256, 0:256].astype(np.float32) / 255
    sky = np.stack([0.35 + 0.25 * rows, 0.55 + 0.2 * rows + 0.02 * columns, 0.85 + 0.1 * rows], axis=2)
    mask = np.zeros(sky.shape[:2], bool)
    mask[100:160, 80:180] = True
    full, eight = (
        load_engine(model, "cpu").run(sky, mask)[100:160, 80:180] * 255 for model in ("btgmi-default", small[0])
    )
    assert np.abs(np.diff(eight - full, axis=1)).mean() < 0.25


def test_known_pixels_are_exact_and_the_hole_looks_the_same(small, picture, hole):
    image, mask = picture().astype(np.float32) / 255, hole()
    expected, filled = (load_engine(model, "cpu").run(image, mask) for model in ("btgmi-default", small[0]))
    assert np.array_equal(filled[~mask], image[~mask])
    apart = np.abs(filled - expected)[mask].mean() * 255
    assert 0 < apart < 2 * quantize.LIMIT


def test_the_file_tells_nothing_of_the_machine_it_was_made_on(small, photographs):
    content = small[0].read_bytes()
    for secret in (str(photographs.parent), str(small[0].parent), str(resolve("default").parent), "/tmp"):
        assert secret.encode() not in content


def test_a_run_in_eight_bits_is_the_same_each_time(run, photographs, tmp_path):
    outputs = [tmp_path / "a.onnx", tmp_path / "b.onnx"]
    for output in outputs:
        contract, parities, _ = export_int8(run, output, str(photographs), licence="CC0-1.0")
        assert (contract.name, contract.precision, contract.licence) == ("tiny", "int8", "CC0-1.0")
        assert len(parities) == 2
        assert load_engine(output, "cpu").contract == contract
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_what_is_drawn_is_in_the_contract_s_range_and_seeded(photographs, tiny_contract):
    pairs = draw_pairs(str(photographs), tiny_contract, 5)
    again = draw_pairs(str(photographs), tiny_contract, 5)
    assert len(pairs) == 5
    side = tiny_contract.native_size
    low, high = tiny_contract.image_range
    for (image, hole), (same, same_hole) in zip(pairs, again, strict=True):
        assert image.shape == (1, 3, side, side)
        assert hole.shape == (1, 1, side, side)
        assert low <= image.min() < (low + high) / 2 < image.max() <= high
        assert set(np.unique(hole)) == {0.0, 1.0}
        assert np.array_equal(image, same)
        assert np.array_equal(hole, same_hole)
    assert not np.array_equal(pairs[0][1], pairs[1][1])


def test_the_measure_is_in_grey_levels_of_the_hole(make_model, tmp_path, photographs, tiny_contract):
    """Two models of which one fills with twice the values of the other."""
    engines = []
    for factor in (0.5, 1.0):
        path = make_model(hole_factor=factor)
        engines.append(load_engine(shutil.copy(path, tmp_path / f"{factor}.onnx"), "cpu"))
    pairs = draw_pairs(str(photographs), tiny_contract, 2)
    apart = []
    for image, hole in pairs:
        inside = np.broadcast_to(hole > 0.5, image.shape)
        apart.append(np.abs(engines[1].run_tensors(image, hole))[inside] / 2)
    low, high = tiny_contract.image_range
    drift = measure(engines[0], engines[1], pairs)
    assert drift.mean == pytest.approx(np.mean([a.mean() for a in apart]) * 255 / (high - low), rel=1e-4)
    assert drift.largest == pytest.approx(max(a.max() for a in apart) * 255 / (high - low), rel=1e-4)
    assert measure(engines[0], engines[0], pairs).largest == 0


def test_a_model_that_drifts_is_not_written(run, photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(quantize, "LIMIT", 1e-6)
    with pytest.raises(ModelError, match="nothing was written"):
        export_int8(run, tmp_path / "model.onnx", str(photographs))
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_is_one_sentence(run, photographs, tiny_model, tmp_path):
    output, default = tmp_path / "model.onnx", resolve("default")
    with pytest.raises(OutputError, match="does not exist"):
        export_int8(default, tmp_path / "no" / "model.onnx", str(photographs))
    with pytest.raises(RecipeError, match="instead of a URL"):
        export_int8(default, output, "https://example.org/{0..2}.tar")
    (tmp_path / "few").mkdir()
    shutil.copy(photographs / "0.png", tmp_path / "few")
    with pytest.raises(RecipeError, match="only 1 pictures"):
        export_int8(default, output, str(tmp_path / "few"))
    with pytest.raises(ModelError, match="no convolutions"):
        export_int8(tiny_model, output, str(photographs))
    half = tmp_path / "half.onnx"
    export_run(run, half, half=True)
    with pytest.raises(ModelError, match="computes in fp16"):
        export_int8(half, output, str(photographs))
    with pytest.raises(OutputError, match="the model itself"):
        export_int8(half, half, str(photographs))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["few", "half.onnx"]
