"""A reversible curve from the values of a window to [0, 1], what networks and texture look at, and back.

Whole numbers, and floats in [0, 1] that are not all dark, are only divided by white. Floats of light in a scene may be
negative, and 10,000 where the sun is; those go through a logarithm that is linear around 0 (asinh), as much of it as
the values need.
"""

from dataclasses import dataclass

import numpy as np

from inpaint.core.filling.regions import Box, widened
from inpaint.core.images.pixels import white_of

DARK = 1 / 16
"""Floats that stay below this are made brighter: the errors of a network would be as large as they are."""
MIDDLE = 0.25
"""Where the curve puts the middle of the values at least, as seen from 0 to the largest."""
STEEPEST = 1e-9
"""The least that the linear part may be, as a share of the largest value."""
HEADROOM = 4
"""How many times brighter than what is near the hole the network and the fill can be."""
_NEAR = 16
_ROWS_AT_ONCE = 256
_TINY = 1e-30


@dataclass(frozen=True, slots=True)
class ToneCurve:
    """The curve of one window, rising: `low` becomes 0, `high` becomes 1, and what lies beyond is cut off."""

    dtype: np.dtype
    low: float
    high: float
    linear: float | None = None
    """Size of the values around 0 that the curve treats alike; larger ones count by their logarithm. None: all do."""

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """Return values of `dtype` as float32 in [0, 1]; any shape. What is no number becomes 0."""
        if self.linear is None and self.low == 0:
            values = pixels.astype(np.float32)
            values /= np.float32(self.high)
        else:
            # Numbers of 64 bits may be larger than any of 32.
            values = pixels.astype(np.promote_types(self.dtype, np.float32))
            np.clip(values, self.low, self.high, out=values)
            start, end = self._bent(self.low), self._bent(self.high)
            if self.linear is not None:
                values /= self.linear
                np.arcsinh(values, out=values)
            values -= start
            values /= end - start
            values = values.astype(np.float32, copy=False)
        np.clip(values, 0, 1, out=values)
        if self.dtype.kind == "f":
            np.nan_to_num(values, copy=False, nan=0)
        return values

    def decode(self, values: np.ndarray) -> np.ndarray:
        """Return values in [0, 1] as `dtype`, whole numbers rounded; any shape."""
        if self.dtype.kind != "f":
            white = np.float32(self.high)
            return np.rint(values * white).clip(0, white).astype(self.dtype)
        if self.linear is None and self.low == 0:
            return (values * np.float32(self.high)).astype(self.dtype)
        start, end = self._bent(self.low), self._bent(self.high)
        bent = values.astype(np.float64) * (end - start) + start
        if self.linear is not None:
            bent = np.sinh(bent) * self.linear
        return bent.clip(self.low, self.high).astype(self.dtype)

    def _bent(self, value: float) -> float:
        """Return where the curve puts a value before that is brought to [0, 1]."""
        return value if self.linear is None else float(np.arcsinh(value / self.linear))


def curve_of(window: np.ndarray, unknown: np.ndarray, box: Box) -> ToneCurve:
    """Return the curve for a window whose hole is to be filled.

    - `window`: H x W x C, whole numbers or floats;
    - `unknown`: H x W bool, what is not looked at. Neither are values that are no finite numbers;
    - `box`: of the hole, in the window. What is far brighter than everything near it is cut off, as the sun is in any
      photograph, so that the fill does not suffer from it.
    """
    if window.dtype.kind != "f":
        return ToneCurve(window.dtype, 0.0, white_of(window.dtype))
    least, most = _range(window, unknown)
    if least >= 0 and (DARK <= most <= 1 or most < _TINY):
        return ToneCurve(window.dtype, 0.0, 1.0)
    near = widened(box, max(_NEAR, box.height // 2), max(_NEAR, box.width // 2), unknown.shape)
    values = window[near.slices][~unknown[near.slices]]
    values = np.abs(values[np.isfinite(values) & (values != 0)])
    if not values.size:
        values = np.array([max(most, -least)])
    reach = HEADROOM * max(float(values.max()), _TINY)
    low, high = min(0.0, max(least, -reach)), max(0.0, min(most, reach))
    largest = max(-low, high)
    return ToneCurve(window.dtype, low, high, _linear_part(min(float(np.median(values)), largest), largest))


def _range(window: np.ndarray, unknown: np.ndarray) -> tuple[float, float]:
    """Return the least and the largest of the finite known values, in bands to save memory; zeros where are none."""
    ranges = []
    for top in range(0, len(window), _ROWS_AT_ONCE):
        values = window[top : top + _ROWS_AT_ONCE][~unknown[top : top + _ROWS_AT_ONCE]]
        values = values[np.isfinite(values)]
        if values.size:
            ranges.append((float(values.min()), float(values.max())))
    return (min(least for least, _ in ranges), max(most for _, most in ranges)) if ranges else (0.0, 0.0)


def _linear_part(middle: float, largest: float) -> float | None:
    """Return how much of the curve is linear, so that the middle is at `MIDDLE`; None where it is without a curve."""
    if middle >= MIDDLE * largest:
        return None
    least, most = np.log(STEEPEST), np.log(1e3)
    for _ in range(60):
        part = np.exp((least + most) / 2)
        if np.arcsinh(middle / largest / part) < MIDDLE * np.arcsinh(1 / part):
            most = np.log(part)
        else:
            least = np.log(part)
    return float(np.exp(least)) * largest
