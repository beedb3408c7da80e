"""A model at half its size: its weights are kept in half precision, and everything is still computed in float32.

Each large weight becomes a float16 tensor with a Cast behind it. ONNX Runtime casts once, when it loads the file, so
that the model runs as before. What is lost is what float16 rounds away of the weights, which keep 11 bits of 24: it is
measured, and refused where it could be seen.
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, TensorProto, helper, numpy_helper

from inpaint.core.atomic_files import atomic_write, check_writable
from inpaint.core.engines.session import open_session
from inpaint.core.errors import ModelError, OutputError
from inpaint.weights.paths import is_there

SUFFIX = ".half"
"""What is added to the name of a weight that is kept in half precision."""
LEAST = 256
"""Numbers in a tensor that is worth it."""
LIMIT = 1 / 256
"""Largest allowed difference on outputs of 0 to 1 or -1 to 1: half a grey level, or one where outputs span 1."""


def halve_weights(model: ModelProto) -> int:
    """Keep the large float32 weights of a graph in half precision, in place; returns how many were.

    A weight that float16 cannot hold (beyond 65504) stays as it is.
    """
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < LEAST:
            continue
        name, values = tensor.name, numpy_helper.to_array(tensor)
        if np.abs(values).max() > np.finfo(np.float16).max:
            continue
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + SUFFIX))
        casts.append(helper.make_node("Cast", [name + SUFFIX], [name], to=TensorProto.FLOAT, name=f"{name}.float"))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return len(casts)


def read_initializers(file: Path) -> dict[str, np.ndarray]:
    """Return the weights of an ONNX file by their names in the network, in whatever precision each is kept."""
    return {
        tensor.name.removesuffix(SUFFIX): numpy_helper.to_array(tensor)
        for tensor in onnx.load(str(file)).graph.initializer
    }


def export_compact(source: Path, output: Path) -> float:
    """Write a model with its weights in half precision; the file appears only once it is measured.

    - `source`: an ONNX file whose inputs are N x C x H x W float32, whatever its task.

    Returns the largest difference between the outputs of the two on a picture of noise with a hole. Raises `ModelError`
    when that is beyond `LIMIT` or there is nothing to make smaller, `OutputError` when the file cannot be written.
    """
    check_writable(output)
    if is_there(output) and output.samefile(source):
        raise OutputError(f"{output} is the model itself; give another --output.")
    before = open_session(source, "cpu", None)
    model = onnx.load(str(source))
    if not halve_weights(model):
        raise ModelError(f"{source.name} has no weights in full precision, so it cannot be made smaller.")
    content = model.SerializeToString()
    after = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    feed = _feed(source, before)
    pairs = zip(before.run(None, feed), after.run(None, feed), strict=True)
    largest = max(float(np.abs(np.asarray(a) - np.asarray(b)).max()) for a, b in pairs)
    if not largest <= LIMIT:  # written so that NaN fails too
        raise ModelError(
            f"With its weights in half precision {source.name} differs by {largest:.2g}, more than {LIMIT:.2g}; "
            "nothing was written. Leave --compact out."
        )
    with atomic_write(output) as file:
        file.write(content)
    return largest


def _feed(source: Path, session: onnxruntime.InferenceSession, side: int = 256) -> dict[str, np.ndarray]:
    """Return noise in [-1, 1] for pictures, and a square in their middle for masks, 1 x C x `side` x `side`."""
    random, feed = np.random.default_rng(0), {}
    for item in session.get_inputs():
        if item.type != "tensor(float)" or len(item.shape) != 4:
            raise ModelError(f"{source.name} takes other things than pictures and masks, so --compact cannot try it.")
        channels, *sides = (size if isinstance(size, int) else side for size in item.shape[1:])
        if channels == 1:
            feed[item.name] = np.zeros((1, 1, *sides), np.float32)
            # Masks of one picture must not overlap: the hole first, then the object beside it.
            left = side // 8 if len(feed) == 2 else side * 5 // 8
            feed[item.name][..., side // 4 : side // 2, left : left + side // 4] = 1
        else:
            feed[item.name] = random.uniform(-1, 1, (1, channels, *sides)).astype(np.float32)
    return feed
