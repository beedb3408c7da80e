"""The directory of one segmenter's training: its settings and its last checkpoint.

runs/x/segmenter.json       every setting, and where the pictures are
       state.safetensors    the network and its optimizer, and after which step
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from inpaint.core.atomic_files import make_folder
from inpaint.core.errors import OutputError, RecipeError
from inpaint.training.json_files import write_json
from inpaint.training.run.directory import write_tensors
from inpaint.weights.paths import is_there


class SegmenterRun:
    """Files of one training, by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.record_file = path / "segmenter.json"
        self.state_file = path / "state.safetensors"

    def exists(self) -> bool:
        """Say whether a training has begun here."""
        return is_there(self.record_file)

    def has_checkpoint(self) -> bool:
        """Say whether there is something to go on from."""
        return is_there(self.state_file)

    def write(self, record: dict[str, Any]) -> None:
        """Write the settings, and with them where the pictures are. Raises `OutputError`."""
        make_folder(self.path)
        write_json(self.record_file, record)

    def read(self) -> dict[str, Any]:
        """Return what `write` was told. Raises `RecipeError` when it is not there, or damaged."""
        if not self.exists():
            raise RecipeError(f"{self.path} is not the run directory of a segmenter: it has no segmenter.json.")
        try:
            return dict(json.loads(self.record_file.read_text("utf-8")).items())
        except (OSError, ValueError, AttributeError) as error:
            raise RecipeError(f"{self.record_file} is damaged; train again into another --out.") from error

    def save(self, network: nn.Module, adam: torch.optim.Optimizer, step: int) -> None:
        """Write a checkpoint in place of the one before, whole or not at all. Raises `OutputError`."""
        tensors = {f"network.{key}": value for key, value in network.state_dict().items()}
        for index, state in adam.state_dict()["state"].items():
            tensors |= {f"adam.{index}.{key}": value for key, value in state.items()}
        temporary = self.path / ".state.safetensors.tmp"
        try:
            write_tensors(temporary, {key: value.contiguous() for key, value in tensors.items()}, {"step": str(step)})
            temporary.replace(self.state_file)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            reason = error.strerror or error
            raise OutputError(f"{self.state_file} cannot be written ({reason}); free some space.") from error

    def restore(self, network: nn.Module, adam: torch.optim.Optimizer | None = None) -> int:
        """Take the checkpoint over; returns after which step it was written.

        adam: the optimizer that goes on; None = the network alone. Raises `RecipeError` when there is no checkpoint, it
        is damaged, or it does not fit.
        """
        if not self.has_checkpoint():
            raise RecipeError(f"{self.path} has no checkpoint; train first, or choose another.")
        try:
            with safe_open(self.state_file, "pt") as opened:
                step = int(opened.metadata()["step"])
                tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118 - it is no dict
        except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
            raise RecipeError(f"{self.state_file} is damaged; train again into another --out.") from error
        prefix = "network."
        try:
            network.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
            if adam is not None:
                _restore_adam(adam, {key: value for key, value in tensors.items() if not key.startswith(prefix)})
        except (RuntimeError, ValueError, IndexError) as error:
            raise RecipeError(
                f"{self.state_file} does not fit the settings in segmenter.json; leave --set out, or train again into "
                "another --out."
            ) from error
        return step


def _restore_adam(adam: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    record, parameters = adam.state_dict(), adam.param_groups[0]["params"]
    for key, value in tensors.items():
        _, index, name = key.split(".", 2)
        if name != "step" and value.shape != parameters[int(index)].shape:
            raise ValueError(f"{key} belongs to another parameter")
        record["state"].setdefault(int(index), {})[name] = value
    adam.load_state_dict(record)
