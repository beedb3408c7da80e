"""The Hub's files on this machine: found, checked, put there and taken away, without a network.

The folder and its layout are those of huggingface_hub (`HF_HOME`, `HF_HUB_CACHE`), so a model that another program has
fetched is found, and other programs find ours:

    models--user--repo/refs/main                  the commit a branch stood at
                       snapshots/COMMIT/x.onnx    a link to a blob, or a copy where there are no links
                       blobs/ETAG                 the content, named by its sha256 or, small files, its git hash
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from inpaint.weights.errors import ModelError
from inpaint.weights.paths import is_file, matching
from inpaint.weights.reference import Reference

CHUNK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_GIT_HASH = re.compile(r"[0-9a-f]{40}")
_SNAPSHOT = re.compile(r"models--(?P<user>[^/]+?)--(?P<repo>[^/]+)")


def cache_folder() -> Path:
    """Return the folder of the Hub's cache, which need not exist."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE).expanduser()


def repository_folder(repository: str) -> Path:
    """Return the folder of one repository inside the cache."""
    from huggingface_hub.constants import REPO_ID_SEPARATOR

    return cache_folder() / REPO_ID_SEPARATOR.join(["models", *repository.split("/")])


def commit_of(reference: Reference) -> str:
    """Return the commit that this machine last saw `reference.revision` at; "" when it never did."""
    if reference.pinned:
        return reference.revision
    with suppress(OSError):
        return (repository_folder(reference.repository) / "refs" / reference.revision).read_text("utf-8").strip()
    return ""


def find_cached(reference: Reference) -> Path | None:
    """Return the file of `reference` on this machine; None when it is not there. Nothing is checked."""
    commit = commit_of(reference)
    if not commit:
        return None
    snapshot = repository_folder(reference.repository) / "snapshots" / commit
    file = reference.file or choose_file(
        [path.relative_to(snapshot).as_posix() for path in matching(snapshot, "**/*.onnx")], reference
    )
    path = snapshot / file
    return path if file and is_file(path) else None


def cached_models() -> Iterator[tuple[Reference, Path]]:
    """Yield every .onnx file in the cache, whoever put it there, under the shortest reference that leads to it."""
    for folder in sorted(cache_folder().glob("models--*--*")):
        match = _SNAPSHOT.fullmatch(folder.name)
        if match is None:
            continue
        refs = {ref.read_text("utf-8").strip(): ref.relative_to(folder / "refs").as_posix() for ref in _refs(folder)}
        for path in sorted((folder / "snapshots").rglob("*.onnx")):
            commit, *file = path.relative_to(folder / "snapshots").parts
            reference = Reference(
                repository=f"{match['user']}/{match['repo']}",
                revision=refs.get(commit, commit),
                file="" if file == ["model.onnx"] else "/".join(file),
            )
            if path.is_file():
                yield reference, path


def _refs(folder: Path) -> list[Path]:
    """List the branches of a repository, `main` last, so that it wins where several stand at one commit."""
    found = [path for path in (folder / "refs").rglob("*") if path.is_file() and not path.name.startswith(".")]
    return sorted(found, key=lambda path: path.name == "main")


def choose_file(files: list[str], reference: Reference) -> str:
    """Return which of a repository's files is meant when none is named: `model.onnx`, or the only .onnx file.

    Returns "" when there is no .onnx file at all. Raises `ModelError` when there are several.
    """
    models = sorted(file for file in files if file.lower().endswith(".onnx"))
    if "model.onnx" in models:
        return "model.onnx"
    if len(models) > 1:
        raise ModelError(
            f"{reference.repository} holds several models; name one, such as {reference.repository}:{models[0]} "
            f"(there are: {', '.join(models)})."
        )
    return models[0] if models else ""


def reference_of(path: Path) -> Reference | None:
    """Return which file of which repository a path inside the cache is; None for any other path."""
    with suppress(ValueError):
        # Not resolved, because a snapshot is links.
        folder, _, commit, *file = path.absolute().relative_to(cache_folder().absolute()).parts
        match = _SNAPSHOT.fullmatch(folder)
        if match and file:
            return Reference(repository=f"{match['user']}/{match['repo']}", revision=commit, file="/".join(file))
    return None


