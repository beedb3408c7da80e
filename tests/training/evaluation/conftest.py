from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from inpaint.training.evaluation.samples import Sample


@pytest.fixture(scope="session")
def sample(picture, hole):
    """One sample of 96 x 128 pixels with a hole of 24 x 32."""
    return Sample("one", picture(), hole())


@dataclass
class L1Distance:
    """Stands in for the perceptual distance, whose networks would have to be downloaded; counts its work."""

    title: str = "LPIPS (stand-in)"
    looked: list[str] = field(default_factory=list)

    def reference(self, truth):
        self.looked.append("truth")
        return [truth]

    def between(self, image, reference, hole):
        self.looked.append("fill")
        difference = (image - reference[0]).abs().mean(dim=1, keepdim=True)
        return float(difference.mean()), float((difference * hole).sum() / hole.sum())


@pytest.fixture
def l1_distance():
    return L1Distance()


@pytest.fixture(scope="session")
def vgg19(tmp_path_factory):
    """A folder with the first convolution of a VGG-19 that nobody trained."""
    folder = tmp_path_factory.mktemp("backbones")
    random = torch.Generator().manual_seed(0)
    weights = {"features.0.weight": torch.randn(64, 3, 3, 3, generator=random), "features.0.bias": torch.zeros(64)}
    save_file(weights, folder / "vgg19_random.safetensors")
    return folder


@pytest.fixture(scope="session")
def constant():
    """`constant(value)`: a filler that fills with one grey."""

    def make(value):
        return lambda sample: np.where(sample.hole[..., None], np.uint8(value), sample.picture)

    return make
