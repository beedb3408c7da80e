"""Put a hole into the middle of a picture of fixed size, and what was painted there back to where the hole is.

For networks that know one size and one place only. Where the hole lies is read from the mask, inside the network, and
no shape depends on it, so this exports to ONNX.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Frame:
    """A square window around the hole of each picture, at the picture's own scale unless the hole is too large."""

    centre: Tensor
    """N x 2: row and column of the window's middle, in pixels of the picture."""
    scale: Tensor
    """N: pixels of the picture per pixel of the window, at least 1."""

    def cut(self, image: Tensor, size: int) -> Tensor:
        """Return the central size x size pixels of the window of N x C x H x W; beyond the edge it is mirrored."""
        steps = torch.arange(size, device=image.device, dtype=torch.float32) + 0.5 - size / 2
        places = self.centre[:, :, None] + self.scale[:, None, None] * steps
        return _sample(image, places[:, 0] / image.shape[2], places[:, 1] / image.shape[3], "reflection")

    def paste(self, patch: Tensor, height: int, width: int) -> Tensor:
        """Return N x C x height x width with the N x C x s x s patch where `cut` took it from, stretched at its rim."""
        where = []
        for axis, side in enumerate((height, width)):
            pixels = torch.arange(side, device=patch.device, dtype=torch.float32) + 0.5
            offset = (pixels - self.centre[:, axis, None]) / self.scale[:, None]
            where.append(offset / patch.shape[2] + 0.5)
        return _sample(patch, where[0], where[1], "border")


def frame(mask: Tensor, largest: int) -> Frame:
    """Return the frame of the box around each hole; a box with a side beyond `largest` is seen at a reduced scale.

    mask: N x 1 x H x W, 1 = hole. At full scale the frame falls on whole pixels, so that cutting copies them.
    """
    (top, bottom), (left, right) = _span(mask.amax(dim=(1, 3))), _span(mask.amax(dim=(1, 2)))
    side = torch.maximum(bottom - top, right - left)
    scale = (side / largest).clamp_min(1.0)
    middle = torch.stack([top + bottom, left + right], dim=1) / 2
    return Frame(torch.where(scale[:, None] > 1, middle, middle.floor()), scale)


def _span(occupied: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first hole index of each row of N x L and the one after the last, as floats of N."""
    index = torch.arange(occupied.shape[1], device=occupied.device, dtype=torch.float32)
    hole = occupied > 0.5
    first = torch.where(hole, index, float(2**20)).amin(dim=1)
    after = torch.where(hole, index + 1, 0.0).amax(dim=1)
    return torch.minimum(first, after), after


def _sample(image: Tensor, rows: Tensor, columns: Tensor, beyond: str) -> Tensor:
    """Sample N x C x H x W at rows N x h and columns N x w, as fractions of the sides: N x C x h x w float32."""
    height, width = rows.shape[1], columns.shape[1]
    grid = torch.stack([columns[:, None, :].expand(-1, height, -1), rows[:, :, None].expand(-1, -1, width)], dim=3)
    return F.grid_sample(image.float(), 2 * grid - 1, mode="bilinear", padding_mode=beyond, align_corners=False)
