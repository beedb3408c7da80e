"""What this machine has to run a model on, found out without importing or starting anything large."""

import ctypes
import os
import sys
from functools import cache
from pathlib import Path
from typing import Literal

_TOPOLOGY = Path("/sys/devices/system/cpu")
_CONTAINER = Path("/sys/fs/cgroup/memory.max")


def physical_cores() -> int:
    """Return how many physical cores this process may use; 0, ONNX Runtime's own count, where that is not told.

    Two threads on one core share the arithmetic units that convolutions keep busy, so more threads are slower.
    """
    if not hasattr(os, "sched_getaffinity"):
        return 0
    allowed = os.sched_getaffinity(0)
    try:
        # Each file lists the logical processors of one core, so equal texts are one core.
        return len({(_TOPOLOGY / f"cpu{i}/topology/thread_siblings_list").read_text() for i in allowed})
    except OSError:
        return len(allowed)


def memory() -> int:
    """Return how many bytes of memory this process may use, as far as the system tells; 4 GiB where it does not."""
    limits = []
    try:
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        limits.append(int(_CONTAINER.read_text()))
    except (AttributeError, OSError, ValueError):  # Windows; no container; a container without a limit says "max"
        pass
    return min(limits, default=4 * 1024**3)


def expected(device: Literal["auto", "cpu", "cuda"]) -> Literal["cpu", "cuda"]:
    """Return where a model most likely runs that is asked for on `device`: a GPU may yet turn out not to work."""
    return "cpu" if device == "cpu" or (device == "auto" and not cuda_devices()) else "cuda"


@cache
def cuda_devices() -> int:
    """Return how many NVIDIA GPUs the driver offers; 0 without a driver."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(name)
        count = ctypes.c_int(0)
        if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
            return 0
    except (OSError, AttributeError):
        return 0
    return count.value
