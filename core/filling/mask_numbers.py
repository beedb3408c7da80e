"""What the numbers of a mask file say before any grey is judged: chosen labels, label maps, and two values."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from inpaint.core.errors import MaskError
from inpaint.core.images.channels import Channels

WHITE = 255
_MOST_LABELS = 4096
_MOST_NAMED = 6
"""Labels that a sentence lists."""
_LOOKED_AT = 4_000_000
_DARK = 64
"""A mask whose greys are all below this one, and few, was never meant to be looked at: its numbers are labels."""
_FEW = 64
_SCATTERED = 0.05
_FEW_COLOURS = 64
_VOID, _VOID_COLOUR = 255, "#e0e0c0"
"""The rim around the objects of Pascal VOC's maps, as number and as colour."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Numbers:
    """One number for each pixel of a mask file."""

    values: np.ndarray
    """H x W: unsigned or signed integers, or floats; brightness, or the numbers of a palette or of colours."""
    white: float
    """The number of white, by the depth of the file."""
    names: dict[int, str] | None = None
    """What people call the numbers where they stand for colours, such as #800000; black is 0."""
    lossy: bool = False


def numbers_of(channels: Channels, path: Path) -> Numbers:
    """Return the numbers of a mask: its opacity for a layer of one colour, else grey, or codes of its colours.

    Codes are R + 256 G + 65536 B, as in COCO's panoptic maps, but a palette keeps its own numbers. Transparent parts
    are black.
    """
    white, lossy = channels.white, channels.lossy
    colours = channels.in_colour()
    alpha = channels.alpha
    if alpha is not None and alpha.min() != alpha.max():
        visible = colours[alpha > 0]
        if (visible == visible[0]).all():
            return Numbers(values=np.ascontiguousarray(alpha), white=white, lossy=lossy)
        shade = alpha[..., None].astype(np.float64) / white
        colours = (colours * shade).astype(colours.dtype)
    if channels.palette is not None:
        white = 255
    if colours.shape[2] == 1 or is_grey(colours):
        return Numbers(values=np.ascontiguousarray(colours[..., 0]), white=white, lossy=lossy)
    if channels.palette is not None:
        numbers = channels.colours[..., 0]
        names = {number: f"#{bytes(colour).hex()}" for number, colour in enumerate(channels.palette)}
        return Numbers(values=np.ascontiguousarray(numbers), white=white, names=names, lossy=lossy)
    if colours.dtype != np.uint8:
        colours = to_levels(colours, white)
    codes = colours[..., 0].astype(np.int32)
    codes |= colours[..., 1].astype(np.int32) << 8
    codes |= colours[..., 2].astype(np.int32) << 16
    used = np.unique(_thinned(codes))
    names = {int(code): _hex(int(code)) for code in used} if len(used) <= _MOST_LABELS else {}
    return Numbers(values=codes, white=255, names=names, lossy=lossy)


def is_grey(colours: np.ndarray) -> bool:
    """Say whether the three channels of H x W x 3 are equal, up to the rounding of converters."""
    slack = 2 if colours.dtype == np.uint8 else 0
    if slack:
        return bool(cv2.absdiff(colours[..., 0], colours[..., 1]).max(initial=0) <= slack) and bool(
            cv2.absdiff(colours[..., 1], colours[..., 2]).max(initial=0) <= slack
        )
    return bool((colours[..., 0] == colours[..., 1]).all() and (colours[..., 1] == colours[..., 2]).all())


def to_levels(values: np.ndarray, white: float) -> np.ndarray:
    """Return numbers of any depth as uint8 levels with `white` as 255; what is not black does not become black.

    Deep files are often filled with numbers of fewer bits: white is 1, 255 or 65535, whichever is reached by none.
    Raises `MaskError` for numbers below 0 or that are none.
    """
    if values.dtype == np.uint8 and white == WHITE:
        return values
    kind = values.dtype.kind
    if kind == "f" and not np.isfinite(values).all():
        raise MaskError("The mask has values below 0 or that are not numbers; save it with 8 bits per pixel.")
    least, most = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if kind == "f":
        # Resampling overshoots a little.
        white = next((choice for choice in (1.0, 255.0, 65_535.0) if most <= choice * 1.25), most)
    elif white > WHITE:
        white = next((choice for choice in (255, 65_535) if most <= choice), most)
    if least < -0.25 * white or (kind != "f" and least < 0):
        raise MaskError("The mask has values below 0 or that are not numbers; save it with 8 bits per pixel.")
    levels = np.rint(values * np.float32(WHITE / white)).clip(0, WHITE).astype(np.uint8)
    return np.maximum(levels, values > 1e-3 * white / WHITE if kind == "f" else values > 0, out=levels)


def choose_labels(numbers: Numbers, labels: tuple[int, ...], name: str) -> np.ndarray:
    """Return H x W bool, where the number is one of `labels`. Raises `MaskError` for a label that is nowhere."""
    used = used_values(numbers.values)
    for label in labels:
        if label not in used:
            there = f"it has {listed(used, numbers)}" if len(used) <= _MOST_LABELS else "it is no label map"
            raise MaskError(f"{name} has no pixel with the label {label}; {there}.")
    return np.isin(numbers.values, labels)


