"""Generators that grow by one residual block at a time (paper 000, section 3.3)."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from inpaint.core.nets.layers import ResidualBlock


class Growing(nn.Module, ABC):
    """A network whose trunk can be given more blocks while it trains."""

    def __init__(self) -> None:
        super().__init__()
        self.grown = nn.ModuleList()

    @abstractmethod
    def new_block(self) -> ResidualBlock:
        """Make a block that maps the trunk's N x C x H x W to the same shape."""

    def grow(self) -> ResidualBlock:
        """Append a new block, on the device and in the mode of the rest, and return it.

        It starts as the identity, so that a network that has grown computes what it did before, however far the block
        has faded in. The paper says so of a fade of 0 only. A block with random weights would be noise in the trunk as
        soon as it fades in, and the small learning rates of later blocks cannot take it out.
        """
        block = self.new_block().to(next(self.parameters()).device).train(self.training)
        block.start_as_identity()
        self.grown.append(block)
        return block

    def refine(self, trunk: Tensor, fade: float) -> Tensor:
        """Send the trunk through all grown blocks, the newest with weight `fade`; shape kept.

        (1 - a) trunk + a block(trunk), written so that at a = 0, and whenever the block changes nothing, this is the
        trunk to the last bit (section 3.3, figure 3).
        """
        for index, block in enumerate(self.grown):
            weight = fade if index == len(self.grown) - 1 else 1.0
            changed = block(trunk)
            trunk = changed if weight == 1.0 else trunk + weight * (changed - trunk)
        return trunk


def blocks_grown(network: nn.Module) -> int:
    """Count the blocks that a network has grown; 0 for one that cannot."""
    return len(network.grown) if isinstance(network, Growing) else 0
