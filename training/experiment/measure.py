"""One checkpoint on photographs with holes of every size: what paper 002 wants to know after each K steps."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import cv2
import numpy as np
import torch
from torch import Tensor

from inpaint.core.engines.engine import Device
from inpaint.core.errors import RecipeError
from inpaint.core.filling.fill import fill
from inpaint.training.data.holes import ATTEMPTS, HoleConfig, draw_holes
from inpaint.training.devices import choose_device
from inpaint.training.evaluation.distance import Distance
from inpaint.training.evaluation.inception import Features, Inception, frechet, inception_score
from inpaint.training.evaluation.metrics import Judge, Row
from inpaint.training.evaluation.run_engine import RunEngine
from inpaint.training.evaluation.samples import Photographs, Sample
from inpaint.training.experiment.plan import IRREGULAR, Hole, Measurement
from inpaint.training.recipe import Recipe

Progress = Callable[[int, int], None]
"""Told after every fill how many are done, and of how many."""
SHOWN = 8
"""How many fills are kept to be looked at."""
STROKES = HoleConfig(strokes=1.0, area=(0.05, 0.4))
"""Irregular holes for measuring."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The numbers of one checkpoint."""

    pictures: int
    rows: dict[Hole, Row]
    """By kind of hole: means over the pictures, and what only all of them together have."""
    shown: np.ndarray
    """The first fills of the largest square: n x H x W x 3 uint8."""


class Bench:
    """Photographs, holes and judges, loaded once and the same for every checkpoint of an experiment."""

    def __init__(self, location: str, config: Measurement, backbones: Path | None, device: Device) -> None:
        """Load everything, so that what is missing is missed before anything is trained.

        location: photographs, a folder or .tar shards. Raises `RecipeError` when they, weights or the device are
        missing.
        """
        self.config = config
        self.location = location
        self.device: Device = device
        where = choose_device(device, RecipeError)
        distance = Distance(config.distance, backbones, where) if "lpips" in config.metrics else None
        self.judge = Judge(config.metrics, distance)
        self.features: Features | None = Inception(backbones, where) if {"fid", "is"} & {*config.metrics} else None
        self._truths: dict[int, Tensor] = {}
        self.photographs(64)

    def photographs(self, size: int) -> Photographs:
        """Return the photographs as squares of `size` pixels."""
        return Photographs(self.location, size=size, limit=self.config.pictures)

    def holes(self, recipe: Recipe) -> tuple[Hole, ...]:
        """Return the kinds of holes that a recipe's model is measured on."""
        irregular = self.config.irregular and not recipe.native_holes.centred
        return (*self.config.sides, *([IRREGULAR] if irregular else []))

    def samples(self, recipe: Recipe, kind: Hole, count: int | None = None) -> list[Sample]:
        """Return the photographs, or the first `count`, with one square hole each, or with several irregular ones.

        kind: the side of the square as a fraction of the picture's, or "irregular". The same whenever asked.
        """
        size = recipe.native_size
        photographs = self.photographs(size)
        return [
            Sample(
                photographs.names[index],
                photographs.read(index),
                _draw(kind, recipe, np.random.default_rng((self.config.seed, index))),
            )
            for index in range(min(len(photographs), count or len(photographs)))
        ]

    def measure(self, run: Path, step: int, recipe: Recipe, progress: Progress | None = None) -> Measured:
        """Fill holes of every kind with the averaged generator of a checkpoint, and judge the fills.

        Raises `RecipeError` and `EngineError` as the parts do.
        """
        engine = RunEngine(run, self.device, step)
        rows: dict[Hole, Row] = {}
        shown: list[np.ndarray] = []
        count, done, kinds = 0, 0, self.holes(recipe)
        total = len(kinds) * len(self.photographs(recipe.native_size))
        for kind in kinds:
            scored: list[Row] = []
            looks: list[tuple[Tensor, Tensor]] = []
            for sample in self.samples(recipe, kind):
                pixels = fill(sample.picture, sample.hole, engine, detail="network")
                scored.append(self.judge.score(sample, {"": pixels})[""])
                if self.features is not None:
                    looks.append(self.features(_batch(pixels)))
                if kind == self.config.sides[-1] and len(shown) < SHOWN:
                    shown.append(pixels)
                done += 1
                if progress is not None:
                    progress(done, total)
            count = len(scored)
            rows[kind] = {key: fmean(row[key] for row in scored) for key in scored[0]}
            rows[kind] |= self._together(looks, recipe.native_size)
        return Measured(count, rows, np.stack(shown))

    def _together(self, looks: list[tuple[Tensor, Tensor]], size: int) -> Row:
        """Return FID and Inception score of many fills, from their activations."""
        row: Row = {}
        if "fid" in self.config.metrics:
            row["fid"] = frechet(self._truth(size), torch.cat([features for features, _ in looks]))
        if "is" in self.config.metrics:
            row["is"] = inception_score(torch.cat([logits for _, logits in looks]))[0]
        return row

    def _truth(self, size: int) -> Tensor:
        """Return the activations of the photographs themselves, which are computed once."""
        if size not in self._truths:
            photographs, features = self.photographs(size), self.features
            assert features is not None
            activations = [features(_batch(photographs.read(index)))[0] for index in range(len(photographs))]
            self._truths[size] = torch.cat(activations)
        return self._truths[size]


def _draw(kind: Hole, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Draw one mask, size x size bool: one square, or strokes that make at least two holes."""
    size = recipe.native_size
    if not isinstance(kind, str):
        return draw_holes(
            HoleConfig(rectangles=(1, 1), side=(kind, kind), area=(0, 1), centred=recipe.native_holes.centred),
            size,
            rng,
        )
    mask = draw_holes(STROKES, size, rng)
    for _ in range(ATTEMPTS):
        if cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] > 2:  # one of them is what is known
            break
        mask = draw_holes(STROKES, size, rng)
    return mask


def _batch(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None]