def used_values(values: np.ndarray) -> np.ndarray:
    """Return the numbers that occur, in order."""
    # np.unique sorts, which is slow on a large photograph.
    if values.dtype == np.uint8:
        return np.flatnonzero(cv2.calcHist([np.ascontiguousarray(values)], [0], None, [256], [0, 256]))
    if values.dtype == np.uint16:
        return np.flatnonzero(cv2.calcHist([np.ascontiguousarray(values)], [0], None, [65_536], [0, 65_536]))
    some = np.unique(_thinned(values))
    return np.unique(values) if len(some) <= _MOST_LABELS else some


def listed(used: np.ndarray, numbers: Numbers) -> str:
    """Name some labels: "1, 2 and 15", or with their colours."""
    named = [f"{value:g}" if not numbers.names else f"{value} ({numbers.names.get(int(value), '?')})" for value in used]
    if len(named) > _MOST_NAMED:
        return f"{', '.join(named[:_MOST_NAMED])} and {len(named) - _MOST_NAMED} more"
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def is_label_map(numbers: Numbers, used: np.ndarray) -> bool:
    """Say whether the numbers, of which those in `used` occur, are labels: few, in flat areas that touch in steps."""
    values = numbers.values
    if numbers.lossy or len(used) > _MOST_LABELS or len(used) < 3:
        return False
    if values.dtype.kind == "f" and (used != np.floor(used)).any():
        return False
    if values.dtype.kind == "f" and used[-1] <= 1:
        return False
    seen = _thinned(values)
    if not numbers.names and _is_noisy(used):
        return False
    places = np.searchsorted(used, seen).astype(np.uint16)
    square = np.ones((3, 3), np.uint8)
    core = cv2.erode(places, square) == cv2.dilate(places, square)
    flat = cv2.dilate(core.view(np.uint8), square) > 0
    ground = 0 if used[0] == 0 else -1
    marked = places != ground
    void = [
        at for at, value in enumerate(used) if value == _VOID or (numbers.names or {}).get(int(value)) == _VOID_COLOUR
    ]
    if len(used) - len(void) > 2:
        marked &= ~np.isin(places, void)  # a thin rim around all objects
    if not marked.any():
        return False
    if ground == 0 and flat[places == 0].mean() < 0.3:
        return False  # 0 is sprinkled over something that is nearly black
    share = float(flat[marked].mean())
    if used[-1] < _DARK and len(used) <= _FEW and not (share < _SCATTERED and marked.mean() > _SCATTERED):
        return True
    counts = np.bincount(places[marked], minlength=len(used))
    flats = np.bincount(places[marked & flat], minlength=len(used))
    areas = (flats >= 0.3 * np.maximum(counts, 1)) & (flats > 0)
    if numbers.names and len(used) <= _FEW_COLOURS and areas.any() and share > 0.3:
        return True
    if areas.sum() < 2 - (len(void) > 0) or counts[areas].sum() < 0.9 * counts.sum() or share < 0.6:
        return False
    return areas.sum() <= 8 or bool(numbers.names) or not _is_slope(seen)


def is_scattered(hole: np.ndarray) -> bool:
    """Say whether much of a picture is hole (H x W bool) and hardly any of it lies together, as in noise."""
    seen = np.ascontiguousarray(_thinned(hole)).view(np.uint8)
    share = float(seen.mean())
    if share <= _SCATTERED:
        return False
    if float(cv2.erode(seen, np.ones((3, 3), np.uint8)).sum()) >= _SCATTERED * float(seen.sum()):
        return False
    beside = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.uint8)
    alone = (seen > 0) & (cv2.dilate(seen, beside) == 0)
    return float(alone.sum()) > _SCATTERED * float(seen.sum())


def _is_noisy(used: np.ndarray) -> bool:
    """Say whether the numbers are those around black and those around one bright grey, as in flat blocks of a JPEG."""
    plain = used[used != _VOID] if _VOID - 1 not in used else used
    gaps = np.diff(plain)
    if len(gaps) < 4 or gaps.max() <= 0.5 * (plain[-1] - plain[0]):
        return False
    dark, bright = np.split(plain, [int(np.argmax(gaps)) + 1])
    return len(dark) >= 4 and dark[-1] - dark[0] <= 0.2 * plain[-1] and bright[0] >= 0.6 * plain[-1]


def _is_slope(seen: np.ndarray) -> bool:
    """Say whether neighbours that differ hardly do, as in a wide soft edge of which each level is an area."""
    wide = seen.astype(np.float64)
    small = max(1.0, 0.02 * float(wide.max()))
    steps = np.concatenate([np.abs(np.diff(wide, axis=axis)).ravel() for axis in (0, 1)])
    steps = steps[steps > 0]
    return bool(len(steps)) and float(np.mean(steps <= small)) > 0.5


def _thinned(values: np.ndarray) -> np.ndarray:
    """Return every so many rows and columns, so that it is fast."""
    step = max(1, int(np.ceil(np.sqrt(values.size / _LOOKED_AT))))
    return values[::step, ::step]


def _hex(code: int) -> str:
    return f"#{code & 255:02x}{code >> 8 & 255:02x}{code >> 16 & 255:02x}"
