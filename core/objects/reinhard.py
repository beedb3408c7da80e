"""Reinhard's colour transfer: give an object the mean and the spread of colours of its surroundings (2001)."""

import cv2
import numpy as np

LEAST = 1e-3
"""Smallest spread of a channel that is divided by; of CIELAB's units."""


def colour_statistics(pixels: np.ndarray, weight: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of the CIELAB channels, 3 float64 each.

    pixels: H x W x 3 float32 RGB in [0, 1]. weight: H x W, how much each pixel counts; None = all alike.
    """
    lab = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float64)
    share = np.ones(len(lab)) if weight is None else weight.reshape(-1).astype(np.float64)
    share = share / max(share.sum(), 1e-9)
    mean = share @ lab
    return mean, np.sqrt(share @ (lab - mean) ** 2)


def transfer_colour(
    pixels: np.ndarray,
    source: tuple[np.ndarray, np.ndarray],
    target: tuple[np.ndarray, np.ndarray],
    strength: float = 1.0,
) -> np.ndarray:
    """Give pixels of one colour distribution another one (Reinhard et al. 2001, in CIELAB).

    - `pixels`: H x W x 3 float32 RGB in [0, 1];
    - `source`, `target`: `colour_statistics` of where the pixels are from and of what they should resemble;
    - `strength`: 0 leaves them, 1 gives them the target's mean and spread.

    Returns H x W x 3 float32 in [0, 1].
    """
    lab = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2LAB)
    factor = (target[1] + LEAST) / (source[1] + LEAST)
    factor, shift = 1 + strength * (factor - 1), strength * (target[0] - source[0])
    moved = (lab - source[0]) * factor + source[0] + shift
    return cv2.cvtColor(moved.astype(np.float32), cv2.COLOR_LAB2RGB).clip(0, 1)


def reinhard(composite: np.ndarray, foreground: np.ndarray, known: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """Give an object the colours of its surroundings.

    - `composite`: H x W x 3 float32 RGB in [0, 1];
    - `foreground`: H x W float in [0, 1], how much of a pixel is the object;
    - `known`: H x W, what to resemble: 1 (or True) = surroundings.

    Returns the composite with its foreground moved; unchanged where either region is empty.
    """
    if not foreground.any() or not known.any():
        return composite
    own, other = colour_statistics(composite, foreground), colour_statistics(composite, known)
    share = foreground[..., None].astype(np.float32)
    return share * transfer_colour(composite, own, other, strength) + (1 - share) * composite
