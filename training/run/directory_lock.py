"""One training at a time writes into a run directory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inpaint.core.errors import OutputError

LOCK_FILE = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from training into a folder, which is made if need be, until the end of the block.

    The system releases the lock when its process ends, however it ends. Raises `OutputError` where another process
    has it. On Windows, and on network drives without locks, nothing is kept from anybody.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise OutputError(f"The run directory {folder} cannot be written ({error.strerror}).") from error
    try:
        try:
            # Unlike flock's, this lock is not inherited by the processes that decode, which may live a little longer.
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            raise OutputError(
                f"Another training writes into {folder}; wait for its end, or give another --out."
            ) from error
        except OSError:  # a network drive without locks
            pass
        yield
    finally:
        os.close(file)
