"""Pixels of any depth as floats, and back: uint8, uint16 and floats in [0, 1]."""

import numpy as np


def white_of(pixels: np.ndarray) -> float:
    """Return the value of white in a picture (H x W x 3), whose layout it checks."""
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"the picture must be H x W x 3, got {pixels.shape}")
    if pixels.dtype in (np.uint8, np.uint16):
        return float(np.iinfo(pixels.dtype).max)
    if np.issubdtype(pixels.dtype, np.floating):
        return 1.0
    raise ValueError(f"the picture must be uint8, uint16 or floating point, got {pixels.dtype}")


def to_float(pixels: np.ndarray) -> np.ndarray:
    """Return a picture as H x W x 3 float32 in [0, 1]."""
    return pixels.astype(np.float32) / np.float32(white_of(pixels))


def from_float(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return floats in [0, 1] in the depth of a picture; any shape."""
    if np.issubdtype(dtype, np.integer):
        white = np.iinfo(dtype).max
        return np.rint(values.astype(np.float64) * white).clip(0, white).astype(dtype)
    return values.astype(dtype)
