"""Fitting the colours of a pasted object to the photograph around it, in full size and any depth.

Not what decides where the object is, and not what fills around it: see `cutout` and `composing`. Not called
`harmonize`, because `inpaint.core.harmonize` is the function.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from inpaint.core.errors import MaskError
from inpaint.core.filling.regions import Box, box_around, centred
from inpaint.core.images.pixels import from_float, to_float
from inpaint.core.objects.guided_filter import repeat_change
from inpaint.core.objects.joint import JointEngine
from inpaint.core.objects.nearest_colour import fill_nearest
from inpaint.core.objects.reinhard import reinhard

ROOM = 1.8
"""The network sees a window this many times as large as the object or its box."""
SHOWN = 0.02
"""Alpha from which on a pixel shows something of the object."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What a joint model made of a composite, in full size."""

    window: Box
    """Which part of the composite it saw."""
    inpainted: np.ndarray
    """The window without the object, its hole filled: h x w x 3 float32 in [0, 1]."""
    harmonized: np.ndarray
    """The window with the object's new colours: h x w x 3 float32 in [0, 1]."""


def harmonize(
    composite: np.ndarray,
    foreground: np.ndarray,
    engine: JointEngine | None = None,
    *,
    strength: float = 1.0,
    empty: np.ndarray | None = None,
) -> np.ndarray:
    """Give an object that was pasted into a photograph the colours of its new surroundings.

    - `composite`: H x W x 3 RGB of uint8, uint16, or floats in [0, 1]; not changed;
    - `foreground`: H x W, how much of each pixel is the object: bool, or floats in 0..1;
    - `engine`: a joint model; None = Reinhard's colour transfer, without a network;
    - `strength`: 0 leaves the object, 1 does what the method says;
    - `empty`: H x W bool, where the colours mean nothing because nobody sees them; the object is not fitted to them.

    Returns the same kind as `composite`; pixels without any object come back exactly as they were. Raises `MaskError`
    for a mask without an object or with nothing to be seen beside it, and `EngineError` when the device fails.
    """
    alpha = check_foreground(foreground, composite.shape)
    picture = to_float(composite)
    seen = np.ones(alpha.shape, bool) if empty is None else ~empty
    around = seen & (alpha < SHOWN)
    if not around.any():
        raise MaskError("Everything around the object is transparent, so there is nothing to fit it to.")
    if engine is None:
        fitted = reinhard(picture, alpha, around)
    else:
        box = find_object(alpha)
        done = fit(fill_nearest(picture, seen | (alpha > 0)), alpha, np.zeros(alpha.shape, bool), box, engine)
        fitted = picture.copy()
        fitted[done.window.slices] = done.harmonized
    share = strength * alpha[..., None]
    result = composite.copy()
    inside = alpha > 0
    result[inside] = from_float((share * fitted + (1 - share) * picture)[inside], composite.dtype)
    return result


def fit(
    picture: np.ndarray,
    alpha: np.ndarray,
    hole: np.ndarray,
    box: Box,
    engine: JointEngine,
    *,
    own: np.ndarray | None = None,
) -> Fitted:
    """Run a joint model on the surroundings of a box, at the scale it was trained at, and enlarge what it did.

    - `picture`: H x W x 3 float32 in [0, 1], with the object in it;
    - `alpha`: H x W float32, how much of each pixel is the object;
    - `hole`: H x W bool, what to inpaint; where the object shows it is inpainted behind the object;
    - `box`: around object and hole;
    - `own`: H x W x 3, the object's own colours where `picture` mixes them with what is behind; None = `picture`.
    """
    native = engine.contract.native_size
    height, width = (max(native, round(ROOM * side)) for side in (box.height, box.width))
    window = centred(box, height, width, picture.shape)
    scale = min(1.0, native * 1.25 / max(window.height, window.width))
    part, share, missing = picture[window.slices], alpha[window.slices], hole[window.slices]
    small, small_share, small_missing = part, share, missing
    if scale < 1:
        there = max(1, round(window.width * scale)), max(1, round(window.height * scale))
        small = cv2.resize(part, there, interpolation=cv2.INTER_AREA)
        small_share = cv2.resize(share, there, interpolation=cv2.INTER_AREA)
        # As in `filling`: a small pixel with any hole in it has the hole's old colour in it.
        small_missing = cv2.resize(missing.astype(np.float32), there, interpolation=cv2.INTER_AREA) > 0
    core = small_share > 0.5
    if not core.any():
        core = small_share >= max(small_share.max(), SHOWN)
    inpainted, harmonized = engine.run(np.ascontiguousarray(small, np.float32), small_missing & ~core, core)
    if scale < 1:
        inpainted = cv2.resize(inpainted, (window.width, window.height), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    # What happened to the colours of the object's inside, done to the full-size object with its rim.
    changed = repeat_change(small, harmonized, core.astype(np.float32), part if own is None else own[window.slices])
    return Fitted(window, inpainted, changed.clip(0, 1))


def check_foreground(foreground: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a foreground as H x W float32 in 0..1. Raises `MaskError` when it is empty or everything."""
    if foreground.shape != shape[:2]:
        raise ValueError(f"the foreground must be {shape[:2]}, got {foreground.shape}")
    alpha = foreground.astype(np.float32)
    if not (alpha > 0.5).any():
        raise MaskError("There is no object in the mask: paint it white, or use --invert if you painted it black.")
    if (alpha >= SHOWN).all():
        raise MaskError("The object covers the whole picture, so there is nothing to fit it to; leave a part black.")
    return alpha.clip(0, 1)


def find_object(alpha: np.ndarray) -> Box:
    """Return the smallest box around everything that shows something of the object.

    Raises `MaskError` when there is none.
    """
    if not (alpha > 0.5).any():
        raise MaskError("There is no object in the mask; paint it white.")
    return box_around(alpha >= SHOWN)
