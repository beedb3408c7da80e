"""What fills holes under a name: a model, a run directory, a classical method, or a folder of finished pictures."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from inpaint.core.engines.engine import Device, Engine, load_engine
from inpaint.core.errors import ImageError
from inpaint.core.filling.fill import Detail, fill
from inpaint.core.images.rgb8 import read_rgb8
from inpaint.training.data.sources import SUFFIXES
from inpaint.training.evaluation.classical import CLASSICAL, describe
from inpaint.training.evaluation.samples import Sample
from inpaint.training.unique_names import file_stem, free_name
from inpaint.weights.paths import is_folder, is_there

Filler = Callable[[Sample], np.ndarray]
"""Takes a sample, returns H x W x 3 uint8 with the hole filled. It may not look at the truth under the hole."""


@dataclass(frozen=True, slots=True)
class Method:
    """One thing that is compared."""

    label: str
    """Its name in tables."""
    about: str
    """One line: exactly which model or program it is."""
    fill: Filler


def make_methods(typed: Sequence[str], names: Sequence[str], device: Device = "cpu") -> list[Method]:
    """Return the methods of a command line, each under a label of its own.

    - `typed`: "telea", "navier-stokes", "biharmonic" or "gmic", a known model, an .onnx file, a run directory, or a
      folder of pictures that somebody else filled, called like the photographs. A model is measured by itself; with
      "+texture" or "+auto" behind it, with what `inpaint fill --detail` then puts over its fill;
    - `names`: the photographs, to say before any work which picture such a folder lacks.

    Raises `ModelError`, `RecipeError`, `EngineError` or `ImageError` as the parts do.
    """
    methods: list[Method] = []
    for name in dict.fromkeys(typed):
        about, filler = _make(name, names, device)
        methods.append(Method(_label(name, [method.label for method in methods]), about, filler))
    return methods


def _make(name: str, names: Sequence[str], device: Device) -> tuple[str, Filler]:
    if name in CLASSICAL:
        return describe(name), CLASSICAL[name][0]
    name, detail = _detail(name)
    path = Path(name)
    if is_there(path / "recipe.toml"):
        from inpaint.training.evaluation.run_engine import RunEngine

        engine = RunEngine(path, device)
        return engine.contract.description, with_engine(engine, detail)
    if is_folder(path):
        return f"Finished pictures in {path.name}", FilledFolder(path, names)
    engine = load_engine(name, device=device)
    sha256 = hashlib.sha256(engine.path.read_bytes()).hexdigest()
    return f"{engine.contract.description} (file {sha256[:12]})", with_engine(engine, detail)


def with_engine(engine: Engine, detail: Detail = "network") -> Filler:
    """Return the filler that is `inpaint fill --detail` with an engine."""
    return lambda sample: fill(sample.picture, sample.hole, engine, detail=detail)


def _detail(name: str) -> tuple[str, Detail]:
    """Take `+texture` and its like off a model's name; a folder that is called so is no model."""
    details: tuple[Detail, ...] = get_args(Detail)
    for detail in details:
        if name.endswith(f"+{detail}") and not is_folder(Path(name)):
            return name.removesuffix(f"+{detail}"), detail
    return name, "network"


def _label(name: str, taken: Sequence[str]) -> str:
    """Shorten what was typed, if that stays unique: `runs/mine` to `mine`, `x/model.onnx+auto` to `model+auto`.

    What was typed may itself be taken, by a folder of the same name: then it gets a number.
    """
    bare = _detail(name)[0]
    path = Path(bare)
    short = path.stem if path.suffix == ".onnx" else path.resolve().name if is_folder(path) else bare
    short += name.removeprefix(bare)
    return free_name(taken, short, name)


class FilledFolder:
    """Pictures that are filled already, by the names of the photographs: `a.png` or `a.filled.png` for `a.jpg`."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        """Look for every photograph. Raises `ImageError` for the first that is missing."""
        self.files: dict[str, Path] = {}
        found = {}
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in SUFFIXES:
                stem = path.relative_to(folder).with_suffix("").as_posix().removesuffix(".filled")
                found.setdefault(file_stem(stem), path)
        for name in names:
            path = found.get(file_stem(name)) or found.get(name.rsplit("/", 1)[-1])
            if path is None:
                raise ImageError(
                    f"{folder} is neither a run directory nor has it a filled picture for {name}; "
                    f"put {name}.png there, or name another folder."
                )
            self.files[name] = path

    def __call__(self, sample: Sample) -> np.ndarray:
        """Return the finished picture. Raises `ImageError` when its size is another than the photograph's."""
        path = self.files[sample.name]
        pixels = read_rgb8(path, ImageError)
        if pixels.shape != sample.picture.shape:
            (height, width), (h, w) = pixels.shape[:2], sample.picture.shape[:2]
            raise ImageError(
                f"{path} has {width} x {height} pixels and its photograph {w} x {h} here; fill what is compared, "
                "or choose --size or --whole to fit."
            )
        return pixels