def digest(path: Path) -> str:
    """Return the sha256 of a file, 64 hexadecimal digits."""
    return _hash(path, hashlib.sha256())


def _hash(path: Path, state: "hashlib._Hash") -> str:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            state.update(chunk)
    return state.hexdigest()


def is_intact(path: Path, sha256: str = "") -> bool:
    """Return whether a file in the cache is what it should be: `sha256`, or else what its blob is named after.

    A copy, as on a file system without links, has lost that name; without `sha256` it is taken as it is.
    """
    if sha256:
        return digest(path) == sha256
    return is_content(path, _blob_name(path))


def has_hash(path: Path) -> bool:
    """Return whether `is_intact` has anything to compare a file with when it is given no sha256."""
    return _SHA256.fullmatch(_blob_name(path)) is not None or _GIT_HASH.fullmatch(_blob_name(path)) is not None


def _blob_name(path: Path) -> str:
    return Path(os.path.realpath(path)).name


def is_content(path: Path, etag: str) -> bool:
    """Return whether a file is what the Hub calls `etag`: a sha256, or the hash git gives a file."""
    if _SHA256.fullmatch(etag):
        return digest(path) == etag
    if _GIT_HASH.fullmatch(etag):
        head = b"blob %d\0" % path.stat().st_size
        return _hash(path, hashlib.sha1(head, usedforsecurity=False)) == etag
    return True


def place(content: Path, reference: Reference, commit: str, etag: str) -> Path:
    """Move a checked file into the cache as `reference` at `commit`; returns its path in the snapshot.

    `content` must lie on the same disk, best beside the blobs. What was there under that name before is replaced.
    """
    folder = repository_folder(reference.repository)
    blob, pointer = folder / "blobs" / etag, folder / "snapshots" / commit / reference.file
    for parent in (blob.parent, pointer.parent):
        parent.mkdir(parents=True, exist_ok=True)
    if content != blob:
        os.replace(content, blob)  # noqa: PTH105 - in one step, on Windows too
    _link(blob, pointer)
    if not reference.pinned:
        ref = folder / "refs" / reference.revision
        ref.parent.mkdir(parents=True, exist_ok=True)
        temporary = ref.with_name(f".{ref.name}.tmp")
        temporary.write_text(commit, "utf-8")
        os.replace(temporary, ref)  # noqa: PTH105
    return pointer


def _link(blob: Path, pointer: Path) -> None:
    """Let `pointer` be a relative link to `blob`, or a copy where links are not to be had."""
    from huggingface_hub import constants

    temporary = pointer.with_name(f".{os.fsencode(pointer.name)[:200].decode(errors='ignore')}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        if getattr(constants, "HF_HUB_DISABLE_SYMLINKS", False):  # not in huggingface_hub 1.0
            raise OSError
        temporary.symlink_to(os.path.relpath(blob, pointer.parent))
    except OSError:
        shutil.copyfile(blob, temporary)
    os.replace(temporary, pointer)  # noqa: PTH105


def remove_cached(path: Path) -> int:
    """Take a file out of the cache, and its blob unless another commit shares it; returns the bytes freed."""
    blob = Path(os.path.realpath(path))
    snapshots = next((parent for parent in path.parents if parent.name == "snapshots"), None)
    if snapshots is None:
        raise ModelError(f"{path} is not in the cache of the Hub, so it is yours to delete.")
    freed = blob.stat().st_size if blob.is_file() else 0
    path.unlink(missing_ok=True)
    shared = any(other.is_file() and os.path.realpath(other) == str(blob) for other in snapshots.rglob("*"))
    if blob != path and not shared:
        blob.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == snapshots.parent:
            break
        with suppress(OSError):
            parent.rmdir()  # only what is empty
    if not snapshots.exists():
        shutil.rmtree(snapshots.parent, ignore_errors=True)
    return 0 if shared else freed
