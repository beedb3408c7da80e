"""From a trained generator to one ONNX file that carries its contract, proved against the network it came from."""

import copy
import warnings
from dataclasses import dataclass
from pathlib import Path

import onnx
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from inpaint.core.atomic_files import atomic_write, check_writable
from inpaint.core.errors import ModelError, RecipeError
from inpaint.core.nets import Growing
from inpaint.training.export.subpixel import neighbours, use_subpixel
from inpaint.training.recipe import Recipe, recipe_digest
from inpaint.training.run.directory import RunDirectory
from inpaint.weights import Contract

OPSET = 18
LARGEST_SIDE = 16384
"""Pixels; what the exporter is told of the sizes to expect, which are dynamic."""
TOLERANCE = {"fp32": 1e-3, "fp16": 4e-2}
"""Largest allowed difference from the eager network on values in [-1, 1]; one grey level of 256 is 0.008."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the exported file is from the eager network at one size."""

    height: int
    width: int
    largest: float
    mean: float


class Traceable(nn.Module):
    """The generator as the exporter wants it: two tensors in, one out, norms folded, doublings rewritten."""

    def __init__(self, generator: nn.Module, fade: float, *, half: bool) -> None:
        super().__init__()
        self.generator = copy.deepcopy(generator).cpu().eval()
        self.fade = fade
        simplify(self.generator, half=half)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Complete N x 3 x H x W in [-1, 1] where the N x 1 x H x W mask is 1; float32 in and out."""
        return self.generator(image, mask, self.fade)


def simplify(generator: nn.Module, *, half: bool) -> None:
    """Rewrite a generator, in place, into one that computes the same and exports to a quicker graph."""
    fold_batch_norm(generator)
    use_subpixel(generator)
    if half:
        generator.half()


def fold_batch_norm(module: nn.Module) -> None:
    """Fold every batch norm that directly follows a convolution of a Sequential into its weights, in place."""
    for layers, index in neighbours(module):
        convolution, norm = layers[index], layers[index + 1]
        if isinstance(convolution, nn.Conv2d | nn.ConvTranspose2d) and isinstance(norm, nn.BatchNorm2d):
            transposed = isinstance(convolution, nn.ConvTranspose2d)
            layers[index] = fuse_conv_bn_eval(convolution, norm, transpose=transposed)  # pyright: ignore
            layers[index + 1] = nn.Identity()


def load_generator(run: Path, step: int | None = None) -> tuple[nn.Module, Recipe, int, float]:
    """Load the averaged generator of a run.

    step: which checkpoint; None = the last. Returns the generator in eval mode, the recipe that led there, the step it
    was taken at, and the weight of its newest grown block at that step. Raises `RecipeError` for a folder that is no
    run.
    """
    rundir = RunDirectory(run)
    step = rundir.last_step() if step is None else step
    recipe = rundir.recipe_at(step or 0)
    tensors, record = rundir.load(step)
    generator = recipe.family.build_generator()
    if isinstance(generator, Growing):
        for _ in range(record["grown"]):
            generator.grow()
    prefix = "average."
    try:
        generator.load_state_dict(
            {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        )
    except RuntimeError as error:
        raise RecipeError(f"The checkpoint in {run} does not fit its recipe.toml; was that file changed?") from error
    at = min(int(record["step"]), recipe.schedule.steps) - 1
    return generator.eval(), recipe, int(record["step"]), recipe.schedule.at(max(at, 0)).fade


def load_filler(run: Path, step: int | None = None) -> tuple[nn.Module, Recipe, int, float]:
    """Do what `load_generator` does, for a run whose generator fills photographs. Raises `RecipeError` for another."""
    if RunDirectory(run).recipe().composites is not None:
        raise RecipeError(
            f"{run} holds a joint model, which takes an object beside the photograph; write it with `inpaint export`, "
            "and try it with `inpaint compose`."
        )
    return load_generator(run, step)


def run_contract(recipe: Recipe, step: int, *, half: bool = False, licence: str = "Apache-2.0") -> Contract:
    """Say what the generator of a recipe promises, `step` steps into its training."""
    return Contract(
        name=recipe.name,
        stride=recipe.generator.stride,
        native_size=recipe.native_size,
        native_hole=recipe.native_hole,
        precision="fp16" if half else "fp32",
        licence=licence,
        description=f"{recipe.description}; recipe {recipe_digest(recipe)}, step {step}",
    )


def export_run(
    run: Path, output: Path, *, half: bool = False, step: int | None = None, licence: str = "Apache-2.0"
) -> tuple[Contract, list[Parity]]:
    """Export a run's averaged generator; the file appears only once it has proved equal to the eager network.

    Returns the contract written into the file and the differences measured at two sizes. Raises `ModelError` when
    they are beyond `TOLERANCE`, `OutputError` when the file cannot be written.
    """
    generator, recipe, at_step, fade = load_generator(run, step)
    contract = run_contract(recipe, at_step, half=half, licence=licence)
    check_writable(output)
    model = to_onnx(Traceable(generator, fade, half=half), contract)
    parity = check_parity(generator, fade, contract, model)
    with atomic_write(output) as file:
        file.write(model)
    return contract, parity


def to_onnx(model: Traceable, contract: Contract) -> bytes:
    """Trace with dynamic batch, height and width; returns the ONNX file, with the contract in its metadata."""
    inputs = {contract.image_input: 3, contract.mask_input: 1}
    return trace(model, inputs, [contract.output], contract.stride, contract.to_metadata())


def trace(model: nn.Module, inputs: dict[str, int], outputs: list[str], stride: int, metadata: dict[str, str]) -> bytes:
    """Trace a module whose arguments are pictures of one size; returns the ONNX file.

    inputs: names in order, and how many channels each has. stride: what heights and widths are multiples of.
    """
    size = 2 * stride * max(1, 64 // stride)
    arguments = tuple(torch.zeros(2, channels, size, size + stride) for channels in inputs.values())
    batch = torch.export.Dim("batch", min=1, max=1024)
    rows = torch.export.Dim("rows", min=1, max=LARGEST_SIDE // stride)
    columns = torch.export.Dim("columns", min=1, max=LARGEST_SIDE // stride)
    shape = {0: batch, 2: stride * rows, 3: stride * columns}
    return save_traced(model, arguments, list(inputs), outputs, tuple(shape for _ in inputs), metadata)


def save_traced(
    model: nn.Module,
    arguments: tuple[Tensor, ...],
    inputs: list[str],
    outputs: list[str],
    shapes: tuple[dict, ...] | None,
    metadata: dict[str, str],
) -> bytes:
    """Trace a module with some arguments; shapes say which sides are dynamic, None = none. Returns the ONNX file."""
    with warnings.catch_warnings():
        # The exporter warns about its own internals; what counts is checked below.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model,
            arguments,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=shapes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    onnx.helper.set_model_props(proto, metadata)
    _strip_traces(proto)
    onnx.checker.check_model(proto, full_check=True)
    return proto.SerializeToString()


def _strip_traces(proto: onnx.ModelProto) -> None:
    """Drop the source locations and stack traces of the exporting machine that the exporter notes at every node."""
    for node in proto.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*proto.graph.value_info, *proto.graph.input, *proto.graph.output, *proto.graph.initializer):
        del value.metadata_props[:]
    del proto.graph.metadata_props[:]


def open_exported(model: bytes) -> onnxruntime.InferenceSession:
    """Open an exported model on the CPU, quietly."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@torch.no_grad()
