"""Frozen classification networks whose activations measure how alike two pictures look.

Weights come from torchvision's download, or, without internet, from a folder of safetensors files in torchvision's
names (`features.0.weight`, ...). torchvision's downloads and the layer weights that the installed lpips package ships
are `.pth` files: both are read with `weights_only`, which takes nothing but tensors out of them.
"""

import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import lpips
import torch
import torchvision
from safetensors.torch import load_file
from torch import Tensor, nn

from inpaint.core.errors import RecipeError

BackboneName = Literal["alex", "squeeze", "vgg", "vgg19", "mobilenet"]


@dataclass(frozen=True, slots=True)
class _Source:
    pattern: str
    """Which file of a backbone folder holds the weights."""
    weights: str
    """torchvision's name for the same weights."""


SOURCES: dict[str, _Source] = {
    "alex": _Source("alexnet*.safetensors", "AlexNet_Weights.IMAGENET1K_V1"),
    "squeeze": _Source("squeezenet1_1*.safetensors", "SqueezeNet1_1_Weights.IMAGENET1K_V1"),
    "vgg": _Source("vgg16*.safetensors", "VGG16_Weights.IMAGENET1K_V1"),
    "mobilenet": _Source("mobilenet_v2*.safetensors", "MobileNet_V2_Weights.IMAGENET1K_V1"),
    "vgg19": _Source("vgg19*.safetensors", "VGG19_Weights.IMAGENET1K_V1"),
}

UNCALIBRATED_SCALE = 1 / 15
"""Distances without LPIPS's learned layer weights are some 15 times larger; this brings them to the same size."""


def load_weights(name: BackboneName, folder: Path | None) -> tuple[dict[str, Tensor], bool]:
    """Return the convolution weights of a backbone under torchvision's names, and whether they are torchvision's.

    LPIPS learned its layer weights for torchvision's. folder: where to look for a safetensors file; None =
    torchvision's download (cached by torch.hub). Raises `RecipeError` when the folder has no such file, or the download
    fails.
    """
    if folder is not None:
        file = _choose(name, folder)
        return load_file(file), file.name == _own_name(name)
    try:
        enum = torchvision.models.get_weight(SOURCES[name].weights)
        return dict(enum.get_state_dict(progress=False, check_hash=True, weights_only=True)), True
    except OSError as error:
        raise RecipeError(
            f"The weights of {name!r} could not be downloaded ({error}); go online once, or give --backbones DIR."
        ) from error


def _choose(name: BackboneName, folder: Path) -> Path:
    """Return the file with the weights of a backbone: torchvision's where it is there, otherwise the first by name."""
    own, pattern = folder / _own_name(name), SOURCES[name].pattern
    files: list[Path] = []
    with suppress(OSError):  # there can be no folder of that name, or it may not be read
        files = sorted(folder.glob(pattern))
    if own in files:
        return own
    if not files:
        raise RecipeError(f"No {pattern} in {folder}; put the weights of {name!r} there, or choose another.")
    return files[0]


def _own_name(name: BackboneName) -> str:
    """Return what torchvision's weights are called as safetensors, such as `alexnet-owt-7be5be79.safetensors`.

    By this name they are known: the hash in it is of the `.pth` file that they came in, so it proves nothing here.
    """
    return Path(torchvision.models.get_weight(SOURCES[name].weights).url).with_suffix(".safetensors").name


def _layer_weights(name: str) -> dict[str, Tensor]:
    """Return what LPIPS learned for a backbone. The package would read its own file as torch's environment says."""
    file = Path(lpips.__file__).parent / "weights" / "v0.1" / f"{name}.pth"
    return torch.load(file, map_location="cpu", weights_only=True)


class LpipsFeatures(nn.Module):
    """The activations LPIPS compares, one per layer, and the weight of every channel in the comparison.

    Calibrated with the weights LPIPS learned where the backbone is the one it was calibrated for (torchvision's).
    A backbone from elsewhere counts all channels alike, scaled to the same size.
    """

    def __init__(self, name: Literal["alex", "squeeze", "vgg"], folder: Path | None) -> None:
        super().__init__()
        with warnings.catch_warnings():
            # lpips builds torchvision's networks through arguments that torchvision calls deprecated.
            warnings.simplefilter("ignore")
            metric = lpips.LPIPS(pretrained=False, net=name, pnet_rand=True, verbose=False)
        weights, self.calibrated = load_weights(name, folder)
        trunk = {key: weights["features." + key.split(".", 1)[1]] for key in metric.net.state_dict()}
        metric.net.load_state_dict(trunk)
        self.scale = metric.scaling_layer
        self.net = metric.net
        learned = _layer_weights(name)
        channels = [
            learned[f"lin{index}.model.1.weight"].reshape(-1)
            if self.calibrated
            else torch.full((width,), UNCALIBRATED_SCALE)
            for index, width in enumerate(metric.chns)
        ]
        self.layers = len(channels)
        for index, weight in enumerate(channels):
            self.register_buffer(f"channels{index}", weight.clone())
        self.eval().requires_grad_(False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Map N x 3 x H x W in [-1, 1] to activations of unit length per position, N x C_l x H_l x W_l per layer."""
        return [unit_length(layer) for layer in self.activations(image)]

    def activations(self, image: Tensor) -> list[Tensor]:
        """Map N x 3 x H x W in [-1, 1] to activations as the layers give them, N x C_l x H_l x W_l float32 each."""
        return [layer.float() for layer in self.net(self.scale(image))]

    def channel_weights(self) -> list[Tensor]:
        """Return w_l of equation 2, one vector of C_l per layer (LPIPS applies it to the squared difference)."""
        return [self.get_buffer(f"channels{index}") for index in range(self.layers)]


def unit_length(features: Tensor) -> Tensor:
    """Scale N x C x H x W to length 1 along C."""
    return features * inverse_length(features)


def inverse_length(features: Tensor) -> Tensor:
    """Return one over the length along C of N x C x H x W, N x 1 x H x W.

    The epsilon is inside the root, unlike in the lpips package: where all channels are 0 its gradient is NaN.
    """
    return torch.rsqrt(torch.linalg.vector_norm(features, dim=1, keepdim=True).square() + 1e-10)


class Vgg19Features(nn.Module):
    """relu1_1, relu2_1, ... of VGG-19, as far up as the weights at hand go (a folder may hold the first part only)."""

    TAPS: Sequence[int] = (0, 5, 10, 19, 28)

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        weights, _ = load_weights("vgg19", folder)
        present = {int(key.split(".")[1]) for key in weights if key.startswith("features.")}
        self.taps = [tap for tap in self.TAPS if tap in present]
        full = torchvision.models.vgg19(weights=None).features
        self.net = nn.Sequential(*list(full.children())[: self.taps[-1] + 2])
        for module in self.net:
            if isinstance(module, nn.ReLU):
                module.inplace = False
        names = self.net.state_dict()
        self.net.load_state_dict({key: weights[f"features.{key}"] for key in names})
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.eval().requires_grad_(False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Map N x 3 x H x W in [-1, 1] to one N x C_l x H_l x W_l tensor per layer, coarser and coarser."""
        x = ((image + 1) / 2 - self.get_buffer("mean")) / self.get_buffer("std")
        features = []
        for index, layer in enumerate(self.net):
            x = layer(x)
            if index - 1 in self.taps:
                features.append(x.float())
        return features
