"""The models that the studio has loaded, each once."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from inpaint.core.engines.engine import Device, Engine, load_engine
from inpaint.core.objects.joint import JointEngine, load_joint
from inpaint.core.objects.segmenting import SegmenterEngine, find_segmenter
from inpaint.weights import MODELS, ModelError, resolve
from inpaint.weights.locate import is_left_out

Loaded = TypeVar("Loaded")


def usable_models() -> list[str]:
    """Return the names of the inpainting models that are on this machine, "default" first."""
    names = ["default"]
    for model in MODELS:
        if model.task == "inpaint" and not model.bundled:
            with suppress(ModelError):
                resolve(model.name)
                names.append(model.name)
    return names


class Models:
    """Loads models when they are first wanted."""

    def __init__(self, device: Device = "auto", threads: int | None = None) -> None:
        self.device: Device = device
        self.threads = threads
        self._loaded: dict[tuple[str, str], object] = {}
        self._lock = threading.Lock()

    def engine(self, model: str = "default") -> Engine:
        """Return an inpainting model by name. Raises `ModelError` or `EngineError`."""
        return self._get("fill", model, lambda: load_engine(model, self.device, self.threads))

    def joint(self) -> tuple[JointEngine | Engine, tuple[str, ...]]:
        """Return the model that matches an object to its surroundings, and what the user should know.

        Where it is not part of the installation, that is the default one, beside which colours are transferred.
        """
        if is_left_out("joint"):
            note = "The model joint is not part of this installation; colours are matched by their statistics."
            return self.engine(), (note,)
        return self._get("joint", "joint", lambda: load_joint("joint", self.device, self.threads)), ()

    def segmenter(self) -> tuple[SegmenterEngine | None, tuple[str, ...]]:
        """Return the network that finds the object in a box, None for GrabCut alone, and what the user should know."""
        return self._get("segmenter", "cutout", lambda: find_segmenter("cutout", self.threads))

    def _get(self, kind: str, name: str, load: Callable[[], Loaded]) -> Loaded:
        with self._lock:
            if (kind, name) not in self._loaded:
                self._loaded[kind, name] = load()
            return self._loaded[kind, name]  # type: ignore[return-value]
