"""What a person may say about where the hole is, and the mask that comes of it."""

import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from inpaint.core.errors import MaskError
from inpaint.core.filling.mask import WHITE, check_mask, harden, unite
from inpaint.core.filling.mask_file import read_mask
from inpaint.core.filling.mask_fit import Fit, check_size, fit_mask
from inpaint.core.filling.mask_greys import judge
from inpaint.core.filling.mask_numbers import listed, numbers_of, used_values
from inpaint.core.filling.regions import Box
from inpaint.core.images.channels import read_channels
from inpaint.core.images.photo import Photo
from inpaint.core.images.pixels import white_of
from inpaint.weights.paths import is_file, is_folder

SUFFIXES = (".png", ".tif", ".tiff", ".webp", ".bmp", ".jpg", ".jpeg")
"""Of mask files that belong to an image by name, in no order: two of them are an error."""
ENDINGS = ("", "_mask", "-mask", ".mask", "_mask001")
"""What may stand between the image's stem and the suffix of its mask."""
_FEW_VALUES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskChoice:
    """Where the hole is: in a mask file, in the image's transparency, in boxes, in a colour; or in several of them."""

    file: Path | None = None
    """A picture of the image's size: white = hole, a grey edge = part of the fill shows."""
    page: int | None = None
    """Page of that file, from 1; without a file, of the image's own."""
    channel: int | None = None
    """Channel of that file, from 1; without a file, of the image's own."""
    fit: Fit = "exact"
    """What is done with a file of another size."""
    labels: tuple[int, ...] = ()
    """Numbers in the file that are hole; all that is not 0 when there are none."""
    soft: bool = False
    """Take greys, and partial transparency, as how much of the fill shows, whatever they look like."""
    alpha: bool = False
    """What is transparent in the image is the hole, and opaque in the result."""
    boxes: tuple[Box, ...] = ()
    """In pixels of the upright image. What lies outside of it is cut off."""
    color: tuple[float, float, float] | None = None
    """RGB 0..255, with fractions for files of 16 bits: pixels of this colour are the hole, in the mask file if there is
    one and else in the image."""
    at_border: bool = False
    """Of the colour, only areas that touch the border of the picture."""
    tolerance: int = 10
    """How far each channel may be from `color`, in steps of 1/255."""
    invert: bool = False
    """Turn round what file, alpha and colour say; not the boxes."""
    threshold: int | None = None
    """Grey values of 0..255 from this on are hole, and there is no soft edge. None: grey is soft."""

    def inside(self, image: Path) -> "MaskChoice":
        """Return the same choice, with the file of the image where a part of it is the mask."""
        own = self.file is None and (self.page is not None or self.channel is not None)
        return replace(self, file=image) if own else self


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BuiltMask:
    """A mask that can be filled."""

    levels: np.ndarray
    """H x W bool, True = hole; or H x W uint8, 0 = known, else the share of the fill that shows, 255 = all of it."""
    opaque: bool
    """Whether the hole is to be opaque in the result, because the image's transparency said where it is."""
    notes: tuple[str, ...] = ()
    """What the user should know."""


def build_mask(photo: Photo, choice: MaskChoice) -> BuiltMask:
    """Return the mask that `choice` means for `photo`: everything that any of its parts calls hole.

    Raises `MaskError` when nothing was chosen, when a part cannot be had or does not fit, and when the hole is empty or
    covers everything.
    """
    notes: list[str] = []
    parts: list[np.ndarray] = []
    if choice.color is not None:
        hole, said = _by_color(photo, choice, choice.color)
        parts.append(hole)
        notes.extend(said)
    elif choice.file is not None:
        levels, said = read_mask(
            choice.file,
            photo.size,
            threshold=choice.threshold,
            invert=choice.invert,
            labels=choice.labels,
            soft=choice.soft,
            page=choice.page,
            channel=choice.channel,
            fit=choice.fit,
        )
        parts.append(levels)
        notes.extend(said)
    if choice.alpha:
        hole, said = _by_alpha(photo, choice)
        parts.append(hole)
        notes.extend(said)
    if choice.invert and not parts:
        raise MaskError("There is no mask to invert; leave --invert out, boxes are always filled.")
    if choice.boxes:
        parts.append(_by_boxes(photo, choice.boxes))
    if not parts:
        raise MaskError("Nothing says where the hole is; give --mask, --box or --color.")
    levels = unite(parts) if len(parts) > 1 else parts[0]
    notes.extend(check_mask(levels, inverted=choice.invert))
    return BuiltMask(levels=levels, opaque=choice.alpha, notes=tuple(notes))


