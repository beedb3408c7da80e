"""PyPatchMatch (PyPI, MIT): whole patches copied from elsewhere in the picture; what people prefer among free tools."""

from importlib import metadata
from typing import Any

import numpy as np

from inpaint.core.errors import InpaintError
from inpaint.core.texture.pypatchmatch_engine import library
from inpaint.training.evaluation.samples import Sample

RADIUS = 3
"""Of its patches, as its own examples have it: 7 x 7 pixels."""
SEED = 1
MISSING = "PyPatchMatch is not installed, or cannot load its library on this machine; leave it out."


def pypatchmatch(sample: Sample) -> np.ndarray:
    """Fill by PyPatchMatch from the whole picture. Raises `InpaintError` when it is missing or cannot run here."""
    patch_match = _load()
    patch_match.set_random_seed(SEED)
    hole = sample.hole.astype(np.uint8) * 255
    return patch_match.inpaint(np.ascontiguousarray(sample.picture), hole, patch_size=RADIUS)


def describe() -> str:
    """Say which PyPatchMatch is installed. Raises `InpaintError` when none is."""
    _load()
    return f"PyPatchMatch {metadata.version('pypatchmatch')}, patch_size {RADIUS}, seed {SEED}, whole picture"


def _load() -> Any:
    found = library()
    if found is None:
        raise InpaintError(MISSING)
    return found
