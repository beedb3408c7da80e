"""From a trained segmenter to one ONNX file with its contract, proved against the network it came from."""

import copy
from pathlib import Path

import torch
from torch import Tensor, nn

from inpaint.core.boxcrop import SHARE, SIDE
from inpaint.core.errors import ModelError
from inpaint.core.files import atomic_write, check_writable
from inpaint.training.export import Parity, fold_batch_norm, open_exported, trace
from inpaint.training.segmenter import load_segmenter
from inpaint.weights.cutout import CutoutContract

TOLERANCE = 1e-3
"""Largest allowed difference from the eager network on probabilities."""


class TraceableSegmenter(nn.Module):
    """The segmenter as the exporter wants it: probabilities out, norms folded."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).cpu().eval()
        fold_batch_norm(self.network)

    def forward(self, image: Tensor, box: Tensor) -> Tensor:
        """Return N x 1 x H x W in 0..1."""
        return torch.sigmoid(self.network(image, box))


def export_segmenter(
    run: Path, output: Path, *, name: str = "cutout", licence: str = "Apache-2.0"
) -> tuple[CutoutContract, list[Parity]]:
    """Export the last checkpoint of a segmenter's run; returns its contract and how far it is from the network."""
    network, recipe, step = load_segmenter(run)
    contract = CutoutContract(
        name=name,
        side=SIDE,
        share=SHARE,
        licence=licence,
        description=f"U-Net of width {recipe.width}, step {step}, from boxes to objects",
    )
    check_writable(output)
    model = trace(TraceableSegmenter(network), {"image": 3, "box": 1}, ["mask"], 32, contract.to_metadata())
    parity = check_segmenter_parity(network, contract.side, model)
    with atomic_write(output) as file:
        file.write(model)
    return contract, [parity]


@torch.no_grad()
def check_segmenter_parity(network: nn.Module, side: int, model: bytes) -> Parity:
    """Compare probabilities with the eager network's on noise. Raises `ModelError` beyond `TOLERANCE`."""
    random = torch.Generator().manual_seed(0)
    image = nn.functional.avg_pool2d(torch.rand(2, 3, side, side, generator=random) * 2 - 1, 9, 1, 4) * 4
    box = torch.zeros(2, 1, side, side)
    box[:, :, side // 8 : -side // 8, side // 4 : -side // 4] = 1
    (got,) = open_exported(model).run(["mask"], {"image": image.numpy(), "box": box.numpy()})
    difference = (torch.from_numpy(got) - network(image, box).sigmoid()).abs()
    largest = float(difference.max())
    if not largest <= TOLERANCE:
        raise ModelError(f"The exported model differs from the network by {largest:.3g}; nothing was written.")
    return Parity(side, side, largest, float(difference.mean()))
