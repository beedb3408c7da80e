"""FID (Heusel et al. 2017) and Inception score (Salimans et al. 2016): how a method's fills look as a crowd.

The network is the Inception v3 of the first FID, as torch-fidelity converted it. Every picture goes through it once;
torchmetrics does the statistics on its activations.
"""

import io
import math
import warnings
from pathlib import Path
from pickle import UnpicklingError
from typing import Protocol

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3
from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
from torchmetrics.image.inception import InceptionScore

from inpaint.core.errors import RecipeError

PATTERNS = ("*inception*.safetensors", "*inception*.pth")
FEATURES, LOGITS = "2048", "logits_unbiased"
SPLITS = 10
"""Parts that the Inception score is the mean of."""


class Features(Protocol):
    """What turns pictures into activations."""

    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Map N x 3 x H x W uint8 to N x F features and N x K logits."""
        ...


class Inception(nn.Module):
    """The Inception v3 network of FID."""

    def __init__(self, folder: Path | None, device: str = "cpu") -> None:
        """Load it. Raises `RecipeError` when its weights are not to be had."""
        super().__init__()
        # torch-fidelity can only unpickle a file without restraint, so it gets a file that this process wrote.
        own = io.BytesIO()
        torch.save(load_weights(folder), own)
        own.seek(0)
        try:
            self.net = NoTrainInceptionV3("inception-v3-compat", [FEATURES, LOGITS], own)  # pyright: ignore
        except RuntimeError as error:
            raise RecipeError(
                f"The Inception weights{f' in {folder}' if folder else ''} are of another network; take the file that "
                f"torch-fidelity uses: {URL_INCEPTION_V3}."
            ) from error
        self.net.to(device)
        self.device = device

    @torch.inference_mode()
    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Map N x 3 x H x W uint8 to N x 2048 features and N x 1008 logits without bias."""
        features, logits = self.net._torch_fidelity_forward(pictures.to(self.device))
        return features.float().cpu(), logits.float().cpu()


def load_weights(folder: Path | None) -> dict[str, Tensor]:
    """Return the state of the Inception network of FID.

    folder: where to look for `PATTERNS`; None = torch-fidelity's download, checked by its hash and kept by torch.hub.
    Nothing is unpickled but tensors. Raises `RecipeError` when there is no such file, or it is no such state.
    """
    if folder is None:
        try:
            return torch.hub.load_state_dict_from_url(
                URL_INCEPTION_V3, progress=False, check_hash=True, weights_only=True, map_location="cpu"
            )
        except (OSError, RuntimeError, UnpicklingError) as error:
            raise RecipeError(
                f"The Inception weights for FID and IS could not be downloaded ({error}); go online once, or put "
                f"{URL_INCEPTION_V3.rsplit('/', 1)[-1]} into a folder and give --backbones DIR."
            ) from error
    files = [path for pattern in PATTERNS for path in sorted(folder.glob(pattern))]
    if not files:
        raise RecipeError(
            f"No {' or '.join(PATTERNS)} in {folder}, which FID and IS need; put the file from {URL_INCEPTION_V3} "
            "there, or leave fid and is out of --metrics."
        )
    try:
        if files[0].suffix == ".safetensors":
            return load_file(files[0])
        with warnings.catch_warnings():
            # About other pickle protocols, which it then refuses anyway.
            warnings.simplefilter("ignore")
            state = torch.load(files[0], map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, SafetensorError, UnpicklingError, EOFError, ValueError) as error:
        raise RecipeError(f"{files[0]} holds no plain weights; take the file from {URL_INCEPTION_V3}.") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise RecipeError(f"{files[0]} holds no plain weights; take the file from {URL_INCEPTION_V3}.")
    return state


class _Given(nn.Module):
    """Stands where torchmetrics wants a network: hands on activations that are there already."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.num_features = width

    def forward(self, activations: Tensor) -> Tensor:
        return activations


class Crowd:
    """Collects activations of truths and fills; 12 kB per picture and method."""

    def __init__(self, features: Features) -> None:
        """Start empty."""
        self.features = features
        self.truths: list[Tensor] = []
        self.fills: dict[str, list[tuple[Tensor, Tensor]]] = {}

    def add(self, truth: np.ndarray, fills: dict[str, np.ndarray]) -> None:
        """Take one photograph and its fills, each H x W x 3 uint8."""
        self.truths.append(self._look(truth)[0])
        for name, pixels in fills.items():
            self.fills.setdefault(name, []).append(self._look(pixels))

    def _look(self, pixels: np.ndarray) -> tuple[Tensor, Tensor]:
        return self.features(torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None])

    def fid(self, name: str) -> float:
        """Return the Fréchet distance of a method's fills from the truths; NaN for a single picture."""
        real, fake = torch.cat(self.truths), torch.cat([features for features, _ in self.fills[name]])
        return frechet(real, fake)

    def inception_score(self, name: str) -> tuple[float, float]:
        """Return the Inception score of a method's fills and its standard deviation over the splits."""
        return inception_score(torch.cat([logits for _, logits in self.fills[name]]))


def frechet(real: Tensor, fake: Tensor) -> float:
    """Return the Fréchet distance of two sets of features, N x F each; NaN where a set has fewer than two."""
    if min(len(real), len(fake)) < 2:
        return float("nan")
    both = torch.cat([real, fake]).double()
    both -= both.mean(dim=0)
    if len(both) < both.shape[1]:
        # Turned into the few directions in which they differ at all, which changes no distance: the eigenvalues of a
        # 400 x 400 matrix instead of a 2048 x 2048 one take a second instead of a minute.
        both = both @ torch.linalg.qr(both.T).Q
    metric = FrechetInceptionDistance(feature=_Given(both.shape[1]))
    metric.update(both[: len(real)], real=True)
    metric.update(both[len(real) :], real=False)
    # Rounding can leave a tiny negative distance between equal sets.
    return max(0.0, float(metric.compute()))


def inception_score(logits: Tensor) -> tuple[float, float]:
    """Return the Inception score of N x K logits, the mean of at most `SPLITS` splits, and its standard error.

    That of a single split is NaN.
    """
    splits = min(SPLITS, len(logits))
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        # It warns about keeping features, which are here already, and about the spread of a single split.
        warnings.simplefilter("ignore")
        torch.manual_seed(0)  # it shuffles before it splits
        metric = InceptionScore(feature=_Given(logits.shape[1]), splits=splits)
        metric.update(logits)
        mean, spread = metric.compute()
    return float(mean), float(spread) / math.sqrt(splits) if splits > 1 else math.nan
