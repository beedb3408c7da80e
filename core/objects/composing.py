"""Put an object from one photograph into another so that it belongs there (guided inpainting, paper 000, section 4.4).

The object is cut out of its box, scaled, and pasted; its colours are fitted to the photograph, and, if the box is to be
replaced, the rest of the box is inpainted. Pixels outside the box stay as they are, to the bit.

Not called `compose`, because `inpaint.core.compose` is the function.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from inpaint.core.engines.engine import Engine
from inpaint.core.errors import MaskError
from inpaint.core.filling.fill import fill_pixels
from inpaint.core.filling.regions import Box, centred
from inpaint.core.images.memory_need import check_memory
from inpaint.core.images.pixels import from_float, to_float, white_of
from inpaint.core.objects.cutout import clip_box, cut_out
from inpaint.core.objects.harmonizing import SHOWN, find_object, fit
from inpaint.core.objects.joint import JointEngine
from inpaint.core.objects.nearest_colour import fill_nearest
from inpaint.core.objects.reinhard import colour_statistics, transfer_colour
from inpaint.core.objects.segmenting import SegmenterEngine

Around = Literal["keep", "inpaint"]
"""What becomes of the box around the object: the photograph's own pixels, or a fill as in the paper."""
CONTEXT = 512
"""The network and the fill see at least this many pixels beside the box, in all."""
SURE = 0.95
"""Alpha from which on a pixel shows the object's own colour and nothing else."""
TRANSFER = 0.6
"""How far colour transfer goes without a network; all the way is rarely right, because objects have colours too."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Composed:
    """A photograph with an object in it, and how it came about."""

    pixels: np.ndarray
    """H x W x 3 RGB, same dtype as the background."""
    mask: np.ndarray
    """H x W bool: which pixels may differ from the background's."""
    alpha: np.ndarray
    """H x W float32: how much of each pixel is the object."""
    opacity: np.ndarray | None
    """H x W: that of the background, and more where the object is or the box was filled; None if none was given."""
    box: Box
    """Where the object's box lies in the background, as far as it is inside."""
    method: str
    """"joint" or "transfer"."""
    notes: tuple[str, ...]
    """What the user should know."""


def compose(
    background: np.ndarray,
    object: np.ndarray,
    at: Box,
    *,
    object_box: Box | None = None,
    object_mask: np.ndarray | None = None,
    engine: JointEngine | Engine | None = None,
    segmenter: SegmenterEngine | None = None,
    around: Around = "keep",
    strength: float = 1.0,
    opacity: np.ndarray | None = None,
) -> Composed:
    """Put an object into a box of a photograph.

    - `background`: H x W x 3 RGB of uint8, uint16, or floats in [0, 1]; not changed;
    - `object`: h x w x 3, the photograph that holds the object, of any of these types;
    - `at`: the box of the background that the object's box is scaled to; it may reach beyond the edge;
    - `object_box`: the box around the object in its photograph; None = around all of `object_mask`;
    - `object_mask`: h x w bool, or floats in 0..1: how much of each pixel is the object; None = cut it out of the box;
    - `engine`: a joint model fits colours and fills; an inpainting model fills, and colours are transferred; None
      transfers colours and cannot fill;
    - `segmenter`: helps to cut the object out of its box; None = GrabCut alone;
    - `around`: "keep" leaves the photograph's own pixels around the object, "inpaint" replaces them, as the paper does;
    - `strength`: how far the colours are fitted, 0 = not at all;
    - `opacity`: H x W of the background's dtype, 0 = transparent, white = opaque; None = all is opaque. Colours under
      wholly transparent pixels are not looked at.

    Raises `MaskError` when box or mask cannot be used, and `EngineError` when the device fails.
    """
    notes: list[str] = []
    guide = to_float(object)
    cut, source = _foreground(guide, object_box, object_mask, segmenter)
    if object_box is not None and object_box != source:
        at = _part_of(at, object_box, source)
        notes.append("The object's box reaches beyond its photograph; only what lies inside is put in.")
    if at.height < 8 or at.width < 8:
        raise MaskError(f"{at.width} x {at.height} pixels are too few for an object; take at least 8 x 8.")
    check_memory("The object", at.width, at.height, guide.itemsize * 4, MaskError)
    place = clip_box(at, background.shape, "move it inwards")
    if place != at:
        notes.append("A part of the object lies outside the photograph and is left out.")
    colour, share = _scaled(guide[source.slices], cut[source.slices], at, place)
    if not (share > 0.5).any():
        raise MaskError("Nothing of the object lies inside the photograph; move the box.")
    # Everything happens in a window, so that a large photograph costs no more than a small one.
    window = centred(place, CONTEXT + 3 * place.height, CONTEXT + 3 * place.width, background.shape)
    picture = to_float(background[window.slices])
    inner = place._replace(top=place.top - window.top, left=place.left - window.left)
    alpha, hole = np.zeros(picture.shape[:2], np.float32), np.zeros(picture.shape[:2], bool)
    alpha[inner.slices] = share
    seen = np.ones_like(hole) if opacity is None else opacity[window.slices] > 0
    if not seen.all():
        picture = fill_nearest(picture, seen)
    if around == "inpaint":
        hole[inner.slices] = True
        if engine is None:
            raise MaskError("Without a model nothing can be inpainted around the object; keep its surroundings.")
        if hole.all():
            raise MaskError("The box covers the whole photograph, so there is nothing to fill from; make it smaller.")
        if not (seen & ~hole).any():
            raise MaskError("Everything around the box is transparent, so there is nothing to fill from; move it.")
    if not seen.any():
        fitted, behind = colour, picture[inner.slices]
        notes.append("Around the object the photograph is transparent, so the object keeps its colours.")
    elif isinstance(engine, JointEngine):
        fitted, behind = _joint(picture, colour, alpha, hole, inner, engine)
    else:
        fitted, behind = _transfer(picture, colour, alpha, hole, seen, inner), picture[inner.slices]
        if engine is not None and hole.any():
            filled = fill_pixels(picture, hole, engine, empty=~seen)
            notes += filled.notes
            behind = filled.pixels[inner.slices]
    fitted = strength * fitted + (1 - strength) * colour
    below = np.ones_like(share)
    if opacity is not None and around == "keep":
        below = (opacity[place.slices] / np.float32(white_of(background.dtype))).clip(0, 1)
    own, both = _over(share, below)
    values = own[..., None] * fitted + (1 - own[..., None]) * behind
    result, shape = background.copy(), background.shape[:2]
    mask, full = np.zeros(shape, bool), np.zeros(shape, np.float32)
    full[place.slices] = share
    changed = mask[place.slices]
    changed[...] = hole[inner.slices] | (share > 0)
    result[place.slices][changed] = from_float(values[changed], background.dtype)
    if opacity is not None:
        opacity = opacity.copy()
        opacity[place.slices][changed] = from_float(both[changed], opacity.dtype)
    method = "joint" if isinstance(engine, JointEngine) else "transfer"
    return Composed(pixels=result, mask=mask, alpha=full, opacity=opacity, box=place, method=method, notes=tuple(notes))


