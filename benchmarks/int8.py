"""Would eight-bit arithmetic pay on the CPU? Quantises a model, and measures what it costs and what it gives.

    python benchmarks/int8.py --data photographs/ --val others/ --backbones backbones/ [--write model-int8.onnx]

Convolutions only, static, weights per channel, activations by the range they have on the photographs of --data. Both
models take turns. A file written with --write carries the model's contract: `inpaint fill --model` takes it.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from rich.console import Console
from rich.table import Table

from inpaint.core.losses import Vgg19Features
from inpaint.core.losses.backbones import unit_length
from inpaint.training.holes import HoleConfig, draw_holes
from inpaint.training.pictures import centre_crop, decode
from inpaint.training.sources import StreamSource, open_source
from inpaint.weights import resolve

SIDE = 256
HOLES = HoleConfig(strokes=0.35, area=(0.10, 0.35))
GOAL = 1.01
"""How much farther from the photographs the quantised model may be."""

Pair = dict[str, np.ndarray]


def pictures(location: str, count: int, seed: int) -> list[Pair]:
    """Return evenly spaced pictures as 1 x 3 x S x S in [-1, 1], with holes drawn from the seed."""
    source = open_source(location)
    assert not isinstance(source, StreamSource)
    pairs = []
    for number, index in enumerate(np.linspace(0, len(source) - 1, min(count, len(source))).astype(int)):
        crop = centre_crop(decode(source.read(int(index))), SIDE).astype(np.float32) / 127.5 - 1
        hole = draw_holes(HOLES, SIDE, np.random.default_rng((seed, number)))
        image = np.ascontiguousarray(crop.transpose(2, 0, 1)[None])
        pairs.append({"image": image, "mask": hole[None, None].astype(np.float32)})
    return pairs


class Calibration(CalibrationDataReader):
    """Hands out the pictures on which the ranges of the activations are measured."""

    def __init__(self, pairs: list[Pair]) -> None:
        self.pairs = iter(pairs)

    def get_next(self) -> Pair | None:
        """Return the next one, None at the end."""
        return next(self.pairs, None)


def quantise(model: Path, output: Path, pairs: list[Pair]) -> None:
    """Write the eight-bit model, with the metadata of the one it came from."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(output),
            Calibration(pairs),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv"],
        )
    proto = onnx.load(str(output))
    onnx.helper.set_model_props(proto, {p.key: p.value for p in onnx.load(str(model)).metadata_props})
    # The quantiser lists every domain that ONNX Runtime knows; engines refuse files that want more than ONNX.
    domains = [item for item in proto.opset_import if item.domain in {node.domain for node in proto.graph.node}]
    del proto.opset_import[:]
    proto.opset_import.extend(domains)
    onnx.save(proto, str(output))


def open_session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


@torch.no_grad()
def judge(session: onnxruntime.InferenceSession, pairs: list[Pair], vgg: Vgg19Features) -> tuple[float, float]:
    """Return the mean VGG-19 distance and the mean absolute difference in the hole (colours in [0, 1])."""
    distances, differences = [], []
    for pair in pairs:
        filled, image = torch.from_numpy(session.run(None, pair)[0]), torch.from_numpy(pair["image"])
        mask, total = torch.from_numpy(pair["mask"]), 0.0
        for a, b in zip(vgg(filled), vgg(image), strict=True):
            share = F.interpolate(mask, size=a.shape[-2:], mode="area")
            squares = (unit_length(a) - unit_length(b)).square().sum(dim=1, keepdim=True)
            total += float((squares * share).sum() / share.sum())
        distances.append(total)
        differences.append(float(((filled - image).abs() * mask).sum() / mask.sum() / 6))
    return statistics.mean(distances), statistics.mean(differences)


def main() -> None:
    """Quantise, judge both, time both, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="model name or .onnx file")
    parser.add_argument("--data", required=True, help="photographs to calibrate on")
    parser.add_argument("--val", required=True, help="other photographs to judge on")
    parser.add_argument("--backbones", type=Path, help="folder of backbone weights; otherwise a download")
    parser.add_argument("--calibrate", type=int, default=24, help="photographs to calibrate on")
    parser.add_argument("--pictures", type=int, default=40, help="photographs to judge on")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", type=Path, help="keep the quantised model here")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        original = Path(resolve(options.model))
        small = options.write or Path(folder) / "int8.onnx"
        quantise(original, small, pictures(options.data, options.calibrate, 1))
        sessions = {
            "float32": open_session(original, options.threads),
            "int8": open_session(small, options.threads),
        }
        vgg, val = Vgg19Features(options.backbones), pictures(options.val, options.pictures, 2)
        quality = {name: judge(session, val, vgg) for name, session in sessions.items()}
        region = {name: np.tile(array, (1, 1, 2, 2)) for name, array in val[0].items()}
        times: dict[str, list[float]] = {name: [] for name in sessions}
        used: dict[str, list[float]] = {name: [] for name in sessions}
        for turn in range(options.repeats + 1):
            for name, session in sessions.items():
                began, before = time.perf_counter(), time.process_time()
                session.run(None, region)
                if turn > 0:
                    times[name].append(time.perf_counter() - began)
                    used[name].append(time.process_time() - before)
        sizes = {"float32": original.stat().st_size, "int8": small.stat().st_size}
    sheet = Table(
        title=f"{len(val)} pictures of {SIDE} px; times of {2 * SIDE} x {2 * SIDE}, {options.threads} threads"
    )
    for heading in ("", "distance", "x float32", "l1 in the hole", "seconds", "CPU s", "x float32", "MB"):
        sheet.add_column(heading, justify="right" if heading else "left")
    for name, (distance, difference) in quality.items():
        sheet.add_row(
            name,
            f"{distance:.4f}",
            f"{distance / quality['float32'][0]:.4f}",
            f"{difference:.4f}",
            f"{statistics.median(times[name]):.3f}",
            f"{statistics.median(used[name]):.3f}",
            f"{statistics.median(used[name]) / statistics.median(used['float32']):.2f}",
            f"{sizes[name] / 1e6:.1f}",
        )
    Console().print(sheet)
    print(f"goal: at most {GOAL} x the distance, and quicker")


if __name__ == "__main__":
    main()