def check_parity(generator: nn.Module, fade: float, contract: Contract, model: bytes) -> list[Parity]:
    """Compare the exported model in ONNX Runtime with the eager float32 network at two sizes, one not square.

    Raises `ModelError` when the largest difference is beyond `TOLERANCE`.
    """
    session = open_exported(model)
    random = torch.Generator().manual_seed(0)
    native, stride = contract.native_size, contract.stride
    parities = []
    for batch, height, width in ((2, native, native), (1, native + stride, native + 3 * stride)):
        image = torch.rand(batch, 3, height, width, generator=random) * 2 - 1
        # Smooth, so that it resembles a photograph more than noise does.
        image = nn.functional.avg_pool2d(image, 9, stride=1, padding=4) * 4
        mask = torch.zeros(batch, 1, height, width)
        mask[:, :, height // 4 : height // 2, width // 3 : width // 3 + width // 4] = 1
        wanted = generator(image, mask, fade)
        (got,) = session.run(
            [contract.output], {contract.image_input: image.numpy(), contract.mask_input: mask.numpy()}
        )
        parities.append(within_tolerance((torch.from_numpy(got) - wanted).abs(), contract.precision))
    return parities


def within_tolerance(difference: Tensor, precision: str) -> Parity:
    """Return what differences of ... x H x W come to. Raises `ModelError` when the largest is beyond `TOLERANCE`."""
    height, width = difference.shape[-2:]
    parity = Parity(height, width, float(difference.max()), float(difference.mean()))
    # Written so that NaN fails too.
    if not parity.largest <= TOLERANCE[precision]:
        raise ModelError(
            f"The exported model differs from the network by {parity.largest:.3g} at {height} x {width}, "
            f"more than {TOLERANCE[precision]:.3g}; nothing was written. Export in full precision."
        )
    return parity
