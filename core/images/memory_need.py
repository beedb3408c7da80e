"""Refusing pictures that do not fit into memory before they are decoded: the only limit on their size."""

from pathlib import Path

from inpaint.core.available_memory import available_memory
from inpaint.core.errors import InpaintError

TIMES = 2.5
"""What reading, filling and writing a picture takes at most, in multiples of the decoded picture; see
benchmarks/memory.py."""
SMALL = 256 * 2**20
"""Bytes that are not asked for."""


def check_memory(name: Path | str, width: int, height: int, bytes_per_pixel: float, error: type[InpaintError]) -> None:
    """Raise an `error` that names the picture when it needs more memory than there is.

    - `bytes_per_pixel`: of the decoded picture, all channels together.
    """
    need = TIMES * width * height * bytes_per_pixel
    if need <= SMALL:
        return
    there = available_memory()
    if there is not None and need > there:
        raise error(
            f"{name} has {width * height / 1e6:.0f} megapixels, which take {_gigabytes(need)} of memory, and "
            f"{_gigabytes(there)} are free; close other programs, make it smaller or cut it into parts."
        )


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB"
