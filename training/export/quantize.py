"""From a model in full precision to one whose convolutions compute in eight bits, measured against the original.

Weights are quantised per output channel, activations once and for all (statically) by the range they have on real
photographs with holes. Everything else, among it what keeps known pixels exact, stays float32, and so do the
convolutions at both ends.
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from inpaint.core.atomic_files import atomic_write, check_writable
from inpaint.core.engines.adapter import Tensors, to_foreign
from inpaint.core.engines.engine import Engine, load_engine
from inpaint.core.errors import ModelError, OutputError, RecipeError
from inpaint.training.data.crops import centre_crop, read_picture
from inpaint.training.data.holes import HoleConfig, draw_holes
from inpaint.training.data.sources import StreamSource, open_source
from inpaint.training.export.inpainting import Parity, export_run
from inpaint.weights import Contract
from inpaint.weights.paths import is_folder, is_there

CALIBRATING = 24
"""Photographs that the ranges of the activations are taken from."""
MEASURING = 8
"""Other photographs, on which the result is compared with the original."""
LEAST = 4
"""Photographs needed: three to calibrate, one to measure."""
LIMIT = 2.0
"""Largest allowed mean difference from the original in the hole, in grey levels of 255."""
ENDS = 3
"""Convolutions at either end that stay in full precision. They take a picture down to the trunk and back up: little of
the work, and in eight bits they leave grain on smooth ground."""
HOLES = HoleConfig(strokes=0.35, area=(0.10, 0.35))

Pair = tuple[np.ndarray, np.ndarray]
"""A picture, 1 x 3 x H x W float32 in the contract's range, and its hole, 1 x 1 x H x W float32 of 0 and 1."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far an eight-bit model is from its original in the hole, in grey levels of 255."""

    pictures: int
    mean: float
    largest: float


