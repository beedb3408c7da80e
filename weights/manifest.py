"""The models that can be asked for by name."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from inpaint.weights.errors import ModelError


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """One model that ships inside this package."""

    name: str
    """What is typed after `--model`."""
    file: str
    """Name of the `.onnx` file in the folder `bundled`."""
    aliases: tuple[str, ...] = ()
    """Other names for the same model."""

    def locate(self) -> Path:
        """Return where the file is on this machine.

        Raises `ModelError` when the installation lacks it.
        """
        path = Path(str(files("inpaint.weights"))) / "bundled" / self.file
        if not path.is_file():
            raise ModelError(
                f"The model {self.name!r} should have come with Inpaint and is missing from {path.parent}; "
                "install Inpaint again, or name an .onnx file instead."
            )
        return path


MODELS = (
    KnownModel(name="btgmi-default", file="btgmi-default.onnx", aliases=("default",)),
    KnownModel(name="btgmi-joint", file="btgmi-joint.onnx", aliases=("joint",)),
    KnownModel(name="cutout", file="cutout.onnx"),
)
"""Every model known by name."""


def resolve(name_or_path: str | Path) -> Path:
    """Return the ONNX file meant by a known name ("default") or by a path to an `.onnx` file.

    A `Path` is always a path; a string is a name first, so that a stray file called "default" changes nothing.
    Raises `ModelError` for a name nobody knows and for a path without a file.
    """
    if isinstance(name_or_path, str):
        for model in MODELS:
            if name_or_path in (model.name, *model.aliases):
                return model.locate()
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        raise ModelError(f"{path} is a folder; name the .onnx file inside it.")
    if isinstance(name_or_path, Path) or path.suffix.lower() == ".onnx" or len(path.parts) > 1:
        raise ModelError(f"There is no model file {path}; check the path.")
    names = ", ".join(sorted(name for model in MODELS for name in (model.name, *model.aliases)))
    raise ModelError(f"No model is called {name_or_path!r}; give the path of an .onnx file or one of these: {names}.")