def _joint(
    picture: np.ndarray, colour: np.ndarray, alpha: np.ndarray, hole: np.ndarray, inner: Box, engine: JointEngine
) -> tuple[np.ndarray, np.ndarray]:
    """Return the box with the object's fitted colours, and the box without the object, from one run of the network."""
    share = alpha[inner.slices][..., None]
    own, pasted = picture.copy(), picture.copy()
    own[inner.slices] = colour
    pasted[inner.slices] = share * colour + (1 - share) * picture[inner.slices]
    done = fit(pasted, alpha, hole, inner, engine, own=own)
    there = inner._replace(top=inner.top - done.window.top, left=inner.left - done.window.left)
    behind = done.inpainted[there.slices] if hole.any() else picture[inner.slices]
    return done.harmonized[there.slices], behind


def _transfer(
    picture: np.ndarray, colour: np.ndarray, alpha: np.ndarray, hole: np.ndarray, seen: np.ndarray, inner: Box
) -> np.ndarray:
    """Return the box with the object's colours moved towards those seen around the hole, or around the object."""
    other = seen & (~hole if hole.any() else alpha < SHOWN)
    if not other.any():
        return colour
    own = colour_statistics(colour, alpha[inner.slices])
    return transfer_colour(colour, own, colour_statistics(picture, other), TRANSFER)


def _foreground(
    guide: np.ndarray, box: Box | None, mask: np.ndarray | None, segmenter: SegmenterEngine | None
) -> tuple[np.ndarray, Box]:
    """Return alpha of the whole guide, and the box that is carried over."""
    if mask is None:
        if box is None:
            raise MaskError("Say where the object is: give a box around it, or a mask.")
        box = clip_box(box, guide.shape)
        return cut_out(guide, box, segmenter), box
    if mask.shape != guide.shape[:2]:
        raise MaskError(
            f"The object's mask has {mask.shape[1]} x {mask.shape[0]} pixels and its picture {guide.shape[1]} x "
            f"{guide.shape[0]}; make the mask from the picture, in its full size."
        )
    alpha = mask.astype(np.float32).clip(0, 1)
    found = find_object(alpha)
    return alpha, found if box is None else clip_box(box, guide.shape)


def _part_of(at: Box, box: Box, part: Box) -> Box:
    """Return the part of `at` that corresponds to the `part` of a `box`."""
    down, across = at.height / box.height, at.width / box.width
    top, left = at.top + round((part.top - box.top) * down), at.left + round((part.left - box.left) * across)
    return Box(top, left, round(part.height * down), round(part.width * across))


def _scaled(colour: np.ndarray, alpha: np.ndarray, at: Box, place: Box) -> tuple[np.ndarray, np.ndarray]:
    """Return the object's colours and alpha in the size of `at`, cropped to the part `place` of it."""
    # Pixels on its soft rim hold some of what was behind it.
    colour = fill_nearest(colour, alpha > SURE)
    smaller = at.height * at.width < alpha.size
    there = (at.width, at.height)
    colour = cv2.resize(colour, there, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC).clip(0, 1)
    alpha = cv2.resize(alpha, there, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR).clip(0, 1)
    seen = Box(place.top - at.top, place.left - at.left, place.height, place.width)
    return colour[seen.slices], np.where(alpha < SHOWN, 0, alpha)[seen.slices].astype(np.float32)


def _over(share: np.ndarray, below: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much of what is seen is the object, and how opaque that is, with the object over what is `below`.

    All are H x W in [0, 1]. Porter and Duff 1984, "over", for colours that are not multiplied by their opacity.
    """
    both = below + share * (1 - below)
    return share / np.where(both > 0, both, 1), both
