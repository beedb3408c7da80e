"""Fingerprints of files: has this one changed since?"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a file was when it was looked at."""

    bytes: int
    """Its size."""
    modified_ns: int
    """When it was last changed, in nanoseconds since 1970."""
    sha256: str
    """Of its content, in hex."""


def take_fingerprint(path: Path) -> Fingerprint:
    """Return the fingerprint of a file. Raises OSError."""
    status = path.stat()
    return Fingerprint(status.st_size, status.st_mtime_ns, _sha256(path, status.st_size, status.st_mtime_ns))


def is_unchanged(path: Path, before: Fingerprint) -> bool:
    """Say whether a file is what it was: of that size, and of that time or else of that content."""
    try:
        status = path.stat()
        if status.st_size != before.bytes:
            return False
        return status.st_mtime_ns == before.modified_ns or take_fingerprint(path).sha256 == before.sha256
    except OSError:
        return False


@lru_cache(maxsize=8)  # one mask may serve ten thousand photographs
def _sha256(path: Path, size: int, modified_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