def find_mask(image: str | Path, masks: str | Path) -> Path:
    """Return the mask in the folder `masks` that belongs to `image` by name: `dog.png` or `dog_mask.png` for `dog.jpg`.

    Raises `MaskError` when there is none, and when there are several.
    """
    image, masks = Path(image), Path(masks)
    if not is_folder(masks):
        raise MaskError(f"There is no folder {masks}; check the path.")
    distinct = masks_of(image.name, masks)
    if not distinct and not os.access(masks, os.X_OK):
        raise MaskError(f"You may not read what is in the folder {masks}; change its permissions.")
    if not distinct:
        raise MaskError(f"No mask for {image.name} is in {masks}; call it {image.stem}.png.")
    if len(distinct) > 1:
        raise MaskError(
            f"{masks} holds more than one mask for {image.name}: {distinct[0].name} and {distinct[1].name}; keep one."
        )
    return distinct[0]


def masks_of(name: str, masks: Path) -> list[Path]:
    """Return every file in the folder `masks` that is by its name the mask of the image called `name`."""
    stem = Path(name).stem
    names = [f"{stem}{ending}{suffix}" for ending in ENDINGS for suffix in (*SUFFIXES, *map(str.upper, SUFFIXES))]
    found = [masks / name for name in names if is_file(masks / name)]
    # Some file systems do not tell a.png from a.PNG.
    return [path for at, path in enumerate(found) if not any(path.samefile(other) for other in found[:at])]


