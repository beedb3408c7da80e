"""Filling what a GIMP selection covers: soft edges, transparent surroundings, and how much of the fill shows where."""

from dataclasses import dataclass

import cv2
import numpy as np

from inpaint.core.engines.engine import Engine
from inpaint.core.errors import ImageError, MaskError
from inpaint.core.filling.fill import Detail, Progress, fill_pixels
from inpaint.core.filling.mask import grow as grow_mask
from inpaint.core.filling.regions import Box, box_around, widened
from inpaint.gimp_plugin.opacity import OPAQUE, fill_opacity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilledSelection:
    """The part of the layer that changes."""

    box: Box
    """Where it is in what was given."""
    rgba: np.ndarray
    """Height x width x 4 float32 of the box: the fill where `strength` is above 0, the old pixels elsewhere."""
    strength: np.ndarray
    """Height x width float32 of the box: share of the fill that is to show."""
    notes: tuple[str, ...]
    """What the user should know."""


def fill_selection(
    rgba: np.ndarray,
    selection: np.ndarray,
    engine: Engine,
    *,
    grow: int = 0,
    feather: int = 0,
    detail: Detail = "auto",
    part: Box | None = None,
    lock_alpha: bool = False,
    transparent: bool = False,
    progress: Progress | None = None,
) -> FilledSelection:
    """Fill the selected part of a layer, its transparency too.

    - `rgba`: H x W x 4 float32, sRGB with straight alpha, or H x W x 3 where all is opaque; values beyond [0, 1] are
      known pixels like others;
    - `selection`: H x W float32, 0 = not selected, 1 = selected, between = a soft edge;
    - `grow`: fill this many pixels around the selection as well;
    - `feather`: let the fill appear over this many pixels inside its rim;
    - `detail`: where the fine detail comes from, as for `inpaint.core.fill`;
    - `part`: fill only what is selected here, and take what is selected elsewhere as unknown; None for all;
    - `lock_alpha`: the layer's transparency stays as it is;
    - `transparent`: of what is selected fill what is not opaque, and make it so.

    Raises `MaskError` when nothing is selected, nothing around it is known, or no fill would show.
    """
    strength = np.clip(np.nan_to_num(selection), 0, 1)
    if transparent:
        alpha = rgba[..., 3] if rgba.shape[2] == 4 else np.ones_like(strength)
        strength = strength * (alpha < OPAQUE)
        if not strength.any():
            raise MaskError("Nothing here is transparent; enlarge the canvas first, or choose Fill Selection.")
    strength = _spread(strength, grow)
    elsewhere = None
    if part is not None:
        here = widened(part, grow, grow, strength.shape).slices
        elsewhere = strength > 0
        elsewhere[here] = False
        alone = np.zeros_like(strength)
        alone[here] = strength[here]
        strength = alone
    hole = strength > 0
    if not hole.any():
        raise MaskError("Nothing is selected on this layer; select what should go.")
    if hole.all():
        raise MaskError(
            "The selection covers the whole layer, so there is nothing around it to fill from; select less."
        )
    if lock_alpha and rgba.shape[2] == 4 and not (rgba[hole, 3] > 0).any():
        raise MaskError(
            "All that is selected is transparent, and the layer's transparency is locked, so that no fill would show; "
            "unlock it in the Layers dialog, or let the fill go to a layer above."
        )
    unknown = hole if elsewhere is None else hole | elsewhere
    box = box_around(hole)
    colours = known_colours(rgba, unknown)
    filled = fill_pixels(colours, hole, engine, detail=detail, empty=elsewhere, progress=progress)
    if feather:
        depth = cv2.distanceTransform(np.pad(hole.view(np.uint8), 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
        strength = strength * np.minimum(depth / np.float32(feather + 1), 1)
    result = replaced(rgba, box, hole, filled.pixels)
    if rgba.shape[2] == 4 and not transparent:
        result[..., 3] = fill_opacity(np.nan_to_num(rgba[..., 3]), hole, unknown)[box.slices]
    return FilledSelection(
        box=box, rgba=result, strength=np.ascontiguousarray(strength[box.slices], np.float32), notes=filled.notes
    )


def replaced(rgba: np.ndarray, box: Box, hole: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Return height x width x 4 float32: `box` of H x W x 3 or 4, with opaque `colours`, H x W x 3, in the hole."""
    inside = hole[box.slices]
    result = np.ones((box.height, box.width, 4), np.float32)
    result[..., : rgba.shape[2]] = rgba[box.slices]
    result[inside, :3] = colours[box.slices][inside]
    result[inside, 3] = 1
    return result


def known_colours(rgba: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return H x W x 3 float32 in [0, 1] for a network: transparent pixels get the colour of the nearest opaque one."""
    colours = np.clip(np.nan_to_num(rgba[..., :3]), 0, 1)
    if rgba.shape[2] == 3:
        return colours
    empty = (rgba[..., 3] <= 0) & ~hole
    if not empty.any():
        return colours
    known = ~(empty | hole)
    if not known.any():
        raise ImageError("Everything around the selection is transparent, so there is nothing to fill from.")
    _, labels = cv2.distanceTransformWithLabels(
        (~known).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # Each known pixel has a label of its own, and the others that of the nearest.
    labels = np.asarray(labels, np.intp)
    palette = np.zeros((int(labels.max()) + 1, 3), np.float32)
    palette[labels[known]] = colours[known]
    colours[empty] = palette[labels[empty]]
    return colours


def _spread(selection: np.ndarray, grow: int) -> np.ndarray:
    """Return the selection `grow` pixels larger; a soft edge stays soft."""
    if ((selection == 0) | (selection == 1)).all():
        return grow_mask(selection > 0, grow).astype(np.float32)
    return grow_mask(selection, grow)
