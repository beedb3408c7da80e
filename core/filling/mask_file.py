"""Masks in files: what is hole in them, whatever program wrote them, and what a person should know about that."""

from pathlib import Path

import numpy as np

from inpaint.core.errors import MaskError
from inpaint.core.filling.mask import WHITE, harden
from inpaint.core.filling.mask_fit import Fit, check_size, fit_mask
from inpaint.core.filling.mask_greys import Greys, judge
from inpaint.core.filling.mask_numbers import (
    Numbers,
    choose_labels,
    is_label_map,
    is_scattered,
    listed,
    numbers_of,
    to_levels,
    used_values,
)
from inpaint.core.images.channels import read_channels

_DIM_HOLE = "the old picture shines through the fill"
_DIM_OBJECT = "the object counts in part only; paint it white"
_WIDE = 0.6
"""Share of a picture that is not black from which on a haze is no wide soft edge."""


def read_mask(
    path: str | Path,
    size: tuple[int, int] | None,
    invert: bool = False,
    threshold: int | None = None,
    *,
    labels: tuple[int, ...] = (),
    soft: bool = False,
    page: int | None = None,
    channel: int | None = None,
    fit: Fit = "exact",
    options: bool = True,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a mask for a picture of `size` (width, height); None for the mask's own size.

    A mask painted in one colour on a transparent layer is read by its opacity, whatever the colour. Of two values the
    brighter is the hole, whatever they are. In a label map (few numbers, in flat areas) all but 0 is hole. Everything
    else is read by its brightness, with transparent parts black: what is nearly black far from the hole is no hole, a
    hole that is evenly grey inside is one wholly, and its edge stays soft (see `mask_greys`). A file with lossy
    compression is split halfway up.

    - `invert`: black is the hole instead;
    - `threshold`: grey values of 0..255 from this on are hole and the others are not, without any softness;
    - `labels`: only these numbers are hole; those of a palette, or R + 256 G + 65536 B in colour;
    - `soft`: greys are taken as they are, as how much of the fill shows;
    - `page`, `channel`: of the file, both from 1;
    - `fit`: what is done when the mask has another size;
    - `options`: whether notes may name options of the command line.

    Returns the mask, bool where it has no grey and else uint8, and notes. Raises `MaskError` when there is no picture
    at `path`, its size differs, or nobody can know what is hole in it.
    """
    path = Path(path)
    channels = read_channels(path, MaskError, page)
    if channel is not None:
        channels = channels.one(channel, path, MaskError)
    size = size or channels.size
    if fit == "exact":
        check_size(path, channels.size, size)
    numbers = numbers_of(channels, path)
    del channels
    if labels:
        mask, notes = choose_labels(numbers, labels, path.name) ^ invert, []
    elif threshold is not None:
        mask, notes = _split(numbers, threshold, invert, path.name), []
    else:
        mask, notes = _understood(numbers, path.name, invert, soft, options)
    if options and not labels and mask.dtype == np.bool_ and is_scattered(mask):
        notes.append(
            f"The hole in {path.name} is scattered over single pixels, as noise is; look at the mask, or part it "
            f"elsewhere with --threshold."
        )
    return fit_mask(mask, size, fit), tuple(notes)


def read_alpha(path: str | Path, size: tuple[int, int], invert: bool = False) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a mask as `read_mask` does, as how much of each pixel is marked: H x W float32 in 0..1; and the notes."""
    mask, notes = read_mask(path, size, invert, options=False)
    return mask.astype(np.float32) / (WHITE if mask.dtype == np.uint8 else 1), notes


def _split(numbers: Numbers, threshold: int, invert: bool, name: str) -> np.ndarray:
    """Return what is at least as bright as the threshold. Raises `MaskError` when that parts nothing."""
    levels = _levels(numbers)
    hole = levels >= threshold
    if hole.all() or not hole.any():
        side = "below" if hole.all() else "as bright as"
        first, last = int(levels.min()), int(levels.max())
        better = judge(levels).threshold
        advice = "give another mask" if first == last else f"give one between them, such as --threshold {better}"
        raise MaskError(
            f"Nothing in {name} is {side} --threshold {threshold}: its greys go from {first} to {last} of 255; "
            f"{advice}."
        )
    return ~hole if invert else hole


def _understood(numbers: Numbers, name: str, invert: bool, soft: bool, options: bool) -> tuple[np.ndarray, list[str]]:
    """Return what the numbers mean when nobody says it: H x W bool or uint8, and notes."""
    used = used_values(numbers.values)
    if len(used) <= 2 and not soft:
        return _of_two(numbers, used, name, invert, options)
    if not soft and is_label_map(numbers, used):
        return _of_labels(numbers, used, name, invert, options)
    levels = _levels(numbers)
    if invert:
        levels = WHITE - levels
    if soft:
        return harden(levels), []
    notes = [_colours_told(numbers, used)] if numbers.names is not None and options else []
    greys = judge(levels)
    if numbers.lossy:
        split = greys.threshold
        notes.append(
            f"{name} has lossy compression, so it was split at mid-grey ({_as_stored(split, invert)} of 255); a PNG "
            "mask can have a soft edge."
        )
        if options and (greys.hazy or greys.white < WHITE / 4):
            notes.append(
                f"{name} is hardly anywhere white, and compression mixes what is dark; if it is a label map, save it "
                f"as PNG; else look at what was filled, and give another --threshold than {_as_stored(split, invert)}."
            )
        return levels >= split, notes
    notes += _greys_told(greys, levels, name, invert, options)
    return harden(greys.apply(levels)), notes


def _of_two(numbers: Numbers, used: np.ndarray, name: str, invert: bool, options: bool) -> tuple[np.ndarray, list[str]]:
    """Return the brighter of two values, or everything that is not 0 where there is one."""
    if len(used) < 2:
        return (numbers.values > 0) ^ invert, []
    dark, bright = (int(value) if value == int(value) else float(value) for value in used)
    if numbers.names and _brightness(numbers.names[int(dark)]) > _brightness(numbers.names[int(bright)]):
        dark, bright = bright, dark
    hole = numbers.values == (dark if invert else bright)
    if not options or (dark == 0 and not numbers.names):
        return hole, []
    taken, other = (dark, bright) if invert else (bright, dark)
    which = "darker" if invert else "brighter"
    if numbers.names:
        told = [numbers.names[int(value)] for value in (taken, other)]
        return hole, [
            f"{name} has two colours, of which {told[0]}, the {which}, was filled; --color '{told[1]}' fills the other."
        ]
    if isinstance(taken, float) or isinstance(other, float):
        return hole, [f"{name} has two values, of which {taken:g}, the {which}, was filled; --invert turns that round."]
    return hole, [
        f"{name} has two values, of which {taken}, the {which}, was filled; --labels {other} fills the other."
    ]


def _of_labels(
    numbers: Numbers, used: np.ndarray, name: str, invert: bool, options: bool
) -> tuple[np.ndarray, list[str]]:
    """Return everything that is not background. Raises `MaskError` where nothing is."""
    if used[0] != 0 and options:
        raise MaskError(
            f"{name} has areas of several values ({listed(used, numbers)}) and none of 0, so it does not say which of "
            f"them go; give --labels, as in --labels {used[-1]:g}."
        )
    marked = used[used > 0]
    counts = [int(np.count_nonzero(numbers.values == value)) for value in marked[:64]]
    largest = int(marked[int(np.argmax(counts))])
    alone = f"--labels {largest} fills one of them alone, --soft takes greys as they are"
    if numbers.names:
        alone = f"--color '{numbers.names[largest]}' or --labels {largest} fills one of them alone"
    note = f"{name} has areas of several values ({listed(marked, numbers)}), as label maps have; all but 0 "
    note += "was filled" if not invert else "was kept, because of --invert"
    return (numbers.values != 0) ^ invert, [f"{note}. {alone[0].upper()}{alone[1:]}."] if options else []


def _levels(numbers: Numbers) -> np.ndarray:
    """Return H x W uint8, 255 = certainly hole."""
    if numbers.names is None:
        return to_levels(numbers.values, numbers.white)
    if numbers.values.dtype == np.int32:
        red, green, blue = (numbers.values >> shift & 255 for shift in (0, 8, 16))
        return np.rint(0.299 * red + 0.587 * green + 0.114 * blue).astype(np.uint8)
    table = np.zeros(max(256, max(numbers.names) + 1), np.uint8)
    for number, colour in numbers.names.items():
        table[number] = round(_brightness(colour))
    return table[numbers.values]


def _brightness(colour: str) -> float:
    red, green, blue = bytes.fromhex(colour[1:])
    return 0.299 * red + 0.587 * green + 0.114 * blue


def _as_stored(level: int, invert: bool) -> int:
    """Return the value for --threshold that parts a mask where the level does, which is of the inverted one."""
    return WHITE + 1 - level if invert else level


def _colours_told(numbers: Numbers, used: np.ndarray) -> str:
    """Say that a mask in colour was read by its brightness, and how to choose a colour."""
    values, counts = np.unique(numbers.values[:: max(1, len(numbers.values) // 512)], return_counts=True)
    names = numbers.names or {}
    painted = ""
    for value in values[np.argsort(-counts)]:
        code = int(value)
        colour = names.get(code) or f"#{code & 255:02x}{code >> 8 & 255:02x}{code >> 16 & 255:02x}"
        parts = bytes.fromhex(colour[1:])
        if max(parts) - min(parts) > 64:
            painted = colour
            break
    asked = f"--color '{painted}'" if painted else "--color"
    return f"The mask has colours and was read by its brightness; {asked} fills what is painted in one colour."


def _greys_told(greys: Greys, levels: np.ndarray, name: str, invert: bool, options: bool) -> list[str]:
    """Say what was made of greys, and which option makes something else of them."""
    found: list[str] = []
    hole = "hole" if options else "object"
    if greys.black:
        side, bound = ("white", f"down to {WHITE - greys.black}") if invert else ("black", f"up to {greys.black}")
        found.append(f"is not quite {side} where nothing is marked ({bound} of 255), which was taken as {side}")
    if greys.parts:
        found.append(f"has parts darker than others, and all of them were taken as wholly {hole}")
    elif greys.inside is not None and greys.white < WHITE:
        first, last = greys.inside if not invert else (WHITE - greys.inside[1], WHITE - greys.inside[0])
        span = f"{first} to {last}" if first < last else f"{first}"
        found.append(f"is grey inside its {hole} ({span} of 255), which was taken as wholly {hole}")
    split = _as_stored(greys.threshold, invert)
    notes = []
    if found:
        hint = (
            f"; --threshold {split} parts it without a soft edge, --soft takes the greys as they are" if options else ""
        )
        notes.append(f"{name} {' and '.join(found)}{hint}.")
    if greys.hazy:
        if not greys.stray and float(np.mean(levels > greys.black)) <= _WIDE:
            split = _as_stored(greys.black + 1, invert)
        what = f"Only {greys.certain:.0%} of what is marked in {name} is marked for certain, so "
        if options:
            what += (
                f"{_DIM_HOLE}, or nothing was found in the picture; --threshold {split} fills wholly what it parts off."
            )
        notes.append(what if options else f"{what}{_DIM_OBJECT}.")
    return notes
