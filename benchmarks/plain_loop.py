"""The same networks, losses and pictures in the loop that everybody writes first: float32, no workers, no tricks."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from inpaint.core.losses import Objective, discriminator_loss
from inpaint.core.trainers import Batch
from inpaint.training.data.crops import decode, random_crop
from inpaint.training.data.holes import draw_holes
from inpaint.training.data.sources import Source
from inpaint.training.recipe import Recipe

BETAS = (0.5, 0.999)


class Photographs(Dataset):
    """One crop and one mask per item, as float32."""

    def __init__(self, source: Source, recipe: Recipe) -> None:
        phase = recipe.phases[0]
        self.source, self.crops, self.holes = source, recipe.data[phase.data], recipe.holes[phase.holes]

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng()
        crop = random_crop(decode(self.source.read(index)), self.crops, rng)
        image = torch.from_numpy(crop.copy()).permute(2, 0, 1).float() / 127.5 - 1
        return image, torch.from_numpy(draw_holes(self.holes, self.crops.size, rng))[None].float()


def plain_loop(recipe: Recipe, source: Source, backbones: Path | None, device: torch.device) -> Iterator[float]:
    """Train for ever; yields after every step how many seconds of it went into waiting for the batch."""
    family, phase = recipe.family, recipe.phases[0]
    generator, discriminators = family.build_generator().to(device), family.build_discriminators().to(device)
    objective = Objective(recipe.objectives[phase.objective], backbones).to(device)
    generator_adam = torch.optim.Adam(generator.parameters(), lr=phase.lr, betas=BETAS)
    discriminator_adam = torch.optim.Adam(discriminators.parameters(), lr=phase.lr, betas=BETAS)
    average = family.build_generator().to(device).requires_grad_(False)
    kind = objective.config.adversarial
    photographs = Photographs(source, recipe)
    while True:
        asked = time.perf_counter()
        for image, mask in DataLoader(photographs, recipe.data[phase.data].batch, shuffle=True, drop_last=True):
            batch = Batch(image.to(device), mask.to(device))
            waited = time.perf_counter() - asked

            made = family.complete(generator, batch, 1.0)
            fakes = family.fakes(batch)
            real = family.judge(discriminators, batch.image, batch)
            fake = family.judge(discriminators, made.completed.detach(), batch)
            discriminator_adam.zero_grad()
            judgement = discriminator_loss(real, fake, fakes, kind)
            judgement.backward()
            discriminator_adam.step()

            loss = torch.zeros((), device=device)
            for stage in made.stages:
                loss = loss + sum(objective.reconstruction(stage.image, batch.image, stage.region).values())
            judged = family.judge(discriminators, made.completed, batch)
            loss = loss + objective.adversarial(judged, fakes, phase.adversarial)
            generator_adam.zero_grad()
            loss.backward()
            generator_adam.step()
            with torch.no_grad():
                for kept, current in zip(average.parameters(), generator.parameters(), strict=True):
                    kept.mul_(0.999).add_(current, alpha=0.001)
            if not torch.isfinite(loss + judgement).item():
                raise SystemExit("the plain loop diverged")
            yield waited
            asked = time.perf_counter()
