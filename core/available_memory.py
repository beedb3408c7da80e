"""How much memory this process can still take, as far as the system tells."""

import ctypes
import os
import sys
from pathlib import Path

_SYSTEM = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")


def available_memory() -> int | None:
    """Return how many bytes can still be had, swap space among them; None where the system does not say."""
    found = [size for size in (_of_system(), _of_container()) if size is not None]
    return min(found, default=None)


def _of_system() -> int | None:
    """Return what the whole machine has left."""
    if sys.platform == "win32":
        return _of_windows()
    try:
        lines = (line.split() for line in _SYSTEM.read_text().splitlines())
        kilobytes = {words[0]: int(words[1]) for words in lines if len(words) > 1}
        return 1024 * (kilobytes["MemAvailable:"] + kilobytes.get("SwapFree:", 0))
    except (OSError, KeyError, ValueError):
        pass
    try:
        # macOS gives back what it has cached and compressed, and does not say how much that is.
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _of_container() -> int | None:
    """Return what the container leaves, if there is one with a limit: files that it has cached can be given up."""
    try:
        limit = int((_CONTAINER / "memory.max").read_text())
        used = int((_CONTAINER / "memory.current").read_text())
        lines = (line.split() for line in (_CONTAINER / "memory.stat").read_text().splitlines())
        cached = {words[0]: int(words[1]) for words in lines}
        return max(0, limit - used + cached.get("inactive_file", 0) + cached.get("active_file", 0))
    except (OSError, ValueError, IndexError):  # a container without a limit says "max"
        return None


def _of_windows() -> int | None:
    """Return what can be committed: memory and the paging file."""

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            *((name, ctypes.c_uint64) for name in ("total", "free", "total_page", "free_page", "all", "left", "more")),
        )

    status = Status(length=ctypes.sizeof(Status))
    # Only Windows has it, as type checkers elsewhere know.
    library = getattr(ctypes, "WinDLL")("kernel32")  # noqa: B009
    if not library.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.free_page)
