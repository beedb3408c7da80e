"""A small fixed picture that every engine must fill sensibly before it is trusted with a photograph."""

from collections.abc import Callable

import numpy as np

from inpaint.weights import Contract
from inpaint.weights.contract import RIM

TOLERANCE = 1e-3
"""How far known pixels may be off, as a share of the value range: the rounding of half precision, and no more."""
WHOLE_NUMBERS = 1.6 / 255
"""The same for a graph of whole numbers: half of one on the way in, one on the way out."""
LIKENESS = 0.1
"""How far the known pixels may be off on average where the contract says that the graph only predicts them."""
SLACK = 4.0
"""How far beyond the value range the hole may go, as a share of it: a young network overshoots, a broken graph gives
thousands. Engines clip."""

Graph = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""N x 3 x H x W image in the contract's range and N x 1 x H x W mask to N x 3 x H x W output, float32."""


def test_side(contract: Contract) -> int:
    """Return the side of the canary picture: the first multiple of the stride that is at least the least size.

    It is also the least that an engine feeds a network, and for a fixed size the only one.
    """
    return -(-contract.least_size // contract.stride) * contract.stride


def check_self_test(graph: Graph, contract: Contract) -> str:
    """Run the picture through `graph` and return what is wrong with the result, to end a sentence; "" if nothing."""
    low, high = contract.image_range
    span = high - low
    image, mask = make_test_picture(test_side(contract))
    hole = np.broadcast_to(mask > 0.5, image.shape)
    fed = image * np.float32(span) + np.float32(low)
    output = graph(fed, mask)
    if output.shape != image.shape:
        return "returns another size than it was given"
    if not np.isfinite(output).all():
        return "returns values that are not numbers"
    difference = np.abs(output - fed)
    if not _keeps_known(difference / span, hole, contract):
        return "changes known pixels, or has its mask the wrong way round"
    if output[hole].min() < low - SLACK * span or output[hole].max() > high + SLACK * span:
        return "fills the hole with values far outside its range"
    paint, around, fill = (
        np.array([c[h].mean() for c, h in zip(x[0], m[0], strict=True)])
        for x, m in ((fed, hole), (fed, ~hole), (output, hole))
    )
    # Not that nothing changed: a graph that sees the paint returns something like it, and a fill is like its rim.
    nearer = np.abs(fill - paint).sum() < np.abs(fill - around).sum()
    if (nearer or difference[hole].mean() < TOLERANCE * span) and _sees_paint(graph, fed, mask, hole, output, span):
        return "leaves the hole as it was"
    return ""


def _sees_paint(
    graph: Graph, fed: np.ndarray, mask: np.ndarray, hole: np.ndarray, output: np.ndarray, span: float
) -> bool:
    """Return whether other paint in the hole gives another fill: a bad fill may have the paint's colour by chance."""
    middle = (fed.max() + fed.min()) / 2
    other = graph(np.where(hole, 2 * middle - fed, fed).astype(np.float32), mask)
    return bool(np.abs(other - output)[hole].mean() > TOLERANCE * span)


def _keeps_known(difference: np.ndarray, hole: np.ndarray, contract: Contract) -> bool:
    """Return whether the known pixels are as close to what was given as the contract says."""
    known = ~hole
    if contract.known == "free":
        return bool(difference[known].mean() < LIKENESS)
    if contract.known == "near":
        quarter = hole.shape[-1] // 4
        inner = slice(quarter - RIM, RIM - quarter)
        known[..., inner, inner] = False
    return bool(difference[known].max() <= (WHOLE_NUMBERS if contract.dtype == "uint8" else TOLERANCE))


def make_test_picture(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a smooth 1 x 3 x side x side picture in [0, 1] and its mask 1 x 1 x side x side, float32.

    The hole is a centred square of half the side, painted in full magenta, which nothing around it suggests.
    """
    ramp = np.linspace(0.2, 0.8, side, dtype=np.float32)
    rows, columns = np.meshgrid(ramp, ramp, indexing="ij")
    image = np.stack([rows, columns, (rows + columns) / 2])[None]
    mask = np.zeros((1, 1, side, side), np.float32)
    quarter = side // 4
    mask[..., quarter:-quarter, quarter:-quarter] = 1
    image[:, :, quarter:-quarter, quarter:-quarter] = np.array([1, 0, 1], np.float32)[:, None, None]
    return image, mask
