"""Fill a hole smoothly from its surroundings, inside the network: a push-pull pyramid.

Going down, colours are averaged together with how much of them is known; going up, what is still unknown is taken
from the coarser level. Only pooling, resizing and arithmetic, so it is differentiable and exports to ONNX.
"""

import torch.nn.functional as F
from torch import Tensor

LEVELS = 5
STRIDE = 2**LEVELS
COARSE_WINDOWS = (15, 7, 3)


def push_pull(image: Tensor, mask: Tensor) -> Tensor:
    """Replace the hole by a smooth continuation of the colours around it; known pixels are returned as they are.

    image: N x 3 x H x W, any range; what is under the hole is ignored. mask: N x 1 x H x W, 1 = hole.
    H and W are multiples of `STRIDE`. Returns N x 3 x H x W. An image that is all hole becomes 0.
    """
    known = 1 - mask
    # Colours are kept multiplied by how much of them is known, so that blending needs no division.
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
        filled = near + (1 - near_weight) * filled
    filled = colour + (1 - weight) * filled

    for colour, weight in reversed(levels[:-1]):
        filled = F.interpolate(filled, scale_factor=2, mode="bilinear", align_corners=False)
        filled = colour + (1 - weight) * filled
    return filled
