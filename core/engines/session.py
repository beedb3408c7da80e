"""ONNX Runtime: opening a model on exactly one device, and saying in one sentence what it reports."""

from pathlib import Path
from typing import Literal

import onnxruntime

from inpaint.core.engines.devices import cuda_devices, physical_cores
from inpaint.core.errors import EngineError, ModelError, OutOfMemoryError
from inpaint.core.install_hints import install_hint
from inpaint.core.memory_errors import is_out_of_memory
from inpaint.weights.onnx_file import check_onnx

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"

_ERRORS, _NOTHING = 3, 4  # log severities of ONNX Runtime
_SHORT = ("out of memory", "failed to allocate", "t allocate memory", "alloc_failed", "bad_alloc", "bad allocation")
"""What ONNX Runtime and torch say, in small letters, when memory is short."""


def open_session(path: Path, device: Literal["cpu", "cuda"], threads: int | None) -> onnxruntime.InferenceSession:
    """Open `path` with ONNX Runtime on exactly this device, with nothing written to standard error."""
    check_onnx(path)
    onnxruntime.disable_telemetry_events()  # what is filled here is nobody else's business
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS
    # Said outright even where it is the default, because ONNX Runtime then leaves the threads' affinity alone.
    options.intra_op_num_threads = threads or physical_cores()
    if device == "cpu":
        onnxruntime.set_default_logger_severity(_ERRORS)
        return _create(path, options, [CPU])
    if not cuda_devices():
        raise EngineError("There is no NVIDIA GPU with a working driver here; use --device cpu.")
    if CUDA not in onnxruntime.get_available_providers():
        raise EngineError(f"This ONNX Runtime has no CUDA; to install it: {install_hint('gpu')}.")
    onnxruntime.set_default_logger_severity(_NOTHING)  # failing to load CUDA is told in our words
    try:
        _preload_cuda()
        settings = {"cudnn_conv_algo_search": "HEURISTIC"}  # the default tunes anew for every shape
        session = _create(path, options, [(CUDA, settings), CPU])
    finally:
        onnxruntime.set_default_logger_severity(_ERRORS)
    if session.get_providers()[0] != CUDA:
        raise EngineError(f"ONNX Runtime cannot load the CUDA libraries; to install them: {install_hint('gpu')}.")
    return session


def _create(path: Path, options: onnxruntime.SessionOptions, providers: list) -> onnxruntime.InferenceSession:
    try:
        # Without this, ONNX Runtime prints its own fallback to standard output and takes the CPU.
        return onnxruntime.InferenceSession(str(path), options, providers=providers, enable_fallback=0)
    except Exception as error:  # ONNX Runtime has no common base class
        if providers[0] != CPU:
            raise EngineError(f"The model {path.name} cannot be loaded on the GPU: {_first_line(error)}") from error
        if _is_out_of_memory(error):
            raise OutOfMemoryError(f"There is not enough memory to load {path.name}; close other programs.") from error
        raise ModelError(f"{path} is not an ONNX model that ONNX Runtime can run; check the file.") from error


def _preload_cuda() -> None:
    """Load the CUDA libraries that came as Python packages; those of the system are found without it."""
    if hasattr(onnxruntime, "preload_dlls"):
        import contextlib
        import io

        # It prints what it misses; what matters is whether the session then has CUDA.
        with contextlib.redirect_stdout(io.StringIO()):
            onnxruntime.preload_dlls()


def describe_failure(error: Exception, model: str, device: str, shape: tuple[int, ...]) -> EngineError:
    """Turn what ONNX Runtime or torch raised while it ran a model on N x C x H x W tensors into our one sentence."""
    device, size = device.upper(), f"{shape[3]} x {shape[2]} pixels"
    if _is_out_of_memory(error):
        return OutOfMemoryError(
            f"The {device} ran out of memory at {size}; close other programs or fill a smaller copy."
        )
    return EngineError(f"The model {model!r} failed on the {device} at {size}: {_first_line(error)}")


def _is_out_of_memory(error: Exception) -> bool:
    text = str(error).lower()
    return is_out_of_memory(error) or any(sign in text for sign in _SHORT)


def _first_line(error: Exception) -> str:
    """Return the beginning of what ONNX Runtime or torch says, which can be pages."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line[:160] if line.endswith(".") else f"{line[:160]}."
