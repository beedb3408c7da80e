"""How a model on the Hugging Face Hub is written: `user/repo`, `user/repo@revision`, `user/repo@revision:file.onnx`."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from inpaint.weights.errors import ModelError

COMMIT = re.compile(r"[0-9a-f]{40}")
"""A full commit: the one kind of revision that never moves."""
_NAME = r"[A-Za-z0-9][\w.\-]*"
_REVISION = r"[\w.\-/]+"
_REFERENCE = re.compile(rf"(?P<repository>{_NAME}/{_NAME})(@(?P<revision>{_REVISION}))?(:(?P<file>.+))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One file of one repository. Made by `parse_reference`."""

    repository: str
    """Owner and name, such as "user/repo"."""
    revision: str = "main"
    """A branch, a tag or a commit."""
    file: str = ""
    """Path inside the repository; empty: `model.onnx`, or the only .onnx file there is."""

    @property
    def pinned(self) -> bool:
        """Whether the revision always means the same files."""
        return COMMIT.fullmatch(self.revision) is not None

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision != "main" else ""
        return f"{self.repository}{revision}" + (f":{self.file}" if self.file else "")


def parse_reference(text: str) -> Reference | None:
    """Read a reference; None when `text` is not of that form, as a path to an .onnx file is not.

    Raises `ModelError` when it is of that form and names something that cannot be a model.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None or (match["revision"] is None and match["file"] is None and text.lower().endswith(".onnx")):
        return None
    return Reference(
        repository=match["repository"],
        revision=check_revision(match["revision"] or "main"),
        file=check_file(match["file"]) if match["file"] else "",
    )


def check_revision(revision: str) -> str:
    """Return `revision` if it may be part of a path, on any system. Raises `ModelError` when it may not."""
    written = re.fullmatch(_REVISION, revision, re.ASCII) is not None  # so it has no backslash and no colon
    if not written or any(part in ("", ".", "..") for part in revision.split("/")):
        raise ModelError(f"{revision!r} is not a revision; give a branch, a tag or a commit.")
    return revision


def check_file(file: str) -> str:
    """Return `file` if it is a path of an ONNX file inside a repository. Raises `ModelError` when it is not."""
    path = PurePosixPath(file)
    inside = not path.is_absolute() and ".." not in path.parts and "\\" not in file and ":" not in file
    if not inside or any(ord(character) < 32 for character in file):
        raise ModelError(f"{file!r} is not a path inside a repository; name the file as the Hub shows it.")
    if path.suffix.lower() != ".onnx":
        raise ModelError(f"{file!r} is not an .onnx file, and Inpaint runs nothing else; name one that is.")
    return str(path)
