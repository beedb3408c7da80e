"""Builds the architectures of other people's models with random weights, so that their time can be measured.

    python benchmarks/rivals.py --output rivals/ [--sizes 256 512 1024]
    python benchmarks/fill.py --against big-LaMa=rivals/big-lama-512.onnx MI-GAN=rivals/mi-gan-512.onnx

How long a graph takes does not depend on its weights. How well it fills does, so these files fill nothing sensibly.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import onnxruntime
import torch
from big_lama import PUBLISHED as PUBLISHED_LAMA
from big_lama import BigLama
from migan import PUBLISHED as PUBLISHED_MIGAN
from migan import Migan
from torch import nn

from inpaint.core.atomic_files import atomic_write, make_folder
from inpaint.training.export.inpainting import save_traced
from inpaint.weights import Contract

RANDOM = "random weights, for timing only"


def write(network: nn.Module, contract: Contract, path: Path) -> float:
    """Write a network for pictures of one size; returns its largest difference from the eager network."""
    side = contract.native_size
    random = torch.Generator().manual_seed(0)
    low, high = contract.image_range
    image = torch.rand(1, 3, side, side, generator=random) * (high - low) + low
    mask = torch.zeros(1, 1, side, side)
    mask[..., side // 4 : side // 2, side // 4 : side // 2] = 1
    names = [contract.image_input, contract.mask_input]
    model = save_traced(network, (image, mask), names, [contract.output], None, contract.to_metadata())
    with atomic_write(path) as file:
        file.write(model)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (got,) = session.run(None, {names[0]: image.numpy(), names[1]: mask.numpy()})
    with torch.inference_mode():
        return float((torch.from_numpy(got) - network(image, mask)).abs().max())


def contract_for(name: str, side: int, image_range: tuple[float, float]) -> Contract:
    """Say what the graphs take: pictures of one size."""
    return Contract(
        name=name,
        image_range=image_range,
        stride=8,
        native_size=side,
        native_hole=side // 2,
        least_size=side,
        fixed_size=True,
        largest_batch=1,
        description=RANDOM,
    )


def main() -> None:
    """Build, count, write and check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("rivals"), help="folder to write")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512], help="sides of the pictures they take")
    parser.add_argument("--only", nargs="+", choices=["big-lama", "mi-gan"], default=["big-lama", "mi-gan"])
    options = parser.parse_args()
    make_folder(options.output)
    kinds: dict[str, tuple[Callable[[int], nn.Module], tuple[float, float], dict[int, float]]] = {
        "big-lama": (BigLama, (0.0, 1.0), dict.fromkeys(options.sizes, PUBLISHED_LAMA)),
        "mi-gan": (Migan, (-1.0, 1.0), PUBLISHED_MIGAN),
    }
    for name in options.only:
        build, image_range, published = kinds[name]
        for side in (side for side in options.sizes if side in published):
            torch.manual_seed(0)
            network = build(side).eval()
            count = sum(weights.numel() for weights in network.parameters())
            path = options.output / f"{name}-{side}.onnx"
            apart = write(network, contract_for(name, side, image_range), path)
            off = count / published[side] - 1
            print(f"{path}: {count:,} weights, {off:+.2%} of the published, {apart:.1e} from the eager network")


if __name__ == "__main__":
    main()
