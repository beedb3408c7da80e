"""A run directory as an engine: its averaged generator in torch, without an export in between."""

from pathlib import Path
from typing import Literal

import numpy as np
import torch

from inpaint.core.engines.engine import Device, Engine
from inpaint.core.engines.session import describe_failure
from inpaint.core.errors import EngineError
from inpaint.training.devices import choose_device
from inpaint.training.export.inpainting import load_filler, run_contract


class RunEngine(Engine):
    """Runs the generator of a training where ONNX Runtime would run an exported file; `fill` cannot tell."""

    def __init__(self, run: Path, device: Device = "cpu", step: int | None = None) -> None:
        """Load a checkpoint, the last one by default.

        Raises `RecipeError` for a folder that is no run, or of a joint model, and `EngineError` for a device that is
        not there.
        """
        # Not Engine's own constructor: there is no ONNX session.
        self._where: Literal["cpu", "cuda"] = choose_device(device, EngineError)
        generator, recipe, at_step, fade = load_filler(run, step)
        self.path = run
        self.contract = run_contract(recipe, at_step)
        self.notes = []
        self.provider = "torch"
        self._generator = generator.to(self._where)
        self._fade = fade
        self._step = at_step
        self._on_cpu = None

    @property
    def device(self) -> Literal["cpu", "cuda"]:
        """Where the generator runs."""
        return self._where

    def on_cpu(self) -> Engine:
        """Return the same generator on the CPU, read at the first call, because a GPU that fails gives nothing back."""
        if self.device == "cpu":
            return self
        if self._on_cpu is None:
            self._on_cpu = RunEngine(self.path, "cpu", self._step)
        return self._on_cpu

    @torch.inference_mode()
    def run_tensors(self, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Do what `Engine.run_tensors` does, in torch, and raise what it raises."""
        try:
            given, hole = (torch.from_numpy(tensor).to(self._where) for tensor in (image, mask))
            return self._generator(given, hole, self._fade).float().cpu().numpy()
        except RuntimeError as error:  # torch.OutOfMemoryError is one as well
            raise describe_failure(error, self.contract.name, self.device, image.shape) from error
