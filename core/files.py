"""Writing files so that what was there before is either untouched or fully replaced."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from inpaint.core.errors import OutputError


@contextmanager
def atomic_write(path: str | Path) -> Iterator[BinaryIO]:
    """Open `path` for writing bytes; it takes its final name only when the block ends without an error.

    The bytes go to a temporary file in the same folder, reach the disk, and then replace `path` in one step. A
    failure removes the temporary file and leaves `path` as it was. A link is followed, so that the file it points to
    is replaced and the link stays. A replaced file keeps its permissions; a new one gets those of the umask.

    Raises `OutputError` when the file cannot be written.
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:200]}.tmp{secrets.token_hex(4)}")
    try:
        check_writable(path)
        # Not tempfile: its files are for their owner only, and the result would inherit that.
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, temporary)
            os.replace(temporary, target)  # noqa: PTH105 - the atomic one, on Windows too
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(_sentence(path, error)) from error


def check_writable(path: str | Path) -> None:
    """Raise `OutputError` when it is plain before any work that `path` cannot be written."""
    path = Path(path)
    if path.is_dir():
        raise OutputError(f"{path} is a folder; give the name of a file.")
    if not path.parent.is_dir():
        raise OutputError(f"The folder {path.parent} does not exist; make it first.")
    if not os.access(Path(os.path.realpath(path)).parent, os.W_OK):
        raise OutputError(f"You may not write into the folder {path.parent}; choose another.")


def _sentence(path: Path, error: OSError) -> str:
    """Say what `error` means for somebody who wanted `path`."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"You may not write {path}; choose another folder or change its permissions."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full, and {path} was not written; make room or choose another disk."
    if error.errno == errno.EISDIR:
        return f"{path} is a folder; give the name of a file."
    if error.errno == errno.ENOENT:
        return f"The folder {path.parent} does not exist; make it first."
    return f"{path} could not be written: {error.strerror or error}."
