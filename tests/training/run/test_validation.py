"""What a training measures on its fixed pictures."""

from types import SimpleNamespace

import pytest
import torch

from inpaint.core.losses import Objective, ObjectiveConfig
from inpaint.core.nets import DiscriminatorConfig, GeneratorConfig
from inpaint.core.trainers import Batch, build_family
from inpaint.training.run.validation import CHUNK, Validation


class LastIsOff:
    """A family whose generator completes every picture as it was, but the last one of all brighter by 1."""

    def complete(self, generator, batch, fade):
        completed = batch.image + batch.image.amax(dim=(1, 2, 3), keepdim=True)
        stages = [SimpleNamespace(name=name, image=completed, region=batch.mask) for name in ("coarse", "fine")]
        return SimpleNamespace(completed=completed, region=batch.mask, stages=stages)


def test_every_picture_counts_alike():
    """Also those of the last chunk, of which there are fewer."""
    count = CHUNK + 1
    image, mask = torch.zeros(count, 3, 32, 32), torch.ones(count, 1, 32, 32)
    image[-1] = 1
    validation = Validation(Batch(image, mask), Objective(ObjectiveConfig(ppl=0.0, l1_hole=1.0)), LastIsOff())
    measures, filled = validation.measure(torch.nn.Conv2d(1, 1, 1), 1.0)
    assert measures == pytest.approx(dict.fromkeys(("distance", "l1_hole", "l1_coarse", "l1_fine"), 1 / count))
    assert len(filled) == count


def test_pictures_count_alike_whatever_their_hole():
    torch.manual_seed(0)
    count = CHUNK + 1
    mask = torch.zeros(count, 1, 64, 64)
    for picture in range(count):
        mask[picture, :, 8 : 12 + 4 * picture, 8:24] = 1
    batch = Batch(torch.rand(count, 3, 64, 64) * 2 - 1, mask)
    family = build_family(GeneratorConfig(width=4, blocks=1), DiscriminatorConfig(width=4, scales=1))
    generator, objective = family.build_generator(), Objective(ObjectiveConfig(ppl=0.0, l1_hole=1.0))
    together, _ = Validation(batch, objective, family).measure(generator, 1.0)
    alone = [
        Validation(batch.part(n, n + 1), objective, family).measure(generator, 1.0)[0]["distance"] for n in range(count)
    ]
    assert together["distance"] == pytest.approx(sum(alone) / count, rel=1e-4)
