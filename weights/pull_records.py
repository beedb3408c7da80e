"""What was seen when a model was fetched: its commit, its sha256 and its size, remembered beside it in the cache.

    models--user--repo/.inpaint/REVISION/x.onnx.json    REVISION: a commit, or the branch or tag that was asked for

Two things are not to be had from huggingface_hub's own files. `refs/main` is moved by whatever program asks for any
file, before the first byte of it has arrived; the commit here is the one whose model is here. And where a cache has no
links, the names in it no longer tell what a file should hold.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from inpaint.weights.paths import matching

FOLDER = ".inpaint"
_COMMIT, _SHA256 = re.compile(r"[0-9a-f]{40}"), re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRecord:
    """One file as it was fetched."""

    commit: str
    """Where it was fetched, 40 hexadecimal digits."""
    sha256: str
    """Of its content, 64 hexadecimal digits."""
    size: int
    """Bytes."""


def remember(repository: Path, revision: str, file: str, record: PullRecord) -> None:
    """Write a record for a file, under its commit and under the revision that it was asked for.

    repository: the repository's folder in the cache. A record that says the same already is left alone, so that a cache
    that may only be read is not written. Raises `OSError`.
    """
    for at in {record.commit, revision}:
        if recall(repository, at, file) == record:
            continue
        path = _path(repository, at, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{os.fsencode(path.name)[:200].decode(errors='ignore')}.tmp")
        temporary.write_text(json.dumps(asdict(record)), "utf-8")
        os.replace(temporary, path)  # noqa: PTH105 - in one step, on Windows too


def recall(repository: Path, revision: str, file: str) -> PullRecord | None:
    """Return what is remembered of a file; None where nothing is, or nothing that can be read."""
    with suppress(OSError, ValueError, TypeError):
        record = PullRecord(**json.loads(_path(repository, revision, file).read_text("utf-8")))
        if _COMMIT.fullmatch(record.commit) and _SHA256.fullmatch(record.sha256) and record.size > 0:
            return record
    return None


def recall_all(repository: Path, revision: str) -> Iterator[tuple[str, PullRecord]]:
    """Yield every file that is remembered at a revision, with its record."""
    folder = _folder(repository, revision)
    for path in matching(folder, "**/*.json"):
        file = path.relative_to(folder).as_posix().removesuffix(".json")
        record = recall(repository, revision, file)
        if record is not None:
            yield file, record


def revisions(repository: Path) -> list[str]:
    """List the branches and tags at which anything is remembered."""
    names = [unquote(path.name) for path in matching(repository / FOLDER, "*")]
    return [name for name in names if not _COMMIT.fullmatch(name)]


def forget(repository: Path, commit: str, file: str) -> None:
    """Drop what is remembered of a file at a commit, under whatever revision."""
    for revision in (commit, *revisions(repository)):
        record = recall(repository, revision, file)
        if record is not None and record.commit == commit:
            with suppress(OSError):
                _path(repository, revision, file).unlink()


def _folder(repository: Path, revision: str) -> Path:
    return repository / FOLDER / quote(revision, safe="")  # a branch may have slashes in its name


def _path(repository: Path, revision: str, file: str) -> Path:
    return _folder(repository, revision) / f"{file}.json"