@lru_cache(maxsize=1)
def is_flat(folder: Path) -> bool:
    """Say whether a folder of masks has no sub-folders; looked up once, not for each of ten thousand photographs.

    Then it serves images of all sub-folders; otherwise a mask is in the sub-folder that its image is in. Raises
    `MaskError` when the folder cannot be listed.
    """
    try:
        return not any(is_folder(entry) for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise MaskError(f"The folder {folder} cannot be listed: {error.strerror}; change its permissions.") from error


def _by_alpha(photo: Photo, choice: MaskChoice) -> tuple[np.ndarray, list[str]]:
    """Return what is not opaque, wholly, because the picture shines through what an eraser left; and notes."""
    if photo.alpha is None or photo.alpha.min() >= white_of(photo.alpha.dtype):
        raise MaskError("The image has no transparency, so it does not say where the hole is; give a mask file.")
    alpha = photo.alpha if photo.alpha.dtype == np.uint8 else _opacity(photo.alpha)
    levels = alpha if choice.invert else WHITE - alpha
    if choice.threshold is not None:
        return levels >= choice.threshold, []
    hard = harden(levels)
    if choice.soft or hard.dtype == np.bool_:
        return hard, []
    greys, notes = judge(levels), []
    if greys.black:
        which = "transparent" if choice.invert else "opaque"
        notes.append(
            f"What is nearly {which} (opacity from {WHITE - greys.black} of 255) was taken as {which}; "
            "--threshold 1 takes it as hole."
            if not choice.invert
            else f"What is nearly {which} (opacity up to {greys.black} of 255) was taken as {which}."
        )
    hole = levels > greys.black
    partly = int(np.count_nonzero(hole & (levels < WHITE)))
    if partly:
        notes.append(
            f"{partly} partly transparent pixels were filled wholly, so that nothing shines through; --soft fills "
            "them in part, and --threshold 128 only those at least half transparent."
        )
    return hole, notes


def _opacity(alpha: np.ndarray) -> np.ndarray:
    """Return H x W uint8, in which only what is wholly opaque is 255."""
    white = white_of(alpha.dtype)
    return np.floor(alpha.astype(np.float32).clip(0, white) * np.float32(WHITE / white) + 1e-3).astype(np.uint8)


def _by_boxes(photo: Photo, boxes: tuple[Box, ...]) -> np.ndarray:
    """Return the boxes."""
    width, height = photo.size
    hole = np.zeros((height, width), bool)
    for box in boxes:
        top, left = max(0, box.top), max(0, box.left)
        bottom, right = min(height, box.top + box.height), min(width, box.left + box.width)
        if top >= bottom or left >= right:
            raise MaskError(
                f"The box {box.left},{box.top},{box.width},{box.height} lies outside of the image, which has "
                f"{width} x {height} pixels; a box is x,y,width,height from the top left."
            )
        hole[top:bottom, left:right] = True
    return hole


def _by_color(photo: Photo, choice: MaskChoice, color: tuple[float, float, float]) -> tuple[np.ndarray, list[str]]:
    """Return what has the colour, and notes."""
    pixels, where, notes = photo.pixels, "the image", []
    channels = None
    if choice.file is not None:
        channels = read_channels(choice.file, MaskError, choice.page)
        if choice.channel is not None:
            channels = channels.one(choice.channel, choice.file, MaskError)
        if choice.fit == "exact":
            check_size(choice.file, channels.size, photo.size)
        pixels, where = channels.in_colour(), choice.file.name
        pixels = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else np.ascontiguousarray(pixels)
        white = channels.white if channels.palette is None else WHITE
    else:
        white = white_of(pixels.dtype)
    step = white / WHITE
    # The half step lets 16-bit and float values that round to the colour belong to it.
    exact = step == 1 or any(value != int(value) for value in color)
    slack = choice.tolerance * step + (0 if exact else step / 2) + 1e-3 * step
    if pixels.dtype not in (np.uint8, np.uint16, np.float32, np.float64):
        pixels = pixels.astype(np.float64)
    lower, upper = (tuple(float(value * step + sign * slack) for value in color) for sign in (-1, 1))
    hole = cv2.inRange(pixels, lower, upper) > 0
    if not hole.any():
        raise MaskError(
            f"No pixel of {where} has the colour #{bytes(round(value) for value in color).hex()}; check it, or raise "
            f"--tolerance (now {choice.tolerance})."
        )
    if channels is not None and choice.file is not None and pixels.dtype == np.uint16:
        numbers = numbers_of(channels, choice.file)
        taken = used_values(numbers.values[hole])
        if 1 < len(taken) <= _FEW_VALUES:
            notes.append(
                f"--color took several values of {where} ({listed(taken, numbers)}); --labels {taken[-1]} takes one of "
                "them alone, and so may a lower --tolerance."
            )
    if photo.jpeg is not None and choice.file is None:
        notes.append("In a JPEG colours run at their edges; if a rim of the colour stays, add --grow 4.")
    if choice.at_border:
        hole = _touching_border(hole)
        if not hole.any():
            raise MaskError(
                f"Nothing of this colour touches the border of {where}; leave --at-border out, or raise --tolerance "
                f"(now {choice.tolerance})."
            )
    hole = fit_mask(hole, photo.size, choice.fit)
    return (~hole if choice.invert else hole), notes


def _touching_border(hole: np.ndarray) -> np.ndarray:
    """Return the areas of H x W bool that reach a border."""
    _, areas = cv2.connectedComponents(hole.view(np.uint8), connectivity=8)
    rims = (areas[0], areas[-1], areas[:, 0], areas[:, -1])
    numbers = np.unique(np.concatenate(rims))
    return np.isin(areas, numbers[numbers > 0])
