"""A loaded joint model, which inpaints around an object and harmonizes the object, proved on its device."""

from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime

from inpaint.core.engines.engine import Device, load_proved
from inpaint.core.engines.self_test import TOLERANCE, make_test_picture
from inpaint.core.engines.session import CUDA, describe_failure, open_session
from inpaint.core.engines.shape_buckets import bucket_side
from inpaint.core.errors import EngineError, ModelError
from inpaint.weights.joint import JointContract

LEAST_SIDE = 64
"""Smallest side fed to the network, in pixels."""


class JointEngine:
    """A joint model on its device. Made by `load_joint`."""

    def __init__(self, path: Path, session: onnxruntime.InferenceSession, contract: JointContract) -> None:
        self.path = path
        """The ONNX file."""
        self.contract = contract
        """What the model expects and returns."""
        self.provider: str = session.get_providers()[0]
        """ONNX Runtime's name for what runs the model."""
        self.notes: list[str] = []
        """What the user should know about the choice of device."""
        self._session = session

    @property
    def device(self) -> Literal["cpu", "cuda"]:
        """Where the model runs."""
        return "cuda" if self.provider == CUDA else "cpu"

    def run(self, image: np.ndarray, hole: np.ndarray, foreground: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Inpaint and harmonize one composite of any size, in one go and at its own scale.

        - `image`: H x W x 3 float32 RGB in [0, 1];
        - `hole`, `foreground`: H x W bool, without overlap.

        Returns the inpainted and the harmonized picture, H x W x 3 float32 in [0, 1] each: both are defined wherever
        there is hole or object, and equal `image` elsewhere. Raises `EngineError` when the device fails.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.float32:
            raise ValueError(f"image must be H x W x 3 float32, got {image.shape} {image.dtype}")
        for name, mask in (("hole", hole), ("foreground", foreground)):
            if mask.shape != image.shape[:2] or mask.dtype != np.bool_:
                raise ValueError(f"{name} must be {image.shape[:2]} bool, got {mask.shape} {mask.dtype}")
        height, width = hole.shape
        pads = self._padding(height), self._padding(width)
        picture = np.pad(image, (*pads, (0, 0)), mode="symmetric").transpose(2, 0, 1)[None] * np.float32(2) - 1
        masks = [np.pad(mask, pads, mode="symmetric")[None, None].astype(np.float32) for mask in (hole, foreground)]
        outputs = self.run_tensors(np.ascontiguousarray(picture, np.float32), *masks)
        made = (hole | foreground)[..., None]
        results = []
        for output in outputs:
            picture = (output[0, :, :height, :width].transpose(1, 2, 0) + 1) / 2
            if not np.isfinite(picture).all():
                raise EngineError(
                    f"The model {self.contract.name!r} gave values that are not numbers on this picture; "
                    "choose another model."
                )
            results.append(np.where(made, picture.clip(0, 1), image).astype(np.float32, copy=False))
        return results[0], results[1]

    def run_tensors(self, image: np.ndarray, mask: np.ndarray, foreground: np.ndarray) -> list[np.ndarray]:
        """Run the bare graph: N x 3 x H x W in [-1, 1] and twice N x 1 x H x W of 0 and 1, all float32.

        H and W are multiples of the contract's stride. Returns two N x 3 x H x W: inpainted, harmonized.
        """
        contract = self.contract
        feed = {contract.image_input: image, contract.mask_input: mask, contract.foreground_input: foreground}
        try:
            outputs = self._session.run([contract.inpainted_output, contract.harmonized_output], feed)
        except Exception as error:  # ONNX Runtime has no common base class
            raise describe_failure(error, contract.name, self.device, image.shape) from error
        return [np.asarray(output) for output in outputs]

    def _padding(self, side: int) -> tuple[int, int]:
        stride = self.contract.stride
        return 0, bucket_side(side, stride, -(-LEAST_SIDE // stride) * stride, self.device) - side


def load_joint(model: str | Path = "joint", device: Device = "auto", threads: int | None = None) -> JointEngine:
    """Load a joint model and prove on a small composite that it keeps its contract on its device.

    Arguments and errors are those of `load_engine`.
    """
    return load_proved(_prove, model, device, threads)


def _prove(path: Path, device: Literal["cpu", "cuda"], threads: int | None) -> JointEngine:
    session = open_session(path, device, threads)
    try:
        contract = JointContract.from_metadata(session.get_modelmeta().custom_metadata_map)
    except ModelError as error:
        raise ModelError(f"{path.name}: {error}") from error
    inputs = {contract.image_input, contract.mask_input, contract.foreground_input}
    outputs = {contract.inpainted_output, contract.harmonized_output}
    if {item.name for item in session.get_inputs()} != inputs or not outputs <= {
        item.name for item in session.get_outputs()
    }:
        raise ModelError(f"The model {path.name} has other inputs or outputs than its contract names; export it again.")
    engine = JointEngine(path, session, contract)
    problem = _self_test(engine)
    if problem and device == "cuda":
        raise EngineError(f"On this GPU the model {contract.name!r} {problem}; use --device cpu.")
    if problem:
        raise ModelError(f"The model {path.name} breaks its contract: it {problem}. Export it again.")
    return engine


def _self_test(engine: JointEngine) -> str:
    """Run a small composite through the graph; return what is wrong with the results, to end a sentence."""
    side = -(-LEAST_SIDE // engine.contract.stride) * engine.contract.stride
    image, made = make_test_picture(side)
    foreground = np.zeros_like(made)
    middle = side // 2
    foreground[..., middle - side // 8 : middle + side // 8, middle - side // 8 : middle + side // 8] = 1
    fed = image * np.float32(2) - 1
    outputs = engine.run_tensors(fed, made - foreground, foreground)
    known = np.broadcast_to(made < 0.5, image.shape)
    for output in outputs:
        if output.shape != image.shape:
            return "returns another size than it was given"
        if not np.isfinite(output).all():
            return "returns values that are not numbers"
        if np.abs(output - fed)[known].max() > 2 * TOLERANCE:
            return "changes known pixels, or has its masks the wrong way round"
    hole = np.broadcast_to((made - foreground) > 0.5, image.shape)
    if np.abs(outputs[0] - fed)[hole].mean() < 2 * TOLERANCE:
        return "leaves the hole as it was"
    return ""
