"""Model files: their contract, the ones known by name, and the Hugging Face Hub."""

from inpaint.weights.contract import Contract
from inpaint.weights.errors import HubError, InpaintError, ModelError
from inpaint.weights.known import KnownModel
from inpaint.weights.locate import resolve
from inpaint.weights.manifest import MODELS

__all__ = ["MODELS", "Contract", "HubError", "InpaintError", "KnownModel", "ModelError", "resolve"]
