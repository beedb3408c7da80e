"""What one training step learns from."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures to complete, and what they should become; N is the same throughout."""

    image: Tensor
    """The photograph, which is what the network should arrive at: N x 3 x H x W in [-1, 1]."""
    mask: Tensor
    """The hole: N x 1 x H x W, 1 = hole, 0 = known."""
    composite: Tensor | None = None
    """The photograph with a strange object in it, for harmonization: N x 3 x H x W in [-1, 1]."""
    foreground: Tensor | None = None
    """Where that object is: N x 1 x H x W, 1 = object."""

    def to(self, device: torch.device) -> Self:
        """Return the batch on a device, pictures in channels-last order."""
        moved = {}
        for field in fields(self):
            tensor: Tensor | None = getattr(self, field.name)
            if tensor is not None:
                order = torch.channels_last if tensor.shape[1] == 3 else torch.preserve_format
                moved[field.name] = tensor.to(device, memory_format=order, non_blocking=True)
        return type(self)(**moved)

    def split(self, parts: int) -> list[Self]:
        """Return the batch in so many parts of equal size. Raises `ValueError` when it cannot be divided so."""
        size, rest = divmod(len(self.image), parts)
        if rest:
            raise ValueError(f"{len(self.image)} pictures cannot be divided into {parts} equal parts")
        return [self] if parts == 1 else [self.part(start, start + size) for start in range(0, parts * size, size)]

    def twice(self) -> Self:
        """Return every picture twice: all of them, and all of them again."""
        return self._map(lambda tensor: torch.cat([tensor, tensor]))

    def part(self, start: int, stop: int) -> Self:
        """Return the pictures number `start` to `stop` - 1."""
        return self._map(lambda tensor: tensor[start:stop])

    def copy(self) -> Self:
        """Return the same in memory of its own."""
        return self._map(torch.clone)

    def fill(self, other: "Batch") -> None:
        """Take over the values of another batch of the same shapes, in the memory that there is."""
        for field in fields(self):
            tensor: Tensor | None = getattr(self, field.name)
            if tensor is not None:
                tensor.copy_(getattr(other, field.name), non_blocking=True)

    def shapes(self) -> tuple[tuple[int, ...] | None, ...]:
        """Return the shape of every field, None for those that are not there."""
        there: list[Tensor | None] = [getattr(self, field.name) for field in fields(self)]
        return tuple(None if tensor is None else tuple(tensor.shape) for tensor in there)

    def _map(self, change: Callable[[Tensor], Tensor]) -> Self:
        there = {field.name: getattr(self, field.name) for field in fields(self)}
        return type(self)(**{name: change(tensor) for name, tensor in there.items() if tensor is not None})
