"""The hole's Fréchet distance: do fills, seen as a crowd, have the textures that photographs have in the same holes?

As FID compares whole pictures by a network's last layer, this compares what lies inside the holes by its first ones,
whose cells see edges, grain and texture. It does not ask for the same thing at the same place, so blur does not help.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

import cv2
import numpy as np
import torch
import torchvision
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from inpaint.core.errors import RecipeError
from inpaint.core.losses.backbones import load_weights

NetworkName = Literal["mobilenet", "squeeze"]
NETWORKS: tuple[str, ...] = get_args(NetworkName)
MARGIN = 64
"""What the network sees around a hole, in pixels."""
FLOOR = 0.01
"""Smallest deviation of a channel, in parts of the mean of its layer: one that is hardly ever alive does not decide."""

_TAPS = {"mobilenet": (1, 3, 6), "squeeze": (1, 4, 7)}
"""The last layers of strides 2, 4 and 8."""
_TITLES = {"mobilenet": "MobileNetV2", "squeeze": "SqueezeNet"}


class Features(Protocol):
    """What turns a picture into layers of features."""

    def __call__(self, picture: Tensor) -> list[Tensor]:
        """Map 1 x 3 x H x W in [0, 1] to 1 x C_l x H_l x W_l per layer."""
        ...


class EarlyFeatures(nn.Module):
    """The first layers of a classifier of ImageNet: strides 2, 4 and 8."""

    def __init__(self, name: NetworkName, folder: Path | None, device: str = "cpu") -> None:
        """Load them from a folder, or by torchvision's download. Raises `RecipeError` when they are not to be had."""
        super().__init__()
        try:
            weights, own = load_weights(name, folder)
        except RecipeError as error:
            other = "" if name == "squeeze" else "; or try --features squeeze"
            raise RecipeError(f"{str(error).removesuffix('.')}{other}, or leave frechet out of --metrics.") from error
        made = torchvision.models.mobilenet_v2 if name == "mobilenet" else torchvision.models.squeezenet1_1
        self.taps = _TAPS[name]
        self.net = nn.Sequential(*list(made(weights=None).features)[: self.taps[-1] + 1])
        try:
            self.net.load_state_dict({key: weights[f"features.{key}"] for key in self.net.state_dict()})
        except (KeyError, RuntimeError) as error:
            raise RecipeError(
                f"The weights of {_TITLES[name]} in {folder} are of another network; take torchvision's."
            ) from error
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.title = _TITLES[name] + ("" if own else ", not torchvision's weights")
        self.device = device
        self.eval().requires_grad_(False).to(device)

    @torch.inference_mode()
    def forward(self, picture: Tensor) -> list[Tensor]:
        """Map 1 x 3 x H x W in [0, 1] to 1 x C_l x H_l x W_l float32 per layer, on the CPU."""
        x = (picture.to(self.device) - self.get_buffer("mean")) / self.get_buffer("std")
        layers = []
        for index, layer in enumerate(self.net):
            x = layer(x)
            if index in self.taps:
                # Not the tensor itself: the next layer may compute in place.
                layers.append(x.float().cpu().clone())
        return layers


@dataclass(slots=True)
class Moments:
    """Sums from which mean and covariance follow; every photograph weighs the same."""

    pictures: int
    first: np.ndarray
    """C float64: sum of the photographs' means."""
    second: np.ndarray
    """C x C float64: sum of their second moments about zero."""

    @classmethod
    def none(cls, channels: int) -> "Moments":
        """Start empty."""
        return cls(0, np.zeros(channels), np.zeros((channels, channels)))

    def add(self, cells: np.ndarray, weights: np.ndarray) -> None:
        """Take in one photograph: C x N features and the N weights of their cells, not all zero."""
        cells, weights = cells.astype(np.float64), weights.astype(np.float64) / weights.sum(dtype=np.float64)
        self.pictures += 1
        self.first += cells @ weights
        self.second += (cells * weights) @ cells.T

    @property
    def mean(self) -> np.ndarray:
        """C."""
        return self.first / self.pictures

    @property
    def covariance(self) -> np.ndarray:
        """C x C."""
        return self.second / self.pictures - np.outer(self.mean, self.mean)


def frechet_per_channel(truth: Moments, fills: Moments) -> float:
    """Return the Fréchet distance of two Gaussians, in deviations of the truth and per channel.

    |m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½) (Dowson and Landau 1982) after each channel is divided by its deviation in
    the truth, over the number of channels: 0 = equal; 1 = as far as if every channel were shifted by a deviation.
    """
    deviation = np.sqrt(np.diag(truth.covariance).clip(0))
    scale = 1 / np.maximum(deviation, max(FLOOR * deviation.mean(), np.finfo(np.float32).tiny))
    shift = (truth.mean - fills.mean) * scale
    one, other = (moments.covariance * np.outer(scale, scale) for moments in (truth, fills))
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    # The eigenvalues of C1 C2 are those of this symmetric matrix, which has real ones whatever the rounding.
    common = np.sqrt(np.linalg.eigvalsh(root @ other @ root).clip(0)).sum()
    distance = shift @ shift + np.trace(one) + np.trace(other) - 2 * common
    # Rounding can leave a tiny negative distance between equal sets.
    return max(0.0, float(distance)) / len(scale)


class HoleCrowd:
    """Collects what lies inside the holes of photographs and of each method's fills."""

    def __init__(self, features: Features) -> None:
        """Start empty."""
        self.features = features
        self.truths: list[Moments] = []
        self.fills: dict[str, list[Moments]] = {}

    def add(self, truth: np.ndarray, hole: np.ndarray, fills: dict[str, np.ndarray]) -> None:
        """Take one photograph (H x W x 3 uint8) and its fills of the hole (H x W bool)."""
        window = _around(hole)
        share = torch.from_numpy(hole[window].astype(np.float32))[None, None]
        self._add(self.truths, truth[window], share)
        for name, pixels in fills.items():
            self._add(self.fills.setdefault(name, []), pixels[window], share)

    def _add(self, layers: list[Moments], pixels: np.ndarray, hole: Tensor) -> None:
        found = self.features(torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float() / 255)
        if not layers:
            layers.extend(Moments.none(layer.shape[1]) for layer in found)
        for moments, layer in zip(layers, found, strict=True):
            # Each cell counts by the share of hole that it stands for, so that thin holes count, too.
            weights = adaptive_avg_pool2d(hole, (layer.shape[2], layer.shape[3]))
            moments.add(layer[0].flatten(1).numpy(), weights.flatten().numpy())

    def distance(self, name: str) -> float:
        """Return the distance of a method's fills from the photographs, the mean over the layers."""
        layers = zip(self.truths, self.fills[name], strict=True)
        return float(np.mean([frechet_per_channel(truth, fills) for truth, fills in layers]))


def _around(hole: np.ndarray) -> tuple[slice, slice]:
    left, top, width, height = cv2.boundingRect(hole.astype(np.uint8))
    return (
        slice(max(0, top - MARGIN), min(hole.shape[0], top + height + MARGIN)),
        slice(max(0, left - MARGIN), min(hole.shape[1], left + width + MARGIN)),
    )
