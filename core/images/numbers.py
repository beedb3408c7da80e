"""Floats that are no colours: NaN and infinity, and a white that is somewhere else than at 1."""

from pathlib import Path

import numpy as np

from inpaint.core.errors import ImageError, InpaintError


def check_numbers(array: np.ndarray, name: Path | str, error: type[InpaintError] = ImageError) -> None:
    """Raise an `error` that names the picture for floats that are none in [0, 1]; any shape."""
    if array.dtype.kind != "f":
        return
    check_finite(array, name, error)
    step = max(1, int(np.sqrt(array.size / 1e6)))
    middle = float(np.median(array[::step, ::step]))
    if middle > 1:
        raise error(
            f"{name} has floating-point values around {middle:.4g}, and white is 1.0; divide them so that it is."
        )


def check_finite(array: np.ndarray, name: Path | str, error: type[InpaintError] = ImageError) -> None:
    """Raise an `error` that names the picture for NaN and infinite values."""
    if said := _not_finite(array):
        raise error(f"{name} holds NaN or infinite values ({said}); replace them by numbers first.")


def note_numbers(array: np.ndarray, name: str) -> list[str]:
    """Return a note on NaN and infinite values, H x W x C, which a fill does not look at.

    Raises `ImageError` when there is nothing else.
    """
    if said := _not_finite(array):
        if not np.isfinite(array).all(axis=-1).any():
            raise ImageError(f"{name} holds nothing but NaN and infinite values; get it again from its source.")
        return [
            f"{name} holds NaN or infinite values ({said}); they are replaced where they lie in the hole, and kept "
            "elsewhere."
        ]
    return []


def _not_finite(array: np.ndarray) -> str:
    """Return how many values are no finite numbers, and where the first is; nothing when all are."""
    if array.dtype.kind != "f" or not (bad := ~np.isfinite(array)).any():
        return ""
    row, column = np.argwhere(bad)[0][:2]
    return f"{int(bad.sum())}, the first in column {column} of row {row}"
