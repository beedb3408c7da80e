"""From what is typed after `--model` to a checked file on this machine. Nothing here uses a network."""

from pathlib import Path
from typing import Literal

from inpaint.weights.contract import Contract
from inpaint.weights.errors import ModelError
from inpaint.weights.known import KnownModel
from inpaint.weights.manifest import MODELS, find, names
from inpaint.weights.paths import at_home, is_file, is_folder
from inpaint.weights.reference import Reference, parse_reference


def resolve(name_or_path: str | Path, on: Literal["cpu", "cuda"] = "cuda") -> Path:
    """Return the ONNX file meant by a known name ("default"), a path, or a model on the Hub ("user/repo").

    on: where it is to run; on a CPU "default" is the bundled model in eight bits.

    A `Path` is always a path; a string is a name first, so that a stray file called "default" changes nothing. What
    came from the Hub is checked against its sha256 each time; what came with the package is trusted as its code is.
    Raises `ModelError` for what nobody knows, is damaged, or has not been fetched yet: filling a photograph never
    starts a download.
    """
    if isinstance(name_or_path, str):
        known = find(name_or_path, on)
        if known is not None:
            return known.locate() if known.bundled else _checked(known.reference, known)
    path = at_home(name_or_path)
    if is_file(path):
        return path
    if is_folder(path):
        raise ModelError(f"{path} is a folder; name the .onnx file inside it.")
    reference = parse_reference(name_or_path) if isinstance(name_or_path, str) else None
    if reference is not None:
        return _checked(reference, known_as(reference))
    if isinstance(name_or_path, Path) or path.suffix.lower() == ".onnx" or len(path.parts) > 1:
        raise ModelError(f"There is no model file {path}; check the path.")
    raise ModelError(
        f"No model is called {name_or_path!r}; give the path of an .onnx file, a model on the Hub as user/repo, or one "
        f"of these: {', '.join(names())}."
    )


def is_left_out(name: str | Path) -> bool:
    """Tell whether a name means a bundled model that is not part of this installation (`KnownModel.left_out`)."""
    model = find(name) if isinstance(name, str) else None
    return model is not None and model.left_out


def known_as(reference: Reference) -> KnownModel | None:
    """Return the known model that is this file of this repository at this commit, if it is one."""
    return next((model for model in MODELS if not model.bundled and model.reference == reference), None)


def contract_of(path: Path) -> Contract | None:
    """Return the contract of a file that carries none: that of the known model with the same content.

    A file in the cache is known by its place, and any other by its sha256, whatever it is called.
    """
    from inpaint.weights.cache import digest, reference_of

    reference = reference_of(path)
    known = known_as(reference) if reference is not None else None
    if known is None:
        candidates = [model for model in MODELS if model.contract and model.size == path.stat().st_size]
        content = digest(path) if candidates else ""
        known = next((model for model in candidates if model.sha256 == content), None)
    return known.contract if known is not None else None


def _checked(reference: Reference, known: KnownModel | None) -> Path:
    """Return the cached file of `reference` after checking its content."""
    from inpaint.weights.cache import find_cached, is_intact, name_other_commits

    wanted = known.name if known else str(reference)
    path = find_cached(reference)
    if path is None and known is None:
        raise ModelError(
            f"There is no model file {reference}, and the Hub's model of that name has not been fetched; "
            f"check the path, or run: inpaint weights pull {reference}{name_other_commits(reference)}"
        )
    if path is None:
        raise ModelError(f"The model {wanted} has not been fetched yet; run: inpaint weights pull {wanted}")
    if not is_intact(path, known.sha256 if known else ""):
        raise ModelError(f"The file of the model {wanted} is damaged; fetch it again: inpaint weights pull {wanted}")
    return path
