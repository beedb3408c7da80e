"""What the encoder of the bundled network sees in a picture: a description for telling fills and sources apart.

The maps are outputs inside the graph of the bundled model. Serialised protobuf messages that follow each other are
merged, so a few bytes after the file's own name them as outputs, and no copy of the model is shipped.
"""

import threading
from collections.abc import Callable
from functools import cache

import numpy as np
import onnxruntime

from inpaint.core.engines.session import CPU
from inpaint.core.errors import ModelError
from inpaint.weights import resolve

LAYERS = ("relu_1", "relu_2", "relu_6")
"""Maps inside the graph, at a quarter, an eighth and an eighth of the size: 64, 128 and 128 channels."""
STRIDE = 32
"""Of the network."""

Features = Callable[[np.ndarray], list[np.ndarray]]
"""From a picture, H x W x 3 float32 RGB in [0, 1], to maps h x w x C float32."""

_making = threading.Lock()


def bundled_features() -> Features | None:
    """Return the bundled network's encoder on the CPU, loaded at the first call; None where it cannot be had."""
    with _making:
        return _load()


@cache
def _load() -> Features | None:
    try:
        model = resolve("default", "cpu").read_bytes()
    except (ModelError, OSError):
        return None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1  # the pictures are small
    options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(with_outputs(model, LAYERS), options, providers=[CPU])
    except Exception:  # ONNX Runtime has no common base class; without features there are plain statistics
        return None
    only = onnxruntime.RunOptions()
    only.only_execute_path_to_fetches = True

    def features(image: np.ndarray) -> list[np.ndarray]:
        height, width = image.shape[:2]
        pads = [(0, max(2 * STRIDE, -(-side // STRIDE) * STRIDE) - side) for side in (height, width)]
        padded = np.pad(image, (*pads, (0, 0)), "symmetric").transpose(2, 0, 1)[None] * np.float32(2) - np.float32(1)
        mask = np.zeros((1, 1, *padded.shape[2:]), np.float32)
        maps = session.run(list(LAYERS), {"image": np.ascontiguousarray(padded), "mask": mask}, only)
        result = []
        for found in map(np.asarray, maps):
            step = padded.shape[2] // found.shape[2]
            result.append(np.ascontiguousarray(found[0].transpose(1, 2, 0)[: -(-height // step), : -(-width // step)]))
        return result

    return features


def with_outputs(model: bytes, names: tuple[str, ...]) -> bytes:
    """Return an ONNX model with further tensors of its graph among its outputs.

    ModelProto.graph is field 7, GraphProto.output field 12 and ValueInfoProto.name field 1, all length-delimited.
    """
    outputs = b"".join(_field(12, _field(1, name.encode())) for name in names)
    return model + _field(7, outputs)


def _field(number: int, content: bytes) -> bytes:
    length, size = len(content), b""
    while length > 127:
        size += bytes([length & 127 | 128])
        length >>= 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + content
