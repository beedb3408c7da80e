"""Putting an object from GIMP into the box of a selection: what is cut out, what goes, and what changes."""

from dataclasses import dataclass

import numpy as np

from inpaint.core.engines.engine import Engine
from inpaint.core.errors import MaskError
from inpaint.core.filling.fill import Progress, fill_pixels
from inpaint.core.filling.regions import Box, box_around
from inpaint.core.objects.composing import compose
from inpaint.core.objects.joint import JointEngine
from inpaint.gimp_plugin.selection import FilledSelection, known_colours, replaced

OPAQUE = 0.995
"""Alpha above which a pixel counts as wholly there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thing:
    """A part of a picture with an object in it."""

    rgba: np.ndarray
    """H x W x 4 float32, sRGB with straight alpha."""
    selection: np.ndarray
    """H x W float32, how much each pixel is selected there; 1 everywhere where nothing is."""
    box: Box
    """Where in it the object is."""

    def mask(self, cut_out: str) -> np.ndarray | None:
        """Return H x W float32, how much of a pixel is the object; None if that is still to be found out.

        cut_out: "given" takes what is selected and not transparent; "find" takes the transparency where there is some
        in the box, because somebody has cut the object out already.
        """
        alpha = np.clip(self.rgba[..., 3], 0, 1)
        if cut_out == "given":
            return alpha * np.clip(self.selection, 0, 1)
        return alpha if (alpha[self.box.slices] < OPAQUE).any() else None


def compose_selection(
    rgba: np.ndarray,
    selection: np.ndarray,
    thing: Thing,
    at: Box,
    *,
    engine: Engine,
    joint: JointEngine | None,
    cut_out: str = "find",
    surroundings: str = "keep",
    harmonize: bool = True,
    progress: Progress | None = None,
) -> FilledSelection:
    """Put an object into a layer.

    - `rgba`: H x W x 3 or 4 float32 of the layer, `selection`: H x W float32, as for `fill_selection`;
    - `at`: where the box of the object comes to lie;
    - `engine`: fills what is selected before the object comes, with `surroundings` = "fill"; with "keep" it stays;
    - `joint`: fits the object to its new place, with `harmonize`; None for a transfer of colours.

    Raises `MaskError` where there is no object.
    """
    hole = np.clip(np.nan_to_num(selection), 0, 1) > 0 if surroundings == "fill" else np.zeros(rgba.shape[:2], bool)
    if hole.all():
        raise MaskError("The selection covers the whole layer, with nothing around the object; select less.")
    colours, opacity = np.clip(np.nan_to_num(rgba[..., :3]), 0, 1), None
    if rgba.shape[2] == 4:
        opacity = np.where(hole, np.float32(1), np.clip(np.nan_to_num(rgba[..., 3]), 0, 1))
    if hole.any():
        colours = fill_pixels(known_colours(rgba, hole), hole, engine, progress=progress).pixels
    mask = thing.mask(cut_out)
    if mask is not None and not (mask[thing.box.slices] > 0).any():
        raise MaskError("The object's box is all transparent; choose another layer, or select the object there.")
    pasted = known_colours(thing.rgba, np.zeros(thing.rgba.shape[:2], bool))
    done = compose(
        colours,
        pasted,
        at,
        object_box=thing.box,
        object_mask=mask,
        engine=joint if harmonize else None,
        around="keep",
        strength=1.0 if harmonize else 0.0,
        opacity=opacity,
    )
    changed = hole | done.mask
    box = box_around(changed)
    result = replaced(rgba, box, changed, done.pixels)
    if done.opacity is not None:
        result[..., 3] = done.opacity[box.slices]
    return FilledSelection(box=box, rgba=result, strength=changed[box.slices].astype(np.float32), notes=done.notes)
