"""Filling the transparency of a layer: the outline of what is on it goes on through the hole.

An outline is filled as a surface of signed distances to it that bends as little as it can (a thin plate), and where the
surface is zero is the outline. Transparency that changes slowly, as behind a soft brush, is such a surface itself.
Bertalmio et al., "Image Inpainting" (2000), motivates continuing level lines; the thin plate is the classical smoothest
surface through given values (Duchon 1977).
"""

import cv2
import numpy as np

from inpaint.core.filling.regions import box_around, widened

OPAQUE = 0.995
"""Alpha above which a pixel counts as wholly there."""
SIDE = 64
"""Pixels on the longer side of the hole in which the surface is found; it is smooth, so that few are enough."""
SMALLEST = 16
"""Side of an array in which it is found from nothing."""
STEPS = 300
"""Most steps of the conjugate gradients, at each scale."""
ENOUGH = 1e-4
"""Share of the first residual at which they end."""
ROUNDS = 2
"""How often an outline is corrected where it is on the wrong side of known pixels."""
SOFT = 0.25
"""Share of neither transparent nor opaque pixels near an outline from which on the outline is soft."""


def fill_opacity(alpha: np.ndarray, hole: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Return alpha, H x W float32 in [0, 1], with values in the hole that continue those around it.

    - `alpha`: H x W float32, straight; what it is in the hole is not looked at;
    - `hole`: H x W bool, what is filled;
    - `unknown`: H x W bool, the hole and what else is not to be looked at.

    Where all around the hole is opaque, all of it becomes opaque.
    """
    result = np.where(hole, np.float32(1), np.clip(alpha, 0, 1)).astype(np.float32)
    rim = _dilated(hole, 3) & ~unknown
    values = result[rim]
    if not len(values) or values.min() >= OPAQUE:
        return result
    low, high = float(values.min()), float(values.max())
    if high - low < 1 - OPAQUE:
        result[hole] = (low + high) / 2
        return result
    box = box_around(hole)
    margin = max(16, max(box.height, box.width) // 2)
    near = widened(box, margin, margin, alpha.shape)
    part, inside, hidden = result[near.slices], hole[near.slices], unknown[near.slices]
    middle = (low + high) / 2
    between = (values > low + 0.1 * (high - low)) & (values < high - 0.1 * (high - low))
    if between.mean() > SOFT:
        part[inside] = np.clip(_smoothest(part, hidden)[inside], 0, 1)
        return result
    distance = _outline(part > middle, hidden)
    # Without a pixel between, the layer's outlines are hard ones.
    share = np.clip(distance + 0.5, 0, 1) if between.any() else (distance > 0).astype(np.float32)
    part[inside] = (low + (high - low) * share)[inside]
    return result


def _outline(there: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Return how far each pixel is from the outline of what is there, in pixels, below 0 outside of it.

    - `there`: H x W bool, not looked at where it is `unknown`; there the outline goes on.
    """
    inward = cv2.distanceTransform((there | unknown).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outward = cv2.distanceTransform((~there | unknown).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    to_unknown = cv2.distanceTransform((~unknown).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # The nearest outline that is seen need not be the nearest: that may lie in what is unknown, if it is as near.
    sure = ~unknown & (np.where(there, inward, outward) <= to_unknown)
    distance = np.where(there, inward - np.float32(0.5), np.float32(0.5) - outward)
    surface = _smoothest(distance, ~sure)
    for _ in range(ROUNDS):
        # Of the other known pixels the side is known.
        wrong = ~unknown & ~sure & ((surface > 0) != there)
        if not wrong.any():
            break
        sure |= wrong
        distance[wrong] = np.where(there[wrong], np.float32(0.5), np.float32(-0.5))
        surface = _smoothest(distance, ~sure)
    return surface


def _smoothest(values: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Return values, H x W float32, with the smoothest surface where they are unknown."""
    box = box_around(unknown)
    scale = min(1.0, SIDE / max(box.height, box.width))
    surface = _thin_plate(*_shrunk(values, unknown, scale))
    return cv2.resize(surface.astype(np.float32), values.shape[::-1], interpolation=cv2.INTER_CUBIC)


def _shrunk(values: np.ndarray, unknown: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Return known values at a smaller scale, as float64, and what is unknown there."""
    size = max(4, round(values.shape[1] * scale)), max(4, round(values.shape[0] * scale))
    known = cv2.resize((~unknown).astype(np.float64), size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(np.where(unknown, 0, values).astype(np.float64), size, interpolation=cv2.INTER_AREA)
    return small / np.maximum(known, 1e-6), known < 0.5


def _thin_plate(values: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Return the values with those that are unknown found by conjugate gradients: what bends least."""
    if max(values.shape) > SMALLEST and not unknown.all():
        # What bends over many pixels is found at half the scale, where it takes few steps.
        coarse = _thin_plate(*_shrunk(values, unknown, 0.5))
        start = cv2.resize(coarse, values.shape[::-1], interpolation=cv2.INTER_CUBIC)
    else:
        start = np.full_like(values, values[~unknown].mean() if not unknown.all() else 0)
    found = np.where(unknown, start, values)
    residual = -np.where(unknown, _bending(found), 0)
    direction = residual.copy()
    power = first = float((residual**2).sum())
    for _ in range(STEPS):
        if power <= ENOUGH**2 * first:
            break
        bent = np.where(unknown, _bending(direction), 0)
        step = power / float((direction * bent).sum())
        found += step * direction
        residual -= step * bent
        power, before = float((residual**2).sum()), power
        direction = residual + power / before * direction
    return found


def _bending(field: np.ndarray) -> np.ndarray:
    """Return half the gradient of the bending energy, the sum of all squared second differences; planes have none."""
    result = np.zeros_like(field)
    for view, out in ((field, result), (field.T, result.T)):
        second = view[:-2] - 2 * view[1:-1] + view[2:]
        out[:-2] += second
        out[1:-1] -= 2 * second
        out[2:] += second
    mixed = 2 * (field[:-1, :-1] - field[1:, :-1] - field[:-1, 1:] + field[1:, 1:])
    result[:-1, :-1] += mixed
    result[1:, :-1] -= mixed
    result[:-1, 1:] -= mixed
    result[1:, 1:] += mixed
    return result


def _dilated(mask: np.ndarray, pixels: int) -> np.ndarray:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return cv2.dilate(mask.view(np.uint8), kernel).view(bool)
