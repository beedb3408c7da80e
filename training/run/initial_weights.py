"""Where a training's first weights come from, other than from the seed: a run, a model of the Hub, an exported file."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from huggingface_hub.constants import CONFIG_NAME
from torch import Tensor, nn

from inpaint.core.engines.session import open_session
from inpaint.core.errors import InpaintError, ModelError, RecipeError
from inpaint.core.trainers import AdversarialTrainer, Batch
from inpaint.training.export.import_onnx import load_folded_weights, read_weights, recompute_norms
from inpaint.training.export.inpainting import TOLERANCE, check_parity, load_generator
from inpaint.training.publishing.pretrained import PretrainedGenerator
from inpaint.training.recipe import Recipe
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.processes import align
from inpaint.weights import Contract, resolve
from inpaint.weights.manifest import find
from inpaint.weights.paths import at_home, is_folder, is_there
from inpaint.weights.reference import parse_reference

SETTLING = 8
"""Batches on which the norms of an exported file measure anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialWeights:
    """First weights, checked against the recipe. Blocks that had been grown are blocks of the head now."""

    source: str
    generator: dict[str, Tensor]
    discriminators: dict[str, Tensor] | None
    """None: new ones."""
    settled: bool
    """Whether the norms have measured photographs. Those of an exported file have not."""


def open_initial_weights(source: str, recipe: Recipe) -> InitialWeights:
    """Read the first weights of a training from where `--start-from` says.

    source: a run directory, a folder or a repository on the Hub that `inpaint weights publish` wrote, or an exported
    model: a known name such as "default", or an .onnx file in full or half precision. Raises `RecipeError` when its
    networks are not the recipe's, `ModelError` or `HubError` when it cannot be had.
    """
    path = at_home(source)
    if find(source) is None and is_there(RunDirectory(path).recipe_file):
        generator, made_with, step, fade = load_generator(path)
        return InitialWeights(
            source=source,
            generator=_fitting(source, generator, made_with, fade, recipe),
            discriminators=_discriminators(path, step) if made_with.discriminator == recipe.discriminator else None,
            settled=True,
        )
    if find(source) is None and is_folder(path) and not is_there(path / CONFIG_NAME):
        raise RecipeError(
            f"{path} is neither a run directory nor a folder of `inpaint weights publish`; give one of those."
        )
    if find(source) is None and (is_folder(path) or (not is_there(path) and parse_reference(source) is not None)):
        model = PretrainedGenerator.from_pretrained(path if is_folder(path) else source)
        weights = _fitting(source, model.generator, model.recipe, model.fade, recipe)
        return InitialWeights(source=source, generator=weights, discriminators=None, settled=True)
    weights = _unfolded(source, resolve(source), recipe)
    return InitialWeights(source=source, generator=weights, discriminators=None, settled=False)


def start_from_weights(trainer: AdversarialTrainer, start: InitialWeights, batches: Iterable[Batch]) -> None:
    """Give a new trainer its first weights, the same in every process.

    batches: what norms that have not measured anything measure on.
    """
    average = trainer.ema.generator
    average.load_state_dict(start.generator)
    if not start.settled:
        recompute_norms(average, lambda: _use(trainer, average, batches))
    trainer.generator.load_state_dict(average.state_dict())
    if start.discriminators is not None:
        trainer.discriminators.load_state_dict(start.discriminators)
    # Norms that each process has measured for itself, on a GPU of its own, may differ by a rounding, for good.
    align(trainer.accelerator, average, trainer.generator, trainer.discriminators)


@torch.no_grad()
def _use(trainer: AdversarialTrainer, network: nn.Module, batches: Iterable[Batch]) -> None:
    for batch in batches:
        trainer.family.complete(network, batch.to(trainer.device), 1.0)


def _discriminators(run: Path, step: int) -> dict[str, Tensor]:
    tensors, _ = RunDirectory(run).load(step)
    prefix = "discriminators."
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _fitting(source: str, generator: nn.Module, made_with: Recipe, fade: float, recipe: Recipe) -> dict[str, Tensor]:
    """Return the weights of a generator for the recipe's. Raises `RecipeError` when the two differ but in blocks."""
    if fade < 1:
        raise RecipeError(f"In {source} a block was still fading in; finish that training with --resume first.")
    theirs, ours = asdict(made_with.generator), asdict(recipe.generator)
    for key in theirs | ours:
        if key != "blocks" and theirs.get(key) != ours.get(key):
            raise RecipeError(
                f"{source} was trained with generator.{key} = {theirs.get(key)!r}, and the recipe has "
                f"{ours.get(key)!r}; choose the recipe that it was trained with, or change that with --set."
            )
    return _blocks_checked(source, _in_the_head(generator.state_dict()), recipe)


def _unfolded(source: str, file: Path, recipe: Recipe) -> dict[str, Tensor]:
    """Return the weights of an exported file, once the recipe's network has proved to compute the same with them."""
    if recipe.composites is not None:
        raise RecipeError(f"{source} is an exported file, and a joint model starts from a run directory; give that.")
    contract = Contract.from_metadata(open_session(file, "cpu", None).get_modelmeta().custom_metadata_map)
    if contract.precision not in TOLERANCE:
        raise ModelError(f"{source} computes in {contract.precision}; start from the same model in fp32.")
    weights = _blocks_checked(source, _in_the_head(read_weights(file)), recipe)
    generator = recipe.family.build_generator().eval()
    other = f"{source} is not a network of the recipe {recipe.name!r}: {{}}; choose the recipe it was trained with."
    if contract.stride != recipe.generator.stride:
        raise RecipeError(other.format(f"its stride is {contract.stride}, and not {recipe.generator.stride}"))
    try:
        load_folded_weights(weights, generator)
    except ModelError as error:
        raise RecipeError(other.format(error)) from error
    try:
        check_parity(generator, 1.0, contract, file.read_bytes())
    except InpaintError as error:
        raise RecipeError(other.format("with the same weights it computes something else")) from error
    return generator.state_dict()


def _in_the_head(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights of grown blocks, which come after those of the head and compute alike, to head blocks."""
    head = _count(weights, "blocks")
    return {
        re.sub(r"^grown\.(\d+)\.", lambda match: f"blocks.{head + int(match[1])}.", name): value
        for name, value in weights.items()
    }


def _count(weights: dict[str, Tensor], layers: str) -> int:
    return len({name.split(".")[1] for name in weights if name.startswith(f"{layers}.")})


def _blocks_checked(source: str, weights: dict[str, Tensor], recipe: Recipe) -> dict[str, Tensor]:
    blocks = _count(weights, "blocks")
    wanted = getattr(recipe.generator, "blocks", blocks)
    if blocks != wanted:
        raise RecipeError(
            f"{source} has {blocks} residual blocks, grown ones included, and the recipe starts with {wanted}; "
            f"add --set generator.blocks={blocks}."
        )
    return weights
