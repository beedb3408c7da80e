"""A run directory as an engine: its averaged generator in torch, without an export in between."""

from pathlib import Path
from typing import Literal

import numpy as np
import torch

from inpaint.core.engines.engine import Device, Engine
from inpaint.core.errors import EngineError
from inpaint.training.export import load_filler, run_contract


class RunEngine(Engine):
    """Runs the generator of a training where ONNX Runtime would run an exported file; `fill` cannot tell."""

    def __init__(self, run: Path, device: Device = "cpu", step: int | None = None) -> None:
        """Load a checkpoint, the last one by default.

        Raises `RecipeError` for a folder that is no run, or of a joint model.
        """
        # Not Engine's own constructor: there is no ONNX session.
        if device == "cuda" and not torch.cuda.is_available():
            raise EngineError("There is no usable CUDA device; choose --device cpu or auto.")
        generator, recipe, at_step, fade = load_filler(run, step)
        self.path = run
        self.contract = run_contract(recipe, at_step)
        self.notes = []
        self.provider = "torch"
        self._where = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
        self._generator = generator.to(self._where)
        self._fade = fade

    @property
    def device(self) -> Literal["cpu", "cuda"]:
        """Where the generator runs."""
        return "cuda" if self._where == "cuda" else "cpu"

    def on_cpu(self) -> "RunEngine":
        """Return the same generator on the CPU."""
        return self if self.device == "cpu" else RunEngine(self.path, "cpu")

    @torch.inference_mode()
    def run_tensors(self, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Do what `Engine.run_tensors` does, in torch. Raises `EngineError` when the memory is not enough."""
        try:
            given, hole = (torch.from_numpy(tensor).to(self._where) for tensor in (image, mask))
            return self._generator(given, hole, self._fade).float().cpu().numpy()
        except torch.OutOfMemoryError as error:
            size = f"{image.shape[3]} x {image.shape[2]}"
            raise EngineError(f"The GPU ran out of memory at {size} pixels; use --device cpu.") from error
