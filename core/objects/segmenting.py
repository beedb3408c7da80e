"""A loaded segmenter, which finds the object in a box, proved on its device."""

from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from inpaint.core.engines.session import describe_failure, open_session
from inpaint.core.errors import EngineError, ModelError
from inpaint.core.filling.regions import Box
from inpaint.core.objects.box_crop import box_crop, corners_of, from_crop
from inpaint.weights import resolve
from inpaint.weights.cutout import CutoutContract
from inpaint.weights.locate import is_left_out


class SegmenterEngine:
    """A segmenter on the CPU, where it takes milliseconds. Made by `load_segmenter`."""

    def __init__(self, session: onnxruntime.InferenceSession, contract: CutoutContract) -> None:
        self.contract = contract
        """What the model expects and returns."""
        self._session = session

    def run(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        """Return how likely each pixel belongs to the object in a box.

        pixels: H x W x 3 float32 RGB in [0, 1]. Returns H x W float32 in [0, 1], 0 outside the box. Raises
        `EngineError` when the device fails.
        """
        contract = self.contract
        crop, mask, matrix = box_crop(pixels, box, contract.side, contract.share)
        picture = np.ascontiguousarray(crop.transpose(2, 0, 1)[None] * np.float32(2) - 1, np.float32)
        corners = corners_of(mask)
        place = mask[None, None] if contract.box == "mask" else np.array([corners], np.float32)
        try:
            output = np.asarray(self._session.run(["mask"], {"image": picture, "box": place})[0])[0, 0]
        except Exception as error:  # ONNX Runtime has no common base class
            raise describe_failure(error, contract.name, "cpu", picture.shape) from error
        if not np.isfinite(output).all():
            raise EngineError(f"The model {contract.name!r} gave values that are not numbers; choose another model.")
        square = output
        if contract.covers == "box":
            square = np.zeros(mask.shape, np.float32)
            part = np.s_[corners[1] : corners[3], corners[0] : corners[2]]
            square[part] = cv2.resize(output, (corners[2] - corners[0], corners[3] - corners[1]))
        found = from_crop(np.ascontiguousarray(square), matrix, pixels.shape[:2])
        inside = np.zeros_like(found)
        inside[box.slices] = found[box.slices]
        return inside.clip(0, 1)


def find_segmenter(
    model: str | Path = "cutout", threads: int | None = None
) -> tuple[SegmenterEngine | None, tuple[str, ...]]:
    """Load a segmenter where it is part of this installation, and return it with what the user should know.

    None stands for GrabCut alone. Raises `ModelError` as `load_segmenter`.
    """
    if is_left_out(model):
        return None, (f"The model {model} is not part of this installation; objects are found by GrabCut alone.",)
    return load_segmenter(model, threads), ()


def load_segmenter(model: str | Path = "cutout", threads: int | None = None) -> SegmenterEngine:
    """Load a segmenter: a known name, or an ONNX file made by `inpaint export`. Raises `ModelError` for others."""
    path = resolve(model)
    session = open_session(path, "cpu", threads)
    try:
        contract = CutoutContract.from_metadata(session.get_modelmeta().custom_metadata_map)
    except ModelError as error:
        raise ModelError(f"{path.name}: {error}") from error
    if {item.name for item in session.get_inputs()} != {"image", "box"} or [
        item.name for item in session.get_outputs()
    ] != ["mask"]:
        raise ModelError(f"The model {path.name} has other inputs or outputs than its contract says; export it again.")
    engine = SegmenterEngine(session, contract)
    # Any picture will do: what is proved is that the graph runs and gives numbers of the right shape.
    ramp = np.linspace(0, 1, 96, dtype=np.float32)
    found = engine.run(np.dstack([np.tile(ramp, (80, 1))] * 3), Box(20, 30, 40, 36))
    if found.shape != (80, 96):
        raise ModelError(f"The model {path.name} breaks its contract; export it again.")
    return engine
