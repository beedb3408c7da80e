"""Running a graph on buffers of its own device (ONNX Runtime calls it IO binding), which are kept for the next run."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import onnxruntime

from inpaint.core.engines.adapter import Tensors

KEPT = 8
"""Shapes whose buffers stay on the device."""


@dataclass(frozen=True, slots=True, eq=False)
class _Buffers:
    inputs: dict[str, onnxruntime.OrtValue]
    binding: onnxruntime.IOBinding


class BoundGraph:
    """One output of a session, computed from buffers on the device. Several threads take turns."""

    def __init__(self, session: onnxruntime.InferenceSession, output: str, device: str) -> None:
        """Take ONNX Runtime's own name of the device that the session runs on: "cuda" or "cpu"."""
        self._session = session
        self._output = output
        self._device = device
        self._kept: OrderedDict[Hashable, _Buffers] = OrderedDict()
        self._turn = threading.Lock()

    def __call__(self, feed: Tensors) -> np.ndarray:
        """Run the graph on contiguous inputs by name; returns the output, which is the caller's own.

        Raises whatever ONNX Runtime raises, after it has let go of all buffers.
        """
        shape = tuple((name, array.shape, array.dtype.str) for name, array in feed.items())
        with self._turn:
            try:
                buffers = self._kept.get(shape) or self._bind(feed)
                for name, array in feed.items():
                    buffers.inputs[name].update_inplace(array)
                self._session.run_with_iobinding(buffers.binding)
                # A copy: on the CPU this would be the buffer itself, which the next run overwrites.
                output = np.array(buffers.binding.get_outputs()[0].numpy())
            except Exception:
                self._kept.clear()  # a smaller picture, tried next, may need their memory
                raise
            self._kept[shape] = buffers
            self._kept.move_to_end(shape)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return output

    def _bind(self, feed: Tensors) -> _Buffers:
        """Make room on the device for inputs like these; the output finds its place in the first run."""
        inputs = {
            name: onnxruntime.OrtValue.ortvalue_from_shape_and_type(array.shape, array.dtype, self._device)
            for name, array in feed.items()
        }
        binding = self._session.io_binding()
        for name, value in inputs.items():
            binding.bind_ortvalue_input(name, value)
        binding.bind_output(self._output, self._device)
        return _Buffers(inputs, binding)
