"""Where torch computes: what was asked for, if it is there."""

from typing import Literal

import torch

from inpaint.core.errors import InpaintError


def choose_device(device: str, error: type[InpaintError]) -> Literal["cpu", "cuda"]:
    """Return the device that "auto", "cpu" or "cuda" means here. Raises an `error` for CUDA where there is none."""
    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise error("There is no usable CUDA device; choose --device cpu or auto.")
    return "cuda" if device != "cpu" and there else "cpu"
