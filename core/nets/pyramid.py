"""Fill a hole smoothly from its surroundings, inside the network: a push-pull pyramid with relaxation.

Going down, colours are averaged together with how much of them is known; going up, what is unknown is taken from the
coarser level and relaxed towards the mean of its neighbours. That is one multigrid cycle for the membrane that the
surroundings span across the hole. Only pooling, resizing and arithmetic, so it exports to ONNX with the network.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

LEVELS = 5
STRIDE = 2**LEVELS
COARSE_WINDOWS = (15, 7, 3)
RELAXATIONS = 4
"""Steps towards the neighbours' mean per level. On 40 photographs with 10 to 35 % holes: none 23.3 dB, four 23.7 dB."""


def push_pull(image: Tensor, mask: Tensor) -> Tensor:
    """Replace the hole by a smooth continuation of the colours around it; known pixels are returned as they are.

    image: N x 3 x H x W, any range; what is under the hole is ignored. mask: N x 1 x H x W, 1 = hole.
    H and W are multiples of `STRIDE`. Returns N x 3 x H x W. An image that is all hole becomes 0.
    """
    known = 1 - mask
    levels = [(image * known, known)]
    for _ in range(LEVELS):
        colour, weight = levels[-1]
        levels.append((F.avg_pool2d(colour, 2), F.avg_pool2d(weight, 2)))

    # At the coarsest level: first the mean of all that is known, then means over ever smaller neighbourhoods.
    colour, weight = levels[-1]
    total = weight.mean(dim=(2, 3), keepdim=True).clamp_min(1e-6)
    filled = (colour.mean(dim=(2, 3), keepdim=True) / total).expand_as(colour)
    for window in COARSE_WINDOWS:
        near, near_weight = (F.avg_pool2d(x, window, stride=1, padding=window // 2) for x in (colour, weight))
        filled = _keep_known(near, near_weight, filled)
    filled = _keep_known(colour, weight, filled)

    for colour, weight in reversed(levels[1:-1]):
        filled = _keep_known(colour, weight, _double(filled))
        for _ in range(RELAXATIONS):
            neighbours = F.avg_pool2d(F.pad(filled, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
            filled = torch.where(weight > 0, filled, neighbours)
    return _keep_known(*levels[0], _double(filled))


def _keep_known(colour: Tensor, weight: Tensor, coarser: Tensor) -> Tensor:
    """Take the known colour wherever any of a cell is known (`colour` is summed colour, `weight` its known share)."""
    return torch.where(weight > 0, colour / weight.clamp_min(1e-6), coarser)


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
