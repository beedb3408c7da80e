"""From a trained joint generator to one ONNX file: three inputs, two outputs, and its own contract."""

import copy
from pathlib import Path

import torch
from torch import Tensor, nn

from inpaint.core.atomic_files import atomic_write, check_writable
from inpaint.training.export.inpainting import Parity, load_generator, open_exported, simplify, trace, within_tolerance
from inpaint.training.recipe import recipe_digest
from inpaint.weights.joint import JointContract


class TraceableJoint(nn.Module):
    """The joint generator as the exporter wants it: three tensors in, two out."""

    def __init__(self, generator: nn.Module, fade: float, *, half: bool) -> None:
        super().__init__()
        self.generator = copy.deepcopy(generator).cpu().eval()
        self.fade = fade
        simplify(self.generator, half=half)

    def forward(self, image: Tensor, mask: Tensor, foreground: Tensor) -> tuple[Tensor, Tensor]:
        """Return inpainted and harmonized N x 3 x H x W in [-1, 1]; float32 in and out."""
        return self.generator(image, mask, foreground, self.fade)


def export_joint(
    run: Path, output: Path, *, half: bool = False, step: int | None = None, licence: str = "Apache-2.0"
) -> tuple[JointContract, list[Parity]]:
    """Export a joint run's averaged generator; as `export_run`, which see for what is returned and raised."""
    generator, recipe, at_step, fade = load_generator(run, step)
    contract = JointContract(
        name=recipe.name,
        stride=recipe.generator.stride,
        native_size=recipe.native_size,
        precision="fp16" if half else "fp32",
        licence=licence,
        description=f"{recipe.description}; recipe {recipe_digest(recipe)}, step {at_step}",
    )
    check_writable(output)
    inputs = {contract.image_input: 3, contract.mask_input: 1, contract.foreground_input: 1}
    outputs = [contract.inpainted_output, contract.harmonized_output]
    model = trace(TraceableJoint(generator, fade, half=half), inputs, outputs, contract.stride, contract.to_metadata())
    parity = check_joint_parity(generator, fade, contract, model)
    with atomic_write(output) as file:
        file.write(model)
    return contract, parity


@torch.no_grad()
def check_joint_parity(generator: nn.Module, fade: float, contract: JointContract, model: bytes) -> list[Parity]:
    """Compare both outputs in ONNX Runtime with the eager float32 network, at two sizes, one not square.

    Raises `ModelError` when the largest difference is beyond `TOLERANCE`.
    """
    session = open_exported(model)
    random = torch.Generator().manual_seed(0)
    native, stride = contract.native_size, contract.stride
    parities = []
    for batch, height, width in ((2, native, native), (1, native + stride, native + 3 * stride)):
        image = torch.rand(batch, 3, height, width, generator=random) * 2 - 1
        image = nn.functional.avg_pool2d(image, 9, stride=1, padding=4) * 4  # smooth, as photographs are
        foreground, box = torch.zeros(batch, 1, height, width), torch.zeros(batch, 1, height, width)
        box[:, :, height // 5 : height // 2, width // 4 : width // 4 + width // 2] = 1
        foreground[:, :, height // 4 : height // 3, width // 3 : width // 2] = 1
        arguments = (image, box - foreground, foreground)
        names = (contract.image_input, contract.mask_input, contract.foreground_input)
        got = session.run(
            [contract.inpainted_output, contract.harmonized_output],
            {name: tensor.numpy() for name, tensor in zip(names, arguments, strict=True)},
        )
        difference = torch.stack(
            [(torch.from_numpy(x) - wanted).abs() for x, wanted in zip(got, generator(*arguments, fade), strict=True)]
        )
        parities.append(within_tolerance(difference, contract.precision))
    return parities
