"""An object as a photograph of its own, transparent around it."""

from dataclasses import replace

import numpy as np

from inpaint.core.errors import MaskError
from inpaint.core.filling.regions import Box, box_around
from inpaint.core.filling.tone_curve import curve_of
from inpaint.core.images.photo import Photo
from inpaint.core.images.pixels import from_float
from inpaint.core.objects.composing import SURE
from inpaint.core.objects.cutout import cut_out
from inpaint.core.objects.nearest_colour import fill_nearest
from inpaint.core.objects.segmenting import SegmenterEngine


def cutout_photo(photo: Photo, box: Box, segmenter: SegmenterEngine | None = None, *, whole: bool = False) -> Photo:
    """Return the object in a box, with transparency around it, in the photograph's depth and colours.

    - `box`: around the object, as tight as a person draws it;
    - `segmenter`: as for `cut_out`;
    - `whole`: keep the size of the photograph, instead of what is just around the object.

    Pixels on the object's soft rim take the colour of the nearest pixel that is wholly object, so that nothing of the
    old background comes along. Raises `MaskError` for a box that cannot be used, and where nothing is found in it.
    """
    empty = np.zeros(photo.pixels.shape[:2], bool) if photo.empty is None else photo.empty
    alpha = cut_out(curve_of(photo.pixels, empty, box).encode(photo.pixels), box, segmenter)
    if photo.empty is not None:
        alpha[photo.empty] = 0
    if not (alpha > 0.5).any():
        raise MaskError(f"No object was found in the box at {box.left},{box.top}; draw it closer around the object.")
    part = Box(0, 0, *alpha.shape) if whole else box_around(alpha > 0)
    pixels = fill_nearest(photo.pixels[part.slices], alpha[part.slices] > SURE)
    opacity = from_float(alpha[part.slices], photo.pixels.dtype)
    return replace(photo, pixels=np.ascontiguousarray(pixels), alpha=opacity, extra=None)
