"""The bundled files run in OpenVINO, too, which other programs use: plain ONNX is a promise (docs/performance.md)."""

import numpy as np
import onnxruntime
import pytest

from inpaint.weights import resolve

openvino = pytest.importorskip("openvino")


@pytest.mark.parametrize("name", ["btgmi-default", "btgmi-default-int8"])
@pytest.mark.parametrize("size", [(128, 192), (256, 256)])
def test_the_bundled_files_compute_the_same_in_openvino(name, size):
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]]
    waves = [np.sin(rows / (9 + channel) + columns / 13) for channel in range(3)]
    mask = np.zeros((1, 1, *size), np.float32)
    mask[..., 40:90, 50:100] = 1
    given = {"image": np.stack(waves)[None].astype(np.float32) * 0.8, "mask": mask}
    file = str(resolve(name))
    (expected,) = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]).run(None, given)
    model = openvino.Core().compile_model(file, "CPU", {"INFERENCE_NUM_THREADS": 1})
    (filled,) = model(given).values()
    levels = 127.5 * np.abs(filled - expected)
    # It takes bfloat16 by itself where the CPU has it, and other roundings in eight bits.
    assert levels[np.broadcast_to(mask > 0, levels.shape)].mean() < 2
    assert levels[np.broadcast_to(mask == 0, levels.shape)].max() < 1
