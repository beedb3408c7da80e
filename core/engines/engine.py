"""A loaded model that has proved it runs on its device. Made once, passed in."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol, TypeVar

import numpy as np
import onnxruntime

from inpaint.core.engines.adapter import TYPES, Tensors, run_adapted
from inpaint.core.engines.devices import expected
from inpaint.core.engines.io_binding import BoundGraph
from inpaint.core.engines.self_test import check_self_test, test_side
from inpaint.core.engines.session import CUDA, describe_failure, open_session
from inpaint.core.engines.shape_buckets import bucket_side
from inpaint.core.errors import EngineError, InpaintError, ModelError
from inpaint.weights import Contract, resolve
from inpaint.weights.locate import contract_of
from inpaint.weights.manifest import bundled_name
from inpaint.weights.onnx_metadata import METADATA_KEY

Device = Literal["auto", "cpu", "cuda"]


class HasNotes(Protocol):
    """An engine that can say something about the choice of its device."""

    notes: list[str]


Loaded = TypeVar("Loaded", bound=HasNotes)
Prove = Callable[[Path, Literal["cpu", "cuda"], int | None], Loaded]


class Engine:
    """A model on its device. Made by `load_engine`; one engine may serve several threads."""

    def __init__(
        self, path: Path, session: onnxruntime.InferenceSession, contract: Contract, threads: int | None
    ) -> None:
        self.path = path
        """The ONNX file."""
        self.contract = contract
        """What the model expects and returns."""
        self.provider: str = session.get_providers()[0]
        """ONNX Runtime's name for what runs the model."""
        self.notes: list[str] = []
        """What the user should know about the choice of device."""
        self._session = session
        self._bound = BoundGraph(session, self._result, "cuda") if self.device == "cuda" else None
        self._threads = threads
        self._on_cpu: Engine | None = None
        self._moving = threading.Lock()

    @property
    def name(self) -> str:
        """What to call the model that really runs: of the bundled ones the file's name, otherwise the contract's."""
        return bundled_name(self.path) or self.contract.name

    @property
    def device(self) -> Literal["cpu", "cuda"]:
        """Where the model runs."""
        return "cuda" if self.provider == CUDA else "cpu"

    def on_cpu(self) -> "Engine":
        """Return the same model on the CPU, loaded at the first call; this engine stays as it is."""
        if self.device == "cpu":
            return self
        with self._moving:
            if self._on_cpu is None:
                self._on_cpu = _prove(self.path, "cpu", self._threads)
            return self._on_cpu

    def run(self, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Fill the hole of one picture of any size that the model takes, in one go and at its own scale.

        - `image`: H x W x 3 float32 RGB in [0, 1]; what it holds inside the hole does not matter;
        - `mask`: H x W bool, True = hole.

        Returns H x W x 3 float32 in [0, 1], with the known pixels exactly as given. Raises `EngineError` when the
        device fails or runs out of memory.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.float32:
            raise ValueError(f"image must be H x W x 3 float32, got {image.shape} {image.dtype}")
        if mask.shape != image.shape[:2] or mask.dtype != np.bool_:
            raise ValueError(f"mask must be {image.shape[:2]} bool, got {mask.shape} {mask.dtype}")
        height, width = mask.shape
        if self.contract.fixed_size and max(height, width) > self.contract.native_size:
            raise ValueError(f"{self.contract.name} takes at most {self.contract.native_size} pixels, got {mask.shape}")
        low, high = self.contract.image_range
        pads = self._padding(height), self._padding(width)
        padded = np.pad(image, (*pads, (0, 0)), mode="reflect")
        hole = np.pad(mask, pads, mode="reflect")
        padded[hole] = 0.5  # the graph blanks it, but by multiplying, which keeps a NaN
        output = self.run_tensors(
            np.ascontiguousarray(padded.transpose(2, 0, 1)[None]) * np.float32(high - low) + np.float32(low),
            hole[None, None].astype(np.float32),
        )
        filled = (output[0, :, :height, :width].transpose(1, 2, 0) - low) / (high - low)
        if not np.isfinite(filled[mask]).all():
            raise EngineError(
                f"The model {self.contract.name!r} gave values that are not numbers on this picture; "
                "choose another model."
            )
        return np.where(mask[..., None], filled.clip(0, 1), image).astype(np.float32, copy=False)

    def run_tensors(self, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Run the bare graph: N x 3 x H x W float32 in the contract's range and N x 1 x H x W float32 of 0 and 1.

        H and W are multiples of the contract's stride, or its fixed size if it has one. Returns N x 3 x H x W. Raises
        `EngineError` when it fails; `OutOfMemoryError` among them when something smaller may work.
        """
        try:
            return run_adapted(self._run_graph, self.contract, image, mask)
        except Exception as error:  # ONNX Runtime has no common base class
            raise describe_failure(error, self.contract.name, self.device, image.shape) from error

    def warm_up(self) -> None:
        """Fill an empty picture of the native size on a GPU, whose first run of a shape chooses and loads kernels.

        Does nothing on the CPU, where the first run is as quick as the next. Raises what `run` raises.
        """
        if self.device == "cuda":
            side = self.contract.native_size
            mask = np.zeros((side, side), np.bool_)
            mask[: side // 4, : side // 4] = True
            self.run(np.full((side, side, 3), 0.5, np.float32), mask)

    @property
    def _result(self) -> str:
        """The name of the graph's output."""
        return self.contract.output or self._session.get_outputs()[0].name

    def _run_graph(self, feed: Tensors) -> np.ndarray:
        if self._bound is not None:
            return self._bound(feed)
        return np.asarray(self._session.run([self._result], feed)[0])

    def _padding(self, side: int) -> tuple[int, int]:
        """Return what to add before and after a side, which is never fed smaller than the canary was."""
        device = "cpu" if self.contract.fixed_size else self.device  # one size is few enough
        return 0, bucket_side(side, self.contract.stride, test_side(self.contract), device) - side


def load_engine(model: str | Path = "default", device: Device = "auto", threads: int | None = None) -> Engine:
    """Load a model and prove on a small picture that it keeps its contract on its device.

    - `model`: a known name, the path of an ONNX file, or a model of the Hub that was fetched before ("user/repo");
      "default" is the bundled model, on the CPU in eight bits, which is quicker and looks the same;
    - `device`: "auto" takes an NVIDIA GPU where one works, and otherwise the CPU, with a note in `Engine.notes` if
      there is a GPU that does not work;
    - `threads`: of the CPU; by default as many as there are physical cores.

    Raises `ModelError` for files that are no such model and `EngineError` when `device` is not to be had.
    """
    return load_proved(_prove, model, device, threads)


def load_proved(prove: Prove[Loaded], model: str | Path, device: Device, threads: int | None) -> Loaded:
    """Find a model and choose its device: what `load_engine` promises, for any kind of engine.

    prove: makes the engine of a file on exactly one device, or raises.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise EngineError(f"There is no device {device!r}; choose auto, cpu or cuda.")
    if threads is not None and threads < 1:
        raise EngineError(f"{threads} threads cannot run a model; choose at least 1.")
    if expected(device) == "cpu":
        return prove(resolve(model, "cpu"), "cpu", threads)
    path = resolve(model)
    try:
        return prove(path, "cuda", threads)
    except InpaintError as error:
        if device == "cuda":
            raise
        engine = prove(resolve(model, "cpu"), "cpu", threads)
        engine.notes.append(f"There is a GPU, but the CPU is used. {error}")
        return engine


def _prove(path: Path, device: Literal["cpu", "cuda"], threads: int | None) -> Engine:
    """Make an engine on exactly this device and run the canary through it."""
    session = open_session(path, device, threads)
    metadata = session.get_modelmeta().custom_metadata_map
    try:
        # A file's own word comes first; the table of other people's models is for files without one.
        contract = (None if METADATA_KEY in metadata else contract_of(path)) or Contract.from_metadata(metadata)
    except ModelError as error:
        raise ModelError(f"{path.name}: {error}") from error
    _check_graph(path, session, contract)
    engine = Engine(path, session, contract, threads)
    problem = check_self_test(engine.run_tensors, contract)
    if problem and device == "cuda":
        raise EngineError(f"On this GPU the model {contract.name!r} {problem}; use --device cpu.")
    if problem:
        raise ModelError(
            f"The model {path.name} breaks its contract: it {problem}. Export it again, or choose another."
        )
    return engine


def _check_graph(path: Path, session: onnxruntime.InferenceSession, contract: Contract) -> None:
    """Raise `ModelError` unless the graph has the inputs and the output that the contract names."""
    inputs = {item.name: item for item in session.get_inputs()}
    outputs = {item.name: item for item in session.get_outputs()}
    result = contract.output or next(iter(outputs), "")
    wanted = [(inputs, contract.image_input, 3), (inputs, contract.mask_input, 1), (outputs, result, 3)]
    for there, name, channels in wanted:
        item = there.get(name)
        if item is None:
            raise ModelError(f"The model {path.name} has no {name!r}, which its contract names; export it again.")
        shape = item.shape
        if (
            item.type != TYPES[contract.dtype]
            or len(shape) != 4
            or (isinstance(shape[1], int) and shape[1] != channels)
        ):
            raise ModelError(
                f"{name!r} in the model {path.name} is not N x {channels} x H x W {contract.dtype}; export it again."
            )
        allowed = contract.native_size if contract.fixed_size else None
        if any(isinstance(side, int) and side != allowed for side in shape[2:]) and there is inputs:
            raise ModelError(f"The model {path.name} takes pictures of one size only; export it with dynamic sizes.")
    if set(inputs) != {contract.image_input, contract.mask_input}:
        raise ModelError(f"The model {path.name} has inputs that its contract does not name; export it again.")
