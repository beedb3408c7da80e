"""Batch norm whose statistics are those of all processes together: several then train as one with a larger batch.

On CUDA that is torch's own layer; on the CPU, where torch has none, it is the plain formula.
"""

from typing import Any

import torch
from torch import Tensor, distributed, nn


def sync_batch_norm(module: nn.Module) -> nn.Module:
    """Exchange every `BatchNorm2d` inside a module, in place; weights and their names stay.

    With one process this does nothing. Returns the module.
    """
    if not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
        return module
    for name, child in module.named_children():
        if type(child) is not nn.BatchNorm2d:
            sync_batch_norm(child)
        elif next(child.parameters()).is_cuda:
            setattr(module, name, nn.SyncBatchNorm.convert_sync_batchnorm(child))
        else:
            synced = SyncedBatchNorm2d(child.num_features, child.eps, child.momentum)
            synced.load_state_dict(child.state_dict())
            setattr(module, name, synced.train(child.training))
    return module


class SyncedBatchNorm2d(nn.BatchNorm2d):
    """`BatchNorm2d` over the pictures of all processes, each of which has as many of them."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise N x C x H x W; shape and precision kept."""
        if not self.training:
            return super().forward(input)
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        x = input.float()
        mean = _AverageOverProcesses.apply(x.mean((0, 2, 3)))
        centred = x - mean[:, None, None]
        variance = _AverageOverProcesses.apply(centred.square().mean((0, 2, 3)))
        with torch.no_grad():
            count = distributed.get_world_size() * x.numel() / x.shape[1]
            momentum = 0.1 if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance * (count / max(count - 1, 1)), momentum)
            self.num_batches_tracked += 1
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(input.dtype)


class _AverageOverProcesses(torch.autograd.Function):
    """The mean of a tensor over all processes; its gradient is the mean of theirs."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        return _average(tensor)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _average(gradients[0])


def _average(tensor: Tensor) -> Tensor:
    total = tensor.detach().clone(memory_format=torch.contiguous_format)
    distributed.all_reduce(total)
    return total / distributed.get_world_size()
