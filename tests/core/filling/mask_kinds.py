"""Masks as programs write them, drawn at random, with what is hole in each: for property tests and the fuzz."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image

Rng = np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A mask file and what it means."""

    kind: str
    encoded: bytes
    suffix: str
    truth: np.ndarray
    """H x W bool: what the person means; all False for a mask in which nothing was found."""
    reach: float
    """Pixels from the rim of the truth within which anything may be."""
    options: dict = field(default_factory=dict)
    """Of `read_mask`: what the person says with the mask."""


def draw_object(rng: Rng, parts: bool = False) -> np.ndarray:
    """Draw a few blobs, strokes and boxes: H x W int32, 0 = background and one number per part.

    Between 1 and 40 % of the picture are covered, and at least one part has an inside.
    """
    large = rng.random() < 0.15
    height, width = rng.integers(200, 420, 2) if large else rng.integers(48, 129, 2)
    height, width = int(height), int(width)
    while True:
        labels = np.zeros((height, width), np.int32)
        for number in range(1, int(rng.integers(2, 5)) if parts else int(rng.integers(2, 4))):
            x, y = int(rng.integers(6, width - 6)), int(rng.integers(6, height - 6))
            shape = rng.integers(3)
            if shape == 0:
                axes = tuple(int(value) for value in rng.integers(6, 6 + min(height, width) // 5, 2))
                cv2.ellipse(labels, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, number, -1)
            elif shape == 1:
                w, h = (int(value) for value in rng.integers(9, 9 + min(height, width) // 3, 2))
                labels[y : y + h, x : x + w] = number
            else:
                to = int(rng.integers(0, width)), int(rng.integers(0, height))
                cv2.line(labels, (x, y), to, number, int(rng.integers(9, 14)))
        hole = labels > 0
        depth = cv2.distanceTransform(np.pad(hole, 1).view(np.uint8), cv2.DIST_L2, 5)
        enough = all((labels == number).sum() > 60 for number in np.unique(labels[hole]))
        if 0.01 < hole.mean() < 0.4 and depth.max() > 4 and enough:
            return labels


def png(array: np.ndarray, **options: object) -> tuple[bytes, str]:
    return _saved(Image.fromarray(array), "PNG", **options), ".png"


def tiff(array: np.ndarray, **options: object) -> tuple[bytes, str]:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue(), ".tif"


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def exact(rng: Rng) -> Drawn:
    hole = draw_object(rng) > 0
    grey = hole.astype(np.uint8) * 255
    choice = rng.integers(8)
    if choice < 5:
        mode = ("1", "L", "P", "RGB", "RGBA")[choice]
        file = _saved(Image.fromarray(grey).convert("RGB").convert(mode), "PNG"), ".png"
    elif choice == 5:
        file = _saved(Image.fromarray(grey), "BMP"), ".bmp"
    elif choice == 6:
        file = _saved(Image.fromarray(grey), "WEBP", lossless=True), ".webp"
    else:
        layer = np.dstack([np.full((*hole.shape, 3), rng.integers(0, 256, 3), np.uint8), grey])
        file = png(layer)
    return _drawn("exact", file, hole, 1)


def two_values(rng: Rng) -> Drawn:
    hole = draw_object(rng) > 0
    low, high = sorted(int(value) for value in rng.choice(256, 2, replace=False))
    return _drawn("two values", png(np.where(hole, high, low).astype(np.uint8)), hole, 1)


def noisy_black(rng: Rng) -> Drawn:
    hole = draw_object(rng) > 0
    levels = hole * 255.0
    how = rng.integers(4)
    if how == 0:
        levels += (rng.random(hole.shape) < rng.uniform(0.02, 0.95)) * int(rng.integers(1, 6))
    elif how == 1:
        levels += rng.integers(0, rng.integers(2, 12), hole.shape)
    elif how == 2:
        levels = np.where(hole, 235, 16) + rng.normal(0, rng.uniform(0.3, 2), hole.shape)
    else:
        levels = np.where(hole, rng.uniform(215, 255), rng.uniform(5, 40)) + rng.normal(
            0, rng.uniform(1, 4), hole.shape
        )
    return _drawn("nearly black", png(levels.round().clip(0, 255).astype(np.uint8)), hole, 1)


def probabilities(rng: Rng) -> Drawn:
    hole = draw_object(rng) > 0
    sigma = rng.uniform(0.4, 2)
    low = rng.uniform(0.62, 0.93)
    share = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), sigma)
    noise = rng.uniform(low, min(0.995, low + 0.25), hole.shape)
    if rng.random() < 0.5:  # networks are unsure in patches
        patches = cv2.GaussianBlur(rng.random(hole.shape), (0, 0), rng.uniform(1, 8))
        patches = (patches - patches.min()) / np.ptp(patches)
        noise = low + patches * (min(0.995, low + 0.25) - low)
    share *= noise
    share[share < rng.choice([0.004, 0.01, 0.03])] = 0
    depth = rng.integers(3)
    if depth == 0:
        file = png((share * 255).astype(np.uint8))
    elif depth == 1:
        file = png((share * 65_535).astype(np.uint16))
    else:
        file = tiff(share.astype(rng.choice([np.float16, np.float32, np.float64])))
    return _drawn("probabilities", file, hole, 3 * sigma + 2)


def opacity(rng: Rng) -> Drawn:
    hole = draw_object(rng) > 0
    sigma = rng.uniform(0.3, 2)
    top = int(rng.integers(20, 250))
    levels = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), sigma) * top
    return _drawn("opacity", png(levels.round().astype(np.uint8)), hole, 3 * sigma + 2)


