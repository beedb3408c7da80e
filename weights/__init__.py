"""Model files: their contract, and the ones known by name."""

from inpaint.weights.contract import Contract
from inpaint.weights.errors import InpaintError, ModelError
from inpaint.weights.manifest import MODELS, KnownModel, resolve

__all__ = ["MODELS", "Contract", "InpaintError", "KnownModel", "ModelError", "resolve"]
