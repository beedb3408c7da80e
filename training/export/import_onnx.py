"""The way back from an exported file to a network that can learn.

An export has no batch norms: each was folded into the convolution before it, and doublings were rewritten
(`subpixel`). Here the convolutions are taken apart again. What a folded norm had measured is not in the file, so the
norms measure anew, in a way that leaves what the network computes as it is.
"""

import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from inpaint.core.errors import ModelError
from inpaint.training.export.compact import read_initializers
from inpaint.training.export.subpixel import neighbours, whole_kernel

Convolution = nn.Conv2d | nn.ConvTranspose2d
PREFIX = "generator."
"""What `export.Traceable` puts before the name of every weight."""


def read_weights(file: Path) -> dict[str, Tensor]:
    """Return the weights of an exported file by their names in the network, float32."""
    return {
        name.removeprefix(PREFIX): torch.from_numpy(values.copy()).float()
        for name, values in read_initializers(file).items()
        if name.startswith(PREFIX)
    }


@torch.no_grad()
def load_folded_weights(weights: dict[str, Tensor], generator: nn.Module) -> None:
    """Give a network the weights of an export of its architecture; in evaluation mode it then computes the same.

    Raises `ModelError` when a weight is missing or has another shape.
    """
    weights = {**weights}
    for name in [name for name in weights if name.endswith(".small.weight")]:
        layer = name.removesuffix(".small.weight")
        weights[f"{layer}.weight"] = whole_kernel(weights.pop(name))
        weights[f"{layer}.bias"] = weights.pop(f"{layer}.small.bias").chunk(4)[0]
    names = {module: name for name, module in generator.named_modules()}
    for convolution, norm in normed(generator):
        # A norm that measured mean 0 and variance 1 changes nothing but adds its bias, which is the folded one's.
        norm.reset_parameters()
        assert norm.running_var is not None
        norm.running_var -= norm.eps
        folded = weights.pop(f"{names[convolution]}.bias", None)
        state = {key: value for key, value in norm.state_dict().items() if key != "bias" or folded is None}
        weights |= {f"{names[norm]}.{key}": value for key, value in state.items()}
        if folded is not None:
            weights[f"{names[norm]}.bias"] = folded
    try:
        generator.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelError("its weights have other names or shapes") from error
    for convolution, norm in normed(generator):
        _rescale(convolution, norm)


def normed(network: nn.Module) -> list[tuple[Convolution, nn.BatchNorm2d]]:
    """List every convolution that a batch norm directly follows in a Sequential, with that norm."""
    pairs = [(layers[index], layers[index + 1]) for layers, index in neighbours(network)]
    return [(a, b) for a, b in pairs if isinstance(a, nn.Conv2d | nn.ConvTranspose2d) and isinstance(b, nn.BatchNorm2d)]


def _rescale(convolution: Convolution, norm: nn.BatchNorm2d) -> None:
    """Give the kernels before a norm the spread of fresh ones, and the norm the opposite; the product stays.

    How long they are decides nothing but how far a step of Adam turns them. Kernels that are 0, as in a block that had
    only just grown, become fresh ones, which the norm then multiplies by 0.
    """
    if not convolution.weight.any():
        convolution.reset_parameters()
        norm.weight.zero_()
        return
    fresh = (3 * convolution.in_channels * math.prod(convolution.kernel_size)) ** -0.5
    factor = fresh / convolution.weight.std()
    convolution.weight.mul_(factor)
    assert norm.running_var is not None
    norm.running_var.copy_((norm.running_var + norm.eps) * factor**2 - norm.eps)


@torch.no_grad()
def recompute_norms(network: nn.Module, use: Callable[[], None]) -> None:
    """Let every batch norm of a network in evaluation mode measure anew, and keep what the network computes.

    use: runs the network on some batches. A norm computes s x + t with s = weight / sqrt(var + eps) and
    t = bias - s mean; under the new mean and variance, weight and bias are chosen so that s and t stay.
    """
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    seen = {norm: (torch.zeros(2, norm.num_features, dtype=torch.float64), [0]) for norm in norms}

    def look(norm: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, _BatchNorm)
        sums, count = seen[norm]
        values = arguments[0].double().cpu().transpose(0, 1).flatten(1)
        sums += torch.stack([values.sum(1), values.square().sum(1)])
        count[0] += values.shape[1]

    hooks = [norm.register_forward_pre_hook(look) for norm in norms]
    try:
        use()
    finally:
        for hook in hooks:
            hook.remove()
    for norm, (sums, (count,)) in seen.items():
        if count:
            mean = sums[0] / count
            _measured(norm, mean, sums[1] / count - mean.square())


def _measured(norm: _BatchNorm, mean: Tensor, variance: Tensor) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    slope = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    offset = norm.bias.double() - slope * norm.running_mean.double()
    mean, variance = mean.to(slope.device), variance.to(slope.device).clamp_min(0)
    norm.weight.copy_(slope * (variance + norm.eps).sqrt())
    norm.bias.copy_(offset + slope * mean)
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