def soft_edge(rng: Rng) -> Drawn:
    hole = draw_object(rng) > 0
    sigma = rng.uniform(0.3, 2.5)
    levels = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), sigma) * 255
    return _drawn("soft edge", png(levels.round().astype(np.uint8)), hole, 3.5 * sigma + 2)


def labels(rng: Rng) -> Drawn:
    parts = draw_object(rng, parts=True)
    how = rng.integers(5)
    deep = how == 1
    ids = rng.choice(np.arange(1, 65_536 if deep else 256), int(parts.max()) + 1, replace=False)
    if how in (2, 3):
        ids = rng.choice(np.arange(1, 21), int(parts.max()) + 1, replace=False)
    numbers = np.where(parts > 0, ids[parts], 0)
    if how == 0:
        file = png(numbers.astype(np.uint8))
    elif how == 1:
        file = png(numbers.astype(np.uint16)) if rng.random() < 0.5 else tiff(numbers.astype(np.uint16))
    elif how in (2, 3):
        if rng.random() < 0.5:  # Pascal VOC's rim
            rim = cv2.dilate((parts > 0).astype(np.uint8), np.ones((5, 5), np.uint8)) > (parts > 0)
            numbers = np.where(rim, 255, numbers)
        palette = voc_colours()
        if how == 2:
            picture = Image.fromarray(numbers.astype(np.uint8))
            picture.putpalette(palette.tobytes())
            file = _saved(picture, "PNG"), ".png"
        else:
            file = png(palette[numbers])
    else:
        file = tiff(numbers.astype(rng.choice([np.int32, np.uint32, np.float32])))
    return _drawn("labels", file, parts > 0, 4)


def label_values(rng: Rng) -> Drawn:
    """Several flat greys with antialiased edges: brushes of several strengths, resampled label maps, trimaps."""
    parts = draw_object(rng, parts=True)
    ids = rng.integers(110, 256, int(parts.max()) + 1)
    levels = cv2.GaussianBlur(np.where(parts > 0, ids[parts], 0).astype(np.float32), (0, 0), 0.5)
    return _drawn("several greys", png(levels.round().astype(np.uint8)), parts > 0, 4)