class _Reader(CalibrationDataReader):
    """Hands out what the graph is fed, picture by picture."""

    def __init__(self, feeds: list[Tensors]) -> None:
        self.feeds = iter(feeds)

    def get_next(self) -> Tensors | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the next feed, None at the end."""
        return next(self.feeds, None)


def export_int8(
    source: Path, output: Path, photographs: str, *, step: int | None = None, licence: str | None = None
) -> tuple[Contract, list[Parity], Drift]:
    """Write a run, or a model in full precision, as an eight-bit model; the file appears only once it is measured.

    - `source`: a run directory or an ONNX file that fills holes, also somebody else's;
    - `photographs`: where the ranges are taken from, as for `open_source`; some are held back to measure on;
    - `step`: of a run, which checkpoint, None = the last;
    - `licence`: of the weights; None = what the model says, and for a run Apache-2.0.

    Returns the contract in the file, how far the float32 export of a run was from its network, and how far the
    eight-bit model is from that. Raises `ModelError` when that is beyond `LIMIT`, `RecipeError` for photographs or a
    run that are not usable, `OutputError` when the file cannot be written.
    """
    check_writable(output)
    if is_there(output) and output.samefile(source):
        raise OutputError(f"{output} is the model itself; give another --output.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parities: list[Parity] = []
        if is_folder(source):
            run, source = source, folder / "float32.onnx"
            _, parities = export_run(run, source, step=step, licence=licence or "Apache-2.0")
        original = load_engine(source, "cpu")
        precision = original.contract.precision
        if precision != "fp32":
            raise ModelError(f"{source.name} computes in {precision}; eight bits are made from a model in fp32.")
        contract = replace(original.contract, precision="int8", licence=licence or original.contract.licence)
        pairs = draw_pairs(photographs, contract, CALIBRATING + MEASURING)
        # Every fourth is measured on, so that both parts are alike in where they come from.
        measured, calibrated = pairs[3::4], [pair for index, pair in enumerate(pairs) if index % 4 != 3]
        quantised = folder / "int8.onnx"
        quantise(source, quantised, contract, calibrated)
        drift = measure(original, load_engine(quantised, "cpu"), measured)
        # Written so that NaN fails too.
        if not drift.mean <= LIMIT:
            raise ModelError(
                f"In eight bits the model differs from the original by {drift.mean:.2g} grey levels in the hole, more "
                f"than {LIMIT:g}; nothing was written. Use --fp16, or calibrate with photographs like yours."
            )
        with atomic_write(output) as file:
            file.write(quantised.read_bytes())
    return contract, parities, drift


def draw_pairs(photographs: str, contract: Contract, count: int, *, seed: int = 0) -> list[Pair]:
    """Return up to `count` photographs, evenly spaced, at a model's native size, with holes drawn from the seed.

    Raises `RecipeError` when there are fewer than `LEAST`, or when they are a stream.
    """
    source = open_source(photographs)
    if isinstance(source, StreamSource):
        raise RecipeError("Calibration needs photographs on this machine; give a folder or shards instead of a URL.")
    if len(source) < LEAST:
        raise RecipeError(f"There are only {len(source)} pictures in {photographs}; calibration needs {LEAST} or more.")
    low, high = contract.image_range
    pairs = []
    for number, index in enumerate(np.linspace(0, len(source) - 1, min(count, len(source))).astype(int)):
        crop = centre_crop(read_picture(source, int(index)), contract.native_size).astype(np.float32)
        hole = draw_holes(HOLES, contract.native_size, np.random.default_rng((seed, number)))
        image = np.ascontiguousarray(crop.transpose(2, 0, 1)[None]) * np.float32((high - low) / 255) + np.float32(low)
        pairs.append((image, hole[None, None].astype(np.float32)))
    return pairs


def quantise(model: Path, output: Path, contract: Contract, pairs: list[Pair]) -> None:
    """Write the eight-bit form of an ONNX file, with `contract` in its metadata.

    All convolutions but `ENDS` at either end are quantised. Weights use seven of the eight bits: without that, CPUs
    that have AVX2 or AVX-512 but not VNNI add pairs of products in sixteen bits, which overflow. Raises `ModelError`
    when there are no convolutions.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
        convolutions = [node.name for node in onnx.load(str(prepared)).graph.node if node.op_type == "Conv"]
        ends = min(ENDS, max(len(convolutions) - 1, 0) // 2)
        quantize_static(
            str(prepared),
            str(output),
            _Reader([to_foreign(contract, image, hole) for image, hole in pairs]),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=convolutions[:ends] + convolutions[len(convolutions) - ends :],
        )
    proto = onnx.load(str(output))
    if not any(node.op_type == "QuantizeLinear" for node in proto.graph.node):
        raise ModelError(f"The model {contract.name!r} has no convolutions, so eight bits would not make it quicker.")
    kept = {entry.key: entry.value for entry in onnx.load(str(model), load_external_data=False).metadata_props}
    onnx.helper.set_model_props(proto, {**kept, **contract.to_metadata()})
    # The quantiser lists every domain that ONNX Runtime knows; engines refuse files that want more than ONNX.
    domains = [item for item in proto.opset_import if item.domain in {node.domain for node in proto.graph.node}]
    del proto.opset_import[:]
    proto.opset_import.extend(domains)
    onnx.save(proto, str(output))


def measure(original: Engine, other: Engine, pairs: list[Pair]) -> Drift:
    """Fill the holes with two models of like contract and return how far apart the results are."""
    low, high = original.contract.image_range
    differences = []
    for image, hole in pairs:
        apart = np.abs(original.run_tensors(image, hole) - other.run_tensors(image, hole)) * (255 / (high - low))
        differences.append(apart[np.broadcast_to(hole > 0.5, apart.shape)])
    # Each picture counts alike, however large its hole is.
    mean = float(np.mean([each.mean() for each in differences]))
    return Drift(len(pairs), mean, float(max(each.max() for each in differences)))
