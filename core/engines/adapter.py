"""Between our tensors and those of a model whose contract differs from ours: type, range, polarity, channels, batch.

Ours are N x 3 x H x W float32 RGB in `contract.image_range` and N x 1 x H x W float32 with 1 = hole. For a contract
with nothing foreign in it both directions return what they were given, without a copy.
"""

from collections.abc import Callable

import numpy as np

from inpaint.weights import Contract

Tensors = dict[str, np.ndarray]

TYPES = {"float32": "tensor(float)", "float16": "tensor(float16)", "uint8": "tensor(uint8)"}
"""What ONNX Runtime calls the types a contract can name."""


def run_adapted(
    run: Callable[[Tensors], np.ndarray], contract: Contract, image: np.ndarray, mask: np.ndarray
) -> np.ndarray:
    """Run a foreign graph on our tensors; returns N x 3 x H x W float32 in `contract.image_range`.

    - `run`: the bare graph, from its own inputs by name to its own output;
    - `image`, `mask`: ours, as above; N may exceed what the graph takes at once.
    """
    step = contract.largest_batch or len(image)
    outputs = [
        from_foreign(contract, run(to_foreign(contract, image[start : start + step], mask[start : start + step])))
        for start in range(0, len(image), step)
    ]
    return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)


def to_foreign(contract: Contract, image: np.ndarray, mask: np.ndarray) -> Tensors:
    """Return the inputs of the graph by name."""
    if contract.under_hole is not None:
        low, high = contract.image_range
        image = np.where(mask > 0.5, np.float32(low + contract.under_hole * (high - low)), image)
    if contract.colours == "BGR":
        image = image[:, ::-1]
    known, hole = contract.mask_values
    if (known, hole) != (0, 1):
        mask = np.where(mask > 0.5, np.float32(hole), np.float32(known))
    return {
        contract.image_input: _of_type(contract.dtype, image),
        contract.mask_input: _of_type(contract.dtype, mask),
    }


def from_foreign(contract: Contract, output: np.ndarray) -> np.ndarray:
    """Return the output of the graph as ours."""
    output = output.astype(np.float32, copy=False)
    if contract.colours == "BGR":
        output = output[:, ::-1]
    if contract.output_range not in (None, contract.image_range):
        (low, high), (theirs_low, theirs_high) = contract.image_range, contract.output_range
        output = (output - np.float32(theirs_low)) * np.float32((high - low) / (theirs_high - theirs_low)) + np.float32(
            low
        )
    return output


def _of_type(dtype: str, values: np.ndarray) -> np.ndarray:
    """Return contiguous `values` of the type; whole numbers are rounded to, not down to."""
    if dtype == "uint8":
        values = np.rint(values).clip(0, 255)
    return np.ascontiguousarray(values, dtype=dtype)