def jpeg(rng: Rng) -> Drawn:
    hole = draw_object(rng) > 0
    low, high = (0, 255) if rng.random() < 0.5 else (int(rng.integers(0, 30)), int(rng.integers(90, 255)))
    encoded = _saved(
        Image.fromarray(np.where(hole, high, low).astype(np.uint8)), "JPEG", quality=int(rng.integers(40, 96))
    )
    if rng.random() < 0.5:
        return _drawn("JPEG", (encoded, ".jpg"), hole, 3)
    return _drawn("JPEG saved as PNG", png(np.asarray(Image.open(io.BytesIO(encoded)))), hole, 9)


def instances(rng: Rng) -> Drawn:
    """Many small objects with numbers of their own."""
    height, width = (int(side) for side in rng.integers(120, 260, 2))
    numbers = np.zeros((height, width), np.uint16)
    first = int(rng.choice([1, 1000, 24_000]))
    for number in range(int(rng.integers(5, 60))):
        x, y = int(rng.integers(0, width - 12)), int(rng.integers(0, height - 12))
        if rng.random() < 0.8:
            cv2.ellipse(
                numbers, (x, y), (int(rng.integers(3, 9)), int(rng.integers(3, 9))), 0, 0, 360, first + number, -1
            )
        else:
            numbers[y : y + 2, x : x + 12] = first + number
    if first == 1:
        numbers = numbers.astype(np.uint8)
    return _drawn("instances", png(numbers), numbers > 0, 0)


def layer(rng: Rng) -> Drawn:
    """One colour on a transparent layer, not quite opaque, with an antialiased or soft edge."""
    hole = draw_object(rng) > 0
    sigma = rng.uniform(0.3, 1.5)
    opacity = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), sigma) * rng.uniform(100, 255)
    colour = np.full((*hole.shape, 3), rng.integers(0, 256, 3), np.uint8)
    return _drawn("layer", png(np.dstack([colour, opacity.round().astype(np.uint8)])), hole, 3 * sigma + 2)


def colour_jpeg(rng: Rng) -> Drawn:
    hole = draw_object(rng) > 0
    colour = rng.choice(np.array([(255, 0, 0), (0, 255, 0), (255, 0, 255), (255, 255, 0), (255, 255, 255)]))
    picture = Image.fromarray((hole[..., None] * colour).astype(np.uint8))
    encoded = _saved(picture, "JPEG", quality=int(rng.integers(40, 96)))
    return _drawn("JPEG in colour", (encoded, ".jpg"), hole, 9)


def deep_tiff(rng: Rng) -> Drawn:
    hole = draw_object(rng) > 0
    kind = rng.integers(5)
    if kind == 0:
        file = tiff((~hole).astype(np.uint16) * np.uint16(65_535), photometric="miniswhite")
    elif kind == 1:
        planes = np.stack([hole.astype(np.uint16) * np.uint16(65_535)] * 3)
        file = tiff(planes, photometric="rgb", planarconfig="separate")
    elif kind == 2:
        file = tiff(np.dstack([hole] * 3).astype(np.float32), photometric="rgb")
    elif kind == 3:
        file = tiff(hole.astype(rng.choice([np.float16, np.float64])))
    else:
        file = tiff(hole.astype(np.uint16) * np.uint16(rng.choice([255, 1023, 4095])))
    return _drawn("deep TIFF", file, hole, 1)


def inverted(rng: Rng) -> Drawn:
    drawn = (noisy_black, probabilities, opacity, soft_edge)[rng.integers(4)](rng)
    file = io.BytesIO(drawn.encoded)
    stored = tifffile.imread(file) if drawn.suffix == ".tif" else np.asarray(Image.open(file))
    white = 1 if stored.dtype.kind == "f" else np.iinfo(stored.dtype).max
    array = 255 * (1 - stored.astype(np.float64) / white)
    file = png(array.round().clip(0, 255).astype(np.uint8))
    return _drawn(f"inverted {drawn.kind}", file, drawn.truth, drawn.reach, invert=True)


