"""Generators that grow by one residual block at a time (paper 000, section 3.3)."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Growing(nn.Module, ABC):
    """A network whose trunk can be given more blocks while it trains."""

    def __init__(self) -> None:
        super().__init__()
        self.grown = nn.ModuleList()

    @abstractmethod
    def new_block(self) -> nn.Module:
        """Make a block that maps the trunk's N x C x H x W to the same shape."""

    def grow(self) -> nn.Module:
        """Append a new block, on the device and in the mode of the rest, and return it."""
        block = self.new_block().to(next(self.parameters()).device).train(self.training)
        self.grown.append(block)
        return block

    def refine(self, trunk: Tensor, fade: float) -> Tensor:
        """Send the trunk through all grown blocks, the newest with weight `fade`; shape kept.

        (1 - a) trunk + a block(trunk): at a = 0 this is the trunk to the last bit (section 3.3, figure 3).
        """
        for index, block in enumerate(self.grown):
            weight = fade if index == len(self.grown) - 1 else 1.0
            trunk = block(trunk) if weight == 1.0 else (1 - weight) * trunk + weight * block(trunk)
        return trunk


def blocks_grown(network: nn.Module) -> int:
    """Count the blocks that a network has grown; 0 for one that cannot."""
    return len(network.grown) if isinstance(network, Growing) else 0
