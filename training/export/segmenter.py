"""From a trained segmenter to one ONNX file with its contract, proved against the network it came from."""

import copy
from pathlib import Path

import torch
from torch import Tensor, nn

from inpaint.core.atomic_files import atomic_write, check_writable
from inpaint.core.errors import ModelError
from inpaint.core.objects.box_crop import corners_of
from inpaint.training.export.inpainting import Parity, fold_batch_norm, open_exported, save_traced, trace
from inpaint.training.segmenter.train import crop_of, load_segmenter
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
    small = recipe.network == "small"
    side, share = crop_of(recipe)
    contract = CutoutContract(
        name=name,
        side=side,
        share=share,
        box="mask" if small else "corners",
        covers="square" if small else "box",
        licence=licence,
        description=f"{'U-Net' if small else 'Mask R-CNN'}, step {step}, from boxes to objects",
    )
    check_writable(output)
    traceable = TraceableSegmenter(network)
    if small:
        model = trace(traceable, {"image": 3, "box": 1}, ["mask"], 32, contract.to_metadata())
    else:
        arguments = torch.zeros(1, 3, side, side), torch.tensor([[70.0, 90.0, 430.0, 400.0]])
        model = save_traced(traceable, arguments, ["image", "box"], ["mask"], None, contract.to_metadata())
    parity = check_segmenter_parity(network, contract, model)
    with atomic_write(output) as file:
        file.write(model)
    return contract, [parity]


@torch.no_grad()
def check_segmenter_parity(network: nn.Module, contract: CutoutContract, model: bytes) -> Parity:
    """Compare probabilities with the eager network's on noise. Raises `ModelError` beyond `TOLERANCE`."""
    random = torch.Generator().manual_seed(0)
    side = contract.side
    image = nn.functional.avg_pool2d(torch.rand(1, 3, side, side, generator=random) * 2 - 1, 9, 1, 4) * 4
    box = torch.zeros(1, 1, side, side)
    box[:, :, side // 8 : -side // 8, side // 4 : -side // 4] = 1
    if contract.box == "corners":
        box = torch.tensor([corners_of(box[0, 0].numpy())], dtype=torch.float32)
    (got,) = open_exported(model).run(["mask"], {"image": image.numpy(), "box": box.numpy()})
    difference = (torch.from_numpy(got) - network(image, box).sigmoid()).abs()
    largest = float(difference.max())
    if not largest <= TOLERANCE:
        raise ModelError(f"The exported model differs from the network by {largest:.3g}; nothing was written.")
    return Parity(side, side, largest, float(difference.mean()))