def infrared(rng: Rng) -> Drawn:
    height, width = 160, 200
    dust = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(3, 12))):
        at = int(rng.integers(8, width - 8)), int(rng.integers(8, height - 8))
        cv2.circle(dust, at, int(rng.integers(2, 6)), 1, -1)
    share = cv2.GaussianBlur(dust.astype(np.float32), (0, 0), 0.7)
    film = rng.uniform(0.6, 0.9) + rng.normal(0, rng.uniform(0.002, 0.012), dust.shape)
    array = (film * (1 - rng.uniform(0.6, 0.95) * share)).clip(0, 1)
    scan = rng.random((height, width, 3)) * 0.8
    file = tiff((np.dstack([scan, array]) * 65_535).astype(np.uint16), photometric="rgb", extrasamples=["unspecified"])
    return _drawn("infrared", file, dust > 0, 3, invert=True, channel=4)


def haze(rng: Rng) -> Drawn:
    """What a network that saw nothing gives, stretched to 0..255 per picture."""
    noise = cv2.GaussianBlur(rng.random((96, 128)).astype(np.float32), (0, 0), rng.uniform(6, 14))
    noise = (noise - noise.min()) / (noise.max() - noise.min())
    levels = (noise ** rng.uniform(1, 3) * rng.uniform(235, 255)).round().astype(np.uint8)
    return _drawn("haze", png(levels), np.zeros(levels.shape, bool), 0)


def resized(rng: Rng) -> Drawn:
    hole = draw_object(rng) > 0
    height, width = hole.shape
    small = Image.fromarray(hole.astype(np.uint8) * 255).resize((width // 2, height // 2), Image.Resampling.BOX)
    filters = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
    large = small.resize((width, height), filters[rng.integers(3)])
    return _drawn("resized", png(np.asarray(large)), hole, 8)


def painted(rng: Rng) -> Drawn:
    """One colour on black, antialiased."""
    hole = draw_object(rng) > 0
    share = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), 0.5)[..., None]
    colour = rng.choice(np.array([(255, 0, 0), (0, 255, 0), (255, 0, 255), (255, 255, 0)]))
    return _drawn("painted", png((share * colour).round().astype(np.uint8)), hole, 4)


KINDS: tuple[Callable[[Rng], Drawn], ...] = (
    exact,
    two_values,
    noisy_black,
    probabilities,
    opacity,
    soft_edge,
    labels,
    label_values,
    jpeg,
    instances,
    layer,
    colour_jpeg,
    deep_tiff,
    inverted,
    infrared,
    haze,
    resized,
    painted,
)


def wrong(drawn: Drawn, mask: np.ndarray) -> str | None:
    """Say what is wrong with a mask (H x W bool or uint8) that was read; None if nothing is."""
    strength = mask.astype(np.float32) / (1 if mask.dtype == np.bool_ else 255)
    hole = drawn.truth
    within = cv2.distanceTransform(np.pad(hole, 1).view(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1] > drawn.reach
    outside = cv2.distanceTransform((~hole).view(np.uint8), cv2.DIST_L2, 5) > drawn.reach
    ghost = float(np.mean(1 - strength[within])) if within.any() else 0.0
    spill = float(np.mean(strength[outside] > 0)) if outside.any() else 0.0
    if ghost > 0.01:
        return f"{ghost:.0%} of the old picture stays inside"
    return f"{spill:.1%} outside is filled" if spill > 0.001 else None


def write(drawn: Drawn, folder: Path) -> Path:
    """Write the file and return its path."""
    path = folder / f"mask{drawn.suffix}"
    path.write_bytes(drawn.encoded)
    return path


def voc_colours() -> np.ndarray:
    """Return Pascal VOC's colours: 256 x 3 uint8; the bits of a number go round red, green and blue."""
    numbers = np.arange(256)
    return np.stack(
        [sum(((numbers >> (3 * bit + channel)) & 1) << (7 - bit) for bit in range(3)) for channel in range(3)], axis=1
    ).astype(np.uint8)


def _drawn(kind: str, file: tuple[bytes, str], truth: np.ndarray, reach: float, **options: object) -> Drawn:
    return Drawn(kind=kind, encoded=file[0], suffix=file[1], truth=truth, reach=reach, options=dict(options))
