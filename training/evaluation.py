"""How good are the fills? Models and classical methods on the same photographs with the same seeded holes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from inpaint.core.engine import Device, load_engine
from inpaint.core.errors import RecipeError
from inpaint.core.filling import fill
from inpaint.core.losses import LpipsFeatures, Vgg19Features, masked_mean
from inpaint.core.losses.backbones import unit_length
from inpaint.training.holes import HoleConfig, draw_holes
from inpaint.training.pictures import centre_crop, decode
from inpaint.training.sources import Source, StreamSource, open_source

HOLES = HoleConfig(strokes=0.5, area=(0.10, 0.35))
"""Half rectangles, half strokes, covering 10 to 35 % of the picture."""

Filler = Callable[[np.ndarray, np.ndarray], np.ndarray]
Row = tuple[float, float, float, float]
"""Distance, SSIM, PSNR and l1 in the hole of one picture."""
DistanceName = Literal["alex", "squeeze", "vgg", "vgg19"]
RADIUS = 5
"""Neighbourhood of OpenCV's methods in pixels."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over all pictures."""

    name: str
    pictures: int
    distance: float
    """Perceptual distance of the whole picture, smaller is better."""
    ssim: float
    """Structural similarity of the whole picture, 1 = the same."""
    psnr: float
    """Peak signal-to-noise ratio of the whole picture in dB, larger is better."""
    l1_hole: float
    """Mean absolute difference inside the hole, colours in [0, 1]."""


def classical(name: str) -> Filler:
    """Return one of OpenCV's two methods, "telea" or "navier-stokes"."""
    flag = {"telea": cv2.INPAINT_TELEA, "navier-stokes": cv2.INPAINT_NS}[name]
    return lambda image, mask: cv2.inpaint(image, mask.astype(np.uint8) * 255, RADIUS, flag)


def make_filler(name: str, device: Device = "cpu") -> Filler:
    """Return what fills holes under a name: a classical method, a known model or an .onnx file."""
    if name in ("telea", "navier-stokes"):
        return classical(name)
    engine = load_engine(name, device=device)
    return lambda image, mask: fill(image, mask, engine)


class Distance:
    """Perceptual distance of two pictures: LPIPS, or plain unit-length VGG-19 activations."""

    def __init__(self, name: DistanceName, backbones: Path | None) -> None:
        self.features = Vgg19Features(backbones) if name == "vgg19" else LpipsFeatures(name, backbones)

    @torch.no_grad()
    def __call__(self, one: Tensor, other: Tensor) -> float:
        """Compare 1 x 3 x H x W pictures in [-1, 1]."""
        total = 0.0
        weights = None if isinstance(self.features, Vgg19Features) else self.features.channel_weights()
        for index, (a, b) in enumerate(zip(self.features(one), self.features(other), strict=True)):
            squares = (unit_length(a) - unit_length(b)).square()
            if weights is not None:
                squares = squares * weights[index].view(1, -1, 1, 1)
            total += float(squares.sum(dim=1).mean())
        return total


def count_pictures(data: str, limit: int | None = None) -> int:
    """Count the pictures that `evaluate` would use."""
    found = len(_on_disk(data))
    return found if limit is None else min(found, limit)


def _on_disk(data: str) -> Source:
    source = open_source(data)
    if isinstance(source, StreamSource):
        raise RecipeError("Evaluation needs pictures on disk: give a folder or .tar shards.")
    return source


def pictures_and_holes(
    data: str, *, size: int, seed: int, limit: int | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield size x size x 3 uint8 pictures and size x size bool masks; the same seed gives the same holes."""
    source = _on_disk(data)
    for index in range(count_pictures(data, limit)):
        holes = draw_holes(HOLES, size, np.random.default_rng((seed, index)))
        yield centre_crop(decode(source.read(index)), size), holes


def evaluate(
    names: list[str],
    data: str,
    distance: Distance,
    *,
    size: int = 256,
    seed: int = 0,
    limit: int | None = None,
    device: Device = "cpu",
    progress: Callable[[int], None] | None = None,
) -> list[Scores]:
    """Score every named method or model on every picture of a folder or shard.

    progress: told how many pictures are done. Raises `ModelError`, `RecipeError` as the parts do.
    """
    fillers = {name: make_filler(name, device) for name in names}
    rows: dict[str, list[Row]] = {name: [] for name in names}
    for done, (picture, holes) in enumerate(pictures_and_holes(data, size=size, seed=seed, limit=limit)):
        for name, filler in fillers.items():
            rows[name].append(_score(filler(picture, holes), picture, holes, distance))
        if progress is not None:
            progress(done + 1)
    return [Scores(name, len(row), *np.mean(row, axis=0).tolist()) for name, row in rows.items()]


def _score(filled: np.ndarray, truth: np.ndarray, holes: np.ndarray, distance: Distance) -> Row:
    one, other = (torch.from_numpy(x.copy()).permute(2, 0, 1)[None].float() / 255 for x in (filled, truth))
    ssim = structural_similarity_index_measure(one, other, data_range=1.0)
    error = float((one - other).square().mean())
    return (
        distance(one * 2 - 1, other * 2 - 1),
        float(ssim if isinstance(ssim, Tensor) else ssim[0]),
        -10 * float(np.log10(max(error, 1e-10))),
        float(masked_mean((one - other).abs(), torch.from_numpy(holes)[None, None].float())),
    )
