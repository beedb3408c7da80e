"""Contextual attention (Yu et al. 2018, arXiv 1801.07892, section 4): holes are filled with features from elsewhere.

Every place looks for the known places whose 3 x 3 surroundings are most like its own, and is replaced by a mixture of
what lies there. Matching happens at half resolution, copying at full. Patches are cut out and laid back by
convolutions with constant kernels: shapes never depend on data, so the layer exports with dynamic sizes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RATE = 2
"""Matching happens at 1/RATE of the features' size."""
PATCH = 3
"""Side of the patches that are compared."""
SCALE = 10.0
"""Sharpness of the softmax over cosine similarities."""
NEVER = -1e4
"""Score of a place that is partly hole; small enough for any softmax, and finite in half precision."""


class ContextualAttention(nn.Module):
    """Rebuild features from known features that resemble them. No weights; computed in float32 or better."""

    def __init__(self, *, fuse: bool = True) -> None:
        """With `fuse`, neighbouring places prefer neighbouring sources, which keeps copies in one piece."""
        super().__init__()
        self.fuse = fuse

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """Return N x C x h x w features, each place a mixture of known ones.

        features: N x C x h x w, h and w multiples of `RATE`. mask: N x 1 x h x w, 1 = hole.
        """
        with torch.autocast(features.device.type, enabled=False):
            precise = torch.promote_types(features.dtype, torch.float32)
            return self._attend(features.to(precise), mask.to(precise)).to(features.dtype)

    def _attend(self, x: Tensor, mask: Tensor) -> Tensor:
        small = F.interpolate(x, scale_factor=1 / RATE, mode="nearest")
        height, width = small.shape[2], small.shape[3]
        places = _patches(small, PATCH, 1)
        # Similarity of every place (rows) to every source (columns): the sources have unit length.
        sources = places * torch.rsqrt(places.square().sum(dim=1, keepdim=True) + 1e-8)
        scores = places.transpose(1, 2) @ sources
        if self.fuse:
            scores = _fuse(scores, height, width)
        # A source is out of the question when any pixel of its patch is hole.
        hole = F.max_pool2d(F.max_pool2d(mask, RATE), PATCH, stride=1, padding=PATCH // 2).flatten(2)
        attention = torch.softmax(torch.where(hole > 0, NEVER, SCALE * scores), dim=2)
        # What is copied are patches of twice the spacing, so that they overlap by half and average where they do.
        pieces = _patches(x, 2 * RATE, RATE)
        copies = (pieces @ attention.transpose(1, 2)).unflatten(2, (height, width))
        return _lay(copies, RATE) / _lay(torch.ones_like(copies), RATE)


def _patches(x: Tensor, size: int, stride: int) -> Tensor:
    """Cut N x C x h x w into size x size patches around every stride-th pixel: N x C size^2 x places."""
    kernel = _picker(x.shape[1], size, x)
    return F.conv2d(x, kernel, stride=stride, padding=(size - 1) // 2, groups=x.shape[1]).flatten(2)


def _lay(patches: Tensor, stride: int) -> Tensor:
    """Add patches of twice the stride's side up where `_patches` took them from.

    patches: N x C (2 stride)^2 x h x w; returns N x C x stride h x stride w.
    """
    size = 2 * stride
    channels = patches.shape[1] // size**2
    kernel = _picker(channels, size, patches)
    return F.conv_transpose2d(patches, kernel, stride=stride, padding=(size - 1) // 2, groups=channels)


def _picker(channels: int, size: int, like: Tensor) -> Tensor:
    """Return the kernels that pick each pixel of a patch, channel by channel: C size^2 x 1 x size x size."""
    return torch.eye(size**2, dtype=like.dtype, device=like.device).view(-1, 1, size, size).repeat(channels, 1, 1, 1)


def _fuse(scores: Tensor, height: int, width: int) -> Tensor:
    """Add to each pair of places the scores of the pairs beside it, first in rows and then in columns.

    scores: N x places x places. A pair (place, source) is supported when the next place matches the next source.
    """
    scores = _along_the_diagonal(scores)
    scores = _transpose(scores, height, width)
    return _transpose(_along_the_diagonal(scores), width, height)


def _along_the_diagonal(scores: Tensor) -> Tensor:
    padded = F.pad(scores, (1, 1, 1, 1))
    return padded[:, :-2, :-2] + scores + padded[:, 2:, 2:]


def _transpose(scores: Tensor, height: int, width: int) -> Tensor:
    """Renumber places that are counted row by row to column by column, both as rows and as columns of `scores`."""
    grid = scores.unflatten(2, (height, width)).unflatten(1, (height, width))
    return grid.permute(0, 2, 1, 4, 3).flatten(3, 4).flatten(1, 2)
