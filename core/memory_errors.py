"""Telling short memory from all other failures, in a process that may not have loaded what failed."""


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether Python, numpy or OpenCV raised this because there was no memory to be had."""
    if isinstance(error, MemoryError):
        return True
    # StsNoMem, or what C++ throws; `cv2.error` keeps its code in the class, where another thread may replace it.
    opencv = type(error).__module__ == "cv2" and type(error).__name__ == "error"
    return opencv and any(sign in str(error) for sign in ("(-4:", "bad_alloc", "bad allocation"))
