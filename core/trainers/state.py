"""A trainer's whole state as named tensors, so that it can be stored without pickles and resumed to the bit."""

from collections.abc import Iterator

import torch
from torch import Tensor

from inpaint.core.errors import DivergedError, RecipeError
from inpaint.core.trainers.adversary import AdversarialTrainer


def state_tensors(trainer: AdversarialTrainer) -> dict[str, Tensor]:
    """Return every tensor that decides the next step: networks, average, both optimisers, random generators."""
    tensors: dict[str, Tensor] = {}
    for prefix, module in _modules(trainer):
        tensors |= {f"{prefix}.{key}": value for key, value in module.state_dict().items()}
    for prefix, adam in _optimisers(trainer):
        for index, state in adam.state_dict()["state"].items():
            tensors |= {f"{prefix}.{index}.{key}": value for key, value in state.items()}
    tensors["ema.updates"] = torch.tensor(trainer.ema.updates)
    tensors["random.cpu"] = torch.get_rng_state()
    if trainer.device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(trainer.device)
    return {key: value.detach().to("cpu").contiguous() for key, value in tensors.items()}


def check_finite(tensors: dict[str, Tensor]) -> None:
    """Raise `DivergedError` unless every number of a state is finite: nothing good can come of going on from it."""
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise DivergedError(
                f"The training's state is not finite any more ({name}), and was not saved; go back to the last "
                "checkpoint with --resume and a lower learning rate."
            )


def restore(trainer: AdversarialTrainer, tensors: dict[str, Tensor], grown: int) -> None:
    """Put a trainer into the state that `state_tensors` described.

    grown: how many blocks had been added then. Raises `RecipeError` when the state is of another architecture.
    """
    trainer.grow_to(grown)
    try:
        for prefix, module in _modules(trainer):
            module.load_state_dict(_under(tensors, prefix))
        for prefix, adam in _optimisers(trainer):
            record = adam.state_dict()
            record["state"] = {}
            weights = [weight for group in adam.param_groups for weight in group["params"]]
            for key, value in _under(tensors, prefix).items():
                index, name = key.split(".", 1)
                record["state"].setdefault(int(index), {})[name] = _laid_out(value, weights[int(index)])
            adam.load_state_dict(record)
        if trainer.graphed is not None:
            # A recording would go on with the optimisers' old tensors.
            trainer.graphed.forget()
        trainer.ema.updates = int(tensors["ema.updates"])
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors and trainer.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"], trainer.device)
    except (IndexError, KeyError, RuntimeError, ValueError) as error:
        raise RecipeError(
            "The checkpoint does not fit the recipe's networks; resume with the recipe it was made with."
        ) from error


def _modules(trainer: AdversarialTrainer) -> Iterator[tuple[str, torch.nn.Module]]:
    yield "generator", trainer.generator
    yield "average", trainer.ema.generator
    yield "discriminators", trainer.discriminators


def _optimisers(trainer: AdversarialTrainer) -> Iterator[tuple[str, torch.optim.Optimizer]]:
    yield "generator_adam", trainer.generator_adam
    yield "discriminator_adam", trainer.discriminator_adam


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(f"{prefix}."): value for key, value in tensors.items() if key.startswith(f"{prefix}.")}


def _laid_out(value: Tensor, weight: Tensor) -> Tensor:
    """Give an average the memory order of its weight: the fused optimiser walks through both as they lie."""
    if value.shape != weight.shape:
        return value
    return torch.empty_like(weight, device="cpu", dtype=value.dtype).copy_(value)
