"""The Hub's files on this machine: found, checked, put there and taken away, without a network.

The folder and its layout are those of huggingface_hub (`HF_HOME`, `HF_HUB_CACHE`), so a model that another program has
fetched is found, and other programs find ours:

    models--user--repo/refs/main                  the commit a branch stood at
                       snapshots/COMMIT/x.onnx    a link to a blob, or a copy where there are no links
                       blobs/ETAG                 the content, named by its sha256 or, small files, its git hash
                       .inpaint/                  ours: what was seen when it was fetched (`pull_records`)
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from inpaint.weights.errors import ModelError
from inpaint.weights.paths import is_file, matching
from inpaint.weights.pull_records import PullRecord, forget, recall, recall_all, remember, revisions
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


def find_cached(reference: Reference) -> Path | None:
    """Return the file of `reference` on this machine; None when it is not there. Nothing is checked.

    Under a branch or a tag it is the file of the commit that `inpaint weights pull` fetched, even when another program
    has seen a newer one since; of the commit that huggingface_hub last saw where it was fetched by others.
    """
    folder = repository_folder(reference.repository)
    if reference.pinned:
        here = _files_at(folder, reference.revision, reference.file)
    else:
        seen = ""
        with suppress(OSError):
            seen = (folder / "refs" / reference.revision).read_text("utf-8").strip()
        here = _files_at(folder, seen, reference.file) if seen else {}
        for file, record in recall_all(folder, reference.revision):
            here |= _files_at(folder, record.commit, file)
    return here.get(reference.file or choose_file(list(here), reference))


def _files_at(folder: Path, commit: str, file: str) -> dict[str, Path]:
    """Return the models of a repository that are here at a commit, by name; only `file` unless that is empty."""
    snapshot = folder / "snapshots" / commit
    paths = [snapshot / file] if file else matching(snapshot, "**/*.onnx")
    return {path.relative_to(snapshot).as_posix(): path for path in paths if is_file(path)}


def name_other_commits(reference: Reference) -> str:
    """Say at which other commits the file of `reference` is here, as the end of a sentence; "" where it is at none."""
    snapshots = matching(repository_folder(reference.repository) / "snapshots", "*")
    names = [
        str(Reference(repository=reference.repository, revision=snapshot.name, file=reference.file))
        for snapshot in snapshots
        if snapshot.name != reference.revision and _files_at(snapshot.parents[1], snapshot.name, reference.file)
    ]
    return f"; it is here at another commit: --model {' or '.join(names)}" if names else ""


def cached_models() -> Iterator[tuple[Reference, Path]]:
    """Yield every .onnx file in the cache, whoever put it there, under the shortest reference that leads to it."""
    for folder in sorted(cache_folder().glob("models--*--*")):
        match = _SNAPSHOT.fullmatch(folder.name)
        if match is None:
            continue
        branches = _branches(folder)
        for path in sorted((folder / "snapshots").rglob("*.onnx")):
            commit, *parts = path.relative_to(folder / "snapshots").parts
            exact = Reference(
                repository=f"{match['user']}/{match['repo']}", revision=commit, file=PurePosixPath(*parts).as_posix()
            )
            names = [replace(exact, revision=branch) for branch in branches]
            name = next((name for name in names if find_cached(name) == path), exact)
            if path.is_file():
                yield replace(name, file="") if exact.file == "model.onnx" else name, path


def _branches(folder: Path) -> list[str]:
    """List the branches and tags of a repository that this machine has seen, `main` first."""
    refs = [path for path in (folder / "refs").rglob("*") if path.is_file() and not path.name.startswith(".")]
    found = {path.relative_to(folder / "refs").as_posix() for path in refs} | set(revisions(folder))
    return sorted(found, key=lambda name: (name != "main", name))


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
    """Return whether a file in the cache is what it should be: `sha256`, or else what `known_hash` says.

    Where nothing is known, it is taken as it is.
    """
    return is_content(path, sha256 or known_hash(path))


def known_hash(path: Path) -> str:
    """Return what the content of a file in the cache should hash to: a sha256, a git hash, or "" where nothing says it.

    It is what its blob is named after. A copy, as on a file system without links, has lost that name, and then it is
    the sha256 that was seen when it was fetched.
    """
    name = Path(os.path.realpath(path)).name
    if _SHA256.fullmatch(name) or _GIT_HASH.fullmatch(name):
        return name
    reference = reference_of(path)
    record = recall_exact(reference) if reference is not None else None
    return record.sha256 if record is not None else ""


def recall_exact(reference: Reference) -> PullRecord | None:
    """Return what is remembered of one file at a commit; None where nothing is."""
    return recall(repository_folder(reference.repository), reference.revision, reference.file)


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

    `content` must lie on the same disk, best beside the blobs. What was there under that name before is replaced, and
    only then gone.
    """
    folder = repository_folder(reference.repository)
    blob, pointer = folder / "blobs" / etag, folder / "snapshots" / commit / reference.file
    for parent in (blob.parent, pointer.parent):
        parent.mkdir(parents=True, exist_ok=True)
    if content != blob:
        os.replace(content, blob)  # noqa: PTH105 - in one step, on Windows too
    _link(blob, pointer)
    note_pulled(pointer, reference, commit, etag)
    return pointer


def note_pulled(path: Path, reference: Reference, commit: str, etag: str) -> None:
    """Remember a checked file, and let the revision that was asked for mean its commit from now on. Raises `OSError`.

    etag: a hash that `path` has been compared with, or ""; then nothing is remembered of its content. What stands there
    already is not written again.
    """
    folder = repository_folder(reference.repository)
    if etag:
        sha256 = etag if _SHA256.fullmatch(etag) else digest(path)
        record = PullRecord(commit=commit, sha256=sha256, size=path.stat().st_size)
        remember(folder, reference.revision, reference.file, record)
    if not reference.pinned:
        ref = folder / "refs" / reference.revision
        if is_file(ref) and ref.read_text("utf-8").strip() == commit:
            return
        ref.parent.mkdir(parents=True, exist_ok=True)
        temporary = ref.with_name(f".{ref.name}.tmp")
        temporary.write_text(commit, "utf-8")
        os.replace(temporary, ref)  # noqa: PTH105


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
    commit, *file = path.relative_to(snapshots).parts
    forget(snapshots.parent, commit, "/".join(file))
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
