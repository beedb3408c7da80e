"""Networks that paint a whole picture, in one stage or several, of which only the hole is kept."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Completing(nn.Module, ABC):
    """Image with a hole in, complete image out. Known pixels of the output are those of the input."""

    @abstractmethod
    def paint(self, image: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """Paint pictures, the best one last: N x 3 x H x W in [-1, 1] each.

        image: N x 3 x H x W in [-1, 1] with the hole zeroed. mask: N x 1 x H x W, 1 = hole.
        """

    def forward(
        self, image: Tensor, mask: Tensor, fade: float = 1.0, *, stages: bool = False
    ) -> Tensor | tuple[Tensor, ...]:
        """Complete an image.

        image: N x 3 x H x W in [-1, 1]; what is under the hole is ignored. mask: N x 1 x H x W, 1 = hole, 0 = known.
        H and W are multiples of `config.stride`. fade: for networks that grow, and ignored.
        Returns N x 3 x H x W, equal to `image` outside the hole; with `stages` instead every picture that was painted
        on the way, as it was painted: training compares those with the truth.
        """
        incomplete = image * (1 - mask)
        painted = self.paint(incomplete, mask)
        return painted if stages else incomplete + painted[-1] * mask

    def precise(self, *inputs: Tensor) -> list[Tensor]:
        """Return the inputs in the weights' own precision, which is half in a half-precision export."""
        return [x.to(next(self.parameters()).dtype) for x in inputs]
