"""One model that can be asked for by name, and what its name promises."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from inpaint.weights.contract import Contract
from inpaint.weights.errors import ModelError
from inpaint.weights.reference import Reference

DataClass = Literal["free", "research only", "not known"]
"""What the photographs that a model was trained on may be used for: everything, under free licences that are known
photograph by photograph; research alone, for some of them at least; or nobody has said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """One model with a name: bundled with this package when it has no repository, otherwise on the Hub."""

    name: str
    """What is typed after `--model`."""
    file: str
    """Name of the `.onnx` file, in the folder `bundled` or in the repository."""
    size: int
    """Bytes."""
    sha256: str
    """Of the content, 64 hexadecimal digits; empty where nobody published it, and then the Hub's own is used."""
    licence: str
    """Of the weights, as their authors state it (SPDX identifier, or "not stated")."""
    data: DataClass = "not known"
    """What class of photographs it was trained on."""
    trained_on: str = ""
    """Which photographs, in a few words."""
    aliases: tuple[str, ...] = ()
    """Other names for the same model."""
    cpu_aliases: tuple[str, ...] = ()
    """Names that mean this model where it is to run on a CPU, and another model elsewhere."""
    task: str = "inpaint"
    """What the model does."""
    repository: str = ""
    """Owner and name on the Hub; empty for a bundled model."""
    revision: str = ""
    """Commit, 40 hexadecimal digits."""
    restrictions: str = ""
    """What else to know before using it, as a sentence."""
    suits: str = ""
    """What it is tuned on instead of photographs, such as "drawings"; empty for models for photographs."""
    contract: Contract | None = None
    """For files that carry none. A file of ours does."""

    @property
    def bundled(self) -> bool:
        """Whether it comes with this package."""
        return not self.repository

    @property
    def reference(self) -> Reference:
        """Where it is on the Hub."""
        return Reference(repository=self.repository, revision=self.revision or "main", file=self.file)

    @property
    def left_out(self) -> bool:
        """Whether it is not here, and may have been left out of the package on purpose.

        Who may ship nothing but free data may leave out every bundled model that was trained on other photographs.
        """
        return self.bundled and self.data == "research only" and not self._path.is_file()

    @property
    def _path(self) -> Path:
        return Path(str(files("inpaint.weights"))) / "bundled" / self.file

    def locate(self) -> Path:
        """Return where the bundled file is on this machine.

        Raises `ModelError` when the installation lacks it.
        """
        if self._path.is_file():
            return self._path
        why = "should have come with Inpaint and is"
        if self.left_out:
            why = "was trained on photographs for research only, may have been left out on purpose, and is"
        raise ModelError(
            f"The model {self.name!r} {why} missing from {self._path.parent}; "
            "install Inpaint again, or name an .onnx file instead."
        )
