"""Locks between processes, which the system releases when their owner ends, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

STEP = 0.05
"""Seconds between two tries."""


class FileLock:
    """An exclusive lock on a file. The file stays; what counts is who holds it open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, timeout: float = 0.0, on_wait: Callable[[], None] | None = None) -> bool:
        """Try for `timeout` seconds, calling `on_wait` between two tries; return whether it worked."""
        end = monotonic() + timeout
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            while not _lock(descriptor):
                if monotonic() >= end:
                    return False
                if on_wait is not None:
                    on_wait()
                sleep(STEP)
            self._descriptor, descriptor = descriptor, -1
            return True
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def release(self) -> None:
        """Give the lock up, if it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
