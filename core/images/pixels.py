"""Pixels of any depth as floats, and back: uint8, uint16 and floats in [0, 1]."""

import numpy as np


def white_of(dtype: np.dtype) -> float:
    """Return the value of white, and of opaque, in arrays of `dtype`: 1.0 for floats."""
    return float(np.iinfo(dtype).max) if np.issubdtype(dtype, np.integer) else 1.0


def check_picture(pixels: np.ndarray) -> None:
    """Raise `ValueError` unless `pixels` is H x W x 3 of a depth that pictures have."""
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"the picture must be H x W x 3, got {pixels.shape}")
    if pixels.dtype not in (np.uint8, np.uint16) and not np.issubdtype(pixels.dtype, np.floating):
        raise ValueError(f"the picture must be uint8, uint16 or floating point, got {pixels.dtype}")


def to_float(pixels: np.ndarray) -> np.ndarray:
    """Return a picture as H x W x 3 float32 in [0, 1]."""
    check_picture(pixels)
    return pixels.astype(np.float32) / np.float32(white_of(pixels.dtype))


def from_float(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return floats in [0, 1] in the depth of a picture; any shape."""
    if np.issubdtype(dtype, np.integer):
        white = white_of(dtype)
        return np.rint(values.astype(np.float64) * white).clip(0, white).astype(dtype)
    return values.astype(dtype)
