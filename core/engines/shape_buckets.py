"""What sides a network is fed: those that its stride divides, and on a GPU few of them.

ONNX Runtime chooses and loads a kernel for every convolution of every new shape on a GPU, which takes longer than
running it. On the CPU a shape costs nothing, and padding costs its share of the work.
"""

from typing import Literal


def bucket_side(side: int, stride: int, least: int, device: Literal["cpu", "cuda"]) -> int:
    """Return the side, in pixels, that a side of a picture is padded to.

    - `stride`: what the network's sides are multiples of;
    - `least`: smallest side the network is fed, one of those multiples.

    On "cuda" there are four sides from each power of two to the next, such as 256, 320, 384, 448 and 512: at most a
    quarter more than asked for, unless `stride` is coarser than that.
    """
    step = stride
    if device == "cuda":
        quarter = 2 ** max(0, max(side, least).bit_length() - 3)
        step = -(-quarter // stride) * stride
    return -(-max(side, least) // step) * step
