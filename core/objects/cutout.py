"""From a box around an object to how much of each pixel is that object: a network or GrabCut, and a soft edge.

GrabCut (Rother et al. 2004) learns the colours inside and outside the box from the picture itself, so there is nothing
to download; a network knows what objects look like, but not their edges to the pixel. The guided filter then lets the
edge follow hair and blur.
"""

from itertools import product

import cv2
import numpy as np

from inpaint.core.errors import MaskError
from inpaint.core.filling.regions import Box, widened
from inpaint.core.memory_errors import is_out_of_memory
from inpaint.core.objects.guided_filter import guided_filter
from inpaint.core.objects.segmenting import SegmenterEngine

WORKING_SIDE = 400
"""Longer side in pixels of the copy that GrabCut looks at; its edges are refined in full size afterwards."""
CONTEXT = 0.35
"""How much around the box GrabCut sees, as a share of the box's sides: its idea of what is not the object."""
ROUNDS = 6
TILE = 512
"""Side in pixels of the squares whose edges are softened at once."""
CERTAIN = 0.9
"""Probability from which on the network is believed."""


def cut_out(pixels: np.ndarray, box: Box, segmenter: SegmenterEngine | None = None, *, soft: bool = True) -> np.ndarray:
    """Return how much of each pixel is the object in a box.

    - `pixels`: H x W x 3 float32 RGB in [0, 1];
    - `box`: around the object, as tight as a person draws it; the object may touch the picture's edge;
    - `segmenter`: a network that has seen many objects; None = GrabCut, which knows this picture only;
    - `soft`: give the edge a smooth transition, instead of one step.

    Returns H x W float32 in [0, 1], 0 outside the box. Raises `MaskError` for a box outside the picture or too small.
    """
    box = clip_box(box, pixels.shape)
    down, across = (max(8, round(CONTEXT * side)) for side in (box.height, box.width))
    window = widened(box, down, across, pixels.shape)
    part = pixels[window.slices]
    inside = Box(box.top - window.top, box.left - window.left, box.height, box.width)
    rough = _grab_cut(part, inside, None if segmenter is None else segmenter.run(part, inside))
    if soft:
        rough = soften(part, rough)
    alpha = np.zeros(pixels.shape[:2], np.float32)
    kept = np.zeros_like(rough)
    kept[inside.slices] = rough[inside.slices]
    alpha[window.slices] = kept
    return alpha


