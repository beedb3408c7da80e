"""Commands that need more than a base install say so in one sentence."""

from importlib.util import find_spec

from inpaint.core.errors import InpaintError
from inpaint.core.install_hints import install_hint

TRAINING = (
    "torch",
    "torchvision",
    "torchmetrics",
    "lpips",
    "matplotlib",
    "onnx",
    "onnxscript",
    "accelerate",
    "pydantic",
    "safetensors",
    "jinja2",
    "skimage",
    "tomli_w",
    "torch_fidelity",
)
"""Packages that only the extra `train` brings, by the names they are imported under."""


def require_train(*packages: str) -> None:
    """Raise `InpaintError` unless the extra `train` is installed; with packages, unless those of it are."""
    missing = [name for name in packages or TRAINING if find_spec(name) is None]
    if missing:
        raise InpaintError(f"This needs more packages: {install_hint('train')} (missing: {', '.join(missing)}).")
