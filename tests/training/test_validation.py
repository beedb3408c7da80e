from types import SimpleNamespace

import pytest
import torch

from inpaint.core.losses import Objective, ObjectiveConfig
from inpaint.core.trainers import Batch
from inpaint.training.validation import CHUNK, Validation


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