def soften(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Let the edge of a mask follow the picture: H x W x 3 float32 in [0, 1], H x W in 0..1, returns H x W float32.

    Only a narrow band along the edge changes; the inside stays 1 and the outside 0.
    """
    hard = mask.astype(np.float32)
    radius = max(2, round(min(mask.shape) / 100))
    square = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    inner, outer = cv2.erode(hard, square), cv2.dilate(hard, square)
    soft = hard.copy()
    height, width = hard.shape
    # The filter takes some 200 bytes a pixel, and along the edge of a large object most pixels are far from it.
    for top, left in product(range(0, height, TILE), range(0, width, TILE)):
        tile = np.s_[top : top + TILE, left : left + TILE]
        if (inner[tile] == outer[tile]).all():
            continue
        above, before = min(top, 2 * radius), min(left, 2 * radius)
        around = np.s_[top - above : top + TILE + 2 * radius, left - before : left + TILE + 2 * radius]
        part = guided_filter(pixels[around], hard[around], radius, 1e-5)[above:, before:]
        soft[tile] = part[: soft[tile].shape[0], : soft[tile].shape[1]]
    # The filter never quite arrives at 0 and 1; a fifth on each side is its noise.
    return np.clip(((soft - 0.2) / 0.6).clip(0, 1), inner, outer)


def clip_box(box: Box, shape: tuple[int, ...], advice: str = "draw it around the object") -> Box:
    """Return the part of a box that lies in a picture of this shape. Raises `MaskError` with advice for too little."""
    top, left = max(0, box.top), max(0, box.left)
    bottom, right = min(shape[0], box.top + box.height), min(shape[1], box.left + box.width)
    if bottom - top < 8 or right - left < 8:
        raise MaskError(
            f"The box at {box.left},{box.top} of {box.width} x {box.height} pixels leaves less than 8 x 8 inside the "
            f"picture of {shape[1]} x {shape[0]}; {advice}."
        )
    return Box(top, left, bottom - top, right - left)


def _grab_cut(part: np.ndarray, inside: Box, likely: np.ndarray | None) -> np.ndarray:
    """Return h x w float32 of 0 and 1 for a window, in its full size.

    likely: h x w, what a network thinks of each pixel, for GrabCut to start from; None = what the box suggests.
    """
    scale = min(1.0, WORKING_SIDE / max(part.shape[:2]))
    small = part
    if scale < 1:
        there = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
        small = cv2.resize(part, there, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    # Of a wire in a large window, too, a row or column is left.
    top, left = min(round(inside.top * scale), height - 1), min(round(inside.left * scale), width - 1)
    bottom = max(top + 1, min(height, round((inside.top + inside.height) * scale)))
    right = max(left + 1, min(width, round((inside.left + inside.width) * scale)))
    seeds = np.full((height, width), cv2.GC_BGD, np.uint8)
    prior = (
        _prior(bottom - top, right - left)
        if likely is None
        else _trust(cv2.resize(likely, (width, height)), top, left, bottom, right)
    )
    seeds[top:bottom, left:right] = prior
    if not (seeds == cv2.GC_BGD).any():
        # The box is the whole picture: its corners are the best guess at what is not the object.
        rim = max(1, min(height, width) // 40)
        for rows in (slice(0, rim), slice(height - rim, height)):
            for columns in (slice(0, width // 6), slice(width - width // 6, width)):
                seeds[rows, columns] = cv2.GC_BGD
    cv2.setRNGSeed(0)  # its clusters start at random
    models = np.zeros((1, 65)), np.zeros((1, 65))
    image = np.rint(small[..., ::-1] * 255).clip(0, 255).astype(np.uint8)
    try:
        cv2.grabCut(np.ascontiguousarray(image), seeds, (0, 0, width, height), *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error as error:
        if is_out_of_memory(error):
            raise
        # Nothing to tell apart, such as a box of one colour.
        seeds = np.where(seeds == cv2.GC_BGD, cv2.GC_BGD, cv2.GC_PR_FGD).astype(np.uint8)
    mask = ((seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD)).astype(np.uint8)
    mask = _tidy(mask)
    if not mask.any():
        mask[top:bottom, left:right] = (prior == cv2.GC_PR_FGD) | (prior == cv2.GC_FGD)
    large = mask.astype(np.float32)
    if scale < 1:
        large = cv2.resize(large, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_CUBIC)
    return (large > 0.5).astype(np.float32)


def _trust(likely: np.ndarray, top: int, left: int, bottom: int, right: int) -> np.ndarray:
    """Return what a network suggests inside the box: where it is sure GrabCut may not disagree."""
    inside = likely[top:bottom, left:right]
    seeds = np.where(inside > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    seeds[inside > CERTAIN] = cv2.GC_FGD
    seeds[inside < 1 - CERTAIN] = cv2.GC_BGD
    return seeds if (seeds & 1).any() else _prior(bottom - top, right - left)


def _prior(height: int, width: int) -> np.ndarray:
    """Return what a box alone suggests: probably object in its ellipse, probably not in its corners."""
    rows, columns = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    ellipse = rows**2 + columns**2 <= 1.15
    return np.where(ellipse, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)


def _tidy(mask: np.ndarray) -> np.ndarray:
    """Drop pieces smaller than a tenth of the largest, and close holes smaller than a hundredth."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return mask
    least = stats[1:, cv2.CC_STAT_AREA].max() / 10
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < least:
            mask[labels == label] = 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - mask, connectivity=4)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < least / 10:
            mask[labels == label] = 1
    return mask
