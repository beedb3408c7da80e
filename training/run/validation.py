"""Look at a generator while it trains: fixed pictures, fixed holes, one number and one contact sheet."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from inpaint.core.losses import Objective, l1
from inpaint.core.nets import push_pull
from inpaint.core.trainers import Batch, Family
from inpaint.training.data.batches import to_batch
from inpaint.training.data.crops import centre_crop, read_picture
from inpaint.training.data.holes import HoleConfig, draw_holes
from inpaint.training.data.object_shapes import Shapes
from inpaint.training.data.skipped import SkippedPictures, read_or_replace
from inpaint.training.data.sources import Source

PICTURES = 16
CHUNK = 8


@dataclass(frozen=True, slots=True)
class Validation:
    """Fixed pictures with fixed holes, the objective that judges them, and what kind of model fills them."""

    batch: Batch
    objective: Objective
    family: Family

    @torch.no_grad()
    def measure(self, generator: nn.Module, fade: float) -> tuple[dict[str, float], Tensor]:
        """Fill all holes. Returns the mean losses by name and the filled pictures, N x 3 x H x W in [-1, 1].

        fade: weight of the generator's newest grown block, 0..1. The distance by which checkpoints are ranked is
        `distance`: the patch perceptual loss, or where the objective has none the mean absolute difference inside the
        holes.
        """
        device = next(generator.parameters()).device
        was_training = generator.training
        generator.eval()
        filled = []
        terms: list[dict[str, float]] = []
        counts: list[int] = []
        for start in range(0, len(self.batch.image), CHUNK):
            part = self.batch.part(start, start + CHUNK).to(device)
            made = self.family.complete(generator, part, fade)
            l1_hole = float(l1(made.completed, part.image, made.region))
            ppl = self.objective.ppl
            distance = float(ppl(made.completed, part.image, made.region)) if ppl is not None else l1_hole
            term = {"distance": distance, "l1_hole": l1_hole}
            if len(made.stages) > 1:
                term |= {f"l1_{stage.name}": float(l1(stage.image, part.image, stage.region)) for stage in made.stages}
            terms.append(term)
            counts.append(len(part.image))
            # What people get: some models paint, and are judged by, more than the hole.
            filled.append((made.completed * made.region + part.image * (1 - made.region)).cpu())
        generator.train(was_training)
        # A chunk that is not full counts for less.
        means = {name: float(np.average([term[name] for term in terms], weights=counts)) for name in terms[0]}
        return means, torch.cat(filled)


def choose_pictures(
    source: Source,
    holes: HoleConfig,
    size: int,
    seed: int,
    skipped: SkippedPictures,
    count: int = PICTURES,
    shapes: Shapes | None = None,
) -> Batch:
    """Take evenly spaced pictures of a source, cropped to the centre, with holes drawn from the seed.

    skipped: told of pictures and label maps that are not usable, and others are taken.
    """
    chosen = np.linspace(0, len(source) - 1, min(count, len(source))).astype(int)
    unusable: list[str] = []
    pixels, masks = [], []
    for n, index in enumerate(chosen):
        picture = read_or_replace(partial(read_picture, source), int(index), len(source), (seed, 4, n), unusable)
        pixels.append(centre_crop(picture, size))
        masks.append(draw_holes(holes, size, np.random.default_rng((seed, 2, n)), shapes, unusable))
    skipped.add(unusable)
    return to_batch(torch.from_numpy(np.stack(pixels)), torch.from_numpy(np.stack(masks)))


def contact_sheet(batch: Batch, filled: Tensor, path: Path, columns: int = 2) -> None:
    """Write a PNG: per picture, side by side, the photograph, its hole, the smooth start and the filled picture.

    Composites are shown as the photograph, the composite, the composite without its hole, and the result.
    """
    given = batch.image if batch.composite is None else batch.composite
    hole = given * (1 - batch.mask) + batch.mask
    middle = [hole, push_pull(batch.image, batch.mask)] if batch.composite is None else [given, hole]
    tiles = torch.cat([batch.image, *middle, filled.clamp(-1, 1)], dim=3)
    rows = [torch.cat(list(tiles[start : start + columns]), dim=2) for start in range(0, len(tiles), columns)]
    width = max(row.shape[2] for row in rows)
    rows = [torch.nn.functional.pad(row, (0, width - row.shape[2]), value=1.0) for row in rows]
    sheet = torch.cat(rows, dim=1)
    pixels = ((sheet + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
