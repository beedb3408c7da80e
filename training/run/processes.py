"""How the processes of one training meet, agree and part, and what each of them may take of its machine."""

import os
from collections.abc import Callable
from typing import TypeVar

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, KwargsHandler, broadcast_object_list
from torch import distributed, nn

from inpaint.core.errors import RecipeError
from inpaint.training.devices import choose_device
from inpaint.training.recipe import Recipe

MOST_DECODERS = 16

_Value = TypeVar("_Value")


def make_accelerator(recipe: Recipe, device: str, *, cuda_graphs: bool = False) -> Accelerator:
    """Return what knows of precision, device and processes; with several, this is where they meet.

    device: "auto", "cpu" or "cuda". cuda_graphs: whether steps are to be recorded. Raises `RecipeError` when there is
    no such device, or none that records, or when this process does not meet all that the launcher says there are.
    """
    chosen = choose_device(device, RecipeError)
    _check_gpus(chosen)
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True  # crops have one size per phase
    # accelerate keeps one state per process and refuses another precision; an earlier training may have left one.
    AcceleratorState._reset_state()
    precision = "bf16" if recipe.precision == "bf16" else "no"
    # Nobody sends batch statistics around: they are the same everywhere where `sync_batch_norm` is on. Between the
    # discriminators' two passes it would change tensors that the backward pass still needs.
    handlers: list[KwargsHandler] = [DistributedDataParallelKwargs(broadcast_buffers=False)]
    # accelerate looks for companions where it is told to compute: with "auto" and no GPU each would train alone.
    accelerator = Accelerator(cpu=chosen == "cpu", mixed_precision=precision, kwargs_handlers=handlers)
    if accelerator.num_processes != process_count():
        raise RecipeError(
            f"The launcher has started {process_count()} processes, and this one trains with "
            f"{accelerator.num_processes}: all would write into one run directory. Start them with torchrun or "
            "accelerate launch."
        )
    if cuda_graphs and (accelerator.device.type != "cuda" or accelerator.num_processes > 1):
        raise RecipeError("CUDA graphs need an NVIDIA GPU and one process; leave --cuda-graphs out.")
    return accelerator


def _check_gpus(chosen: str) -> None:
    """Raise `RecipeError` when torchrun has started more processes here than there are GPUs for."""
    local, here = int(os.environ.get("LOCAL_WORLD_SIZE", "1")), torch.cuda.device_count()
    # Other launchers may show each process only the GPU that is its own.
    if chosen == "cuda" and "TORCHELASTIC_RUN_ID" in os.environ and local > here:
        raise RecipeError(f"{local} processes need as many GPUs, and here are {here}; say --nproc-per-node {here}.")


def agreement(accelerator: Accelerator) -> Callable[[bool], bool]:
    """Return what answers, in every process alike, whether any of them wants something.

    The processes talk through a channel of the hosts, so that no device has to be waited for.
    """
    if accelerator.num_processes == 1:
        return bool
    hosts = distributed.new_group(backend="gloo")
    assert isinstance(hosts, distributed.ProcessGroup)  # this process is one of them

    def agree(wish: bool) -> bool:
        flag = torch.tensor(int(wish))
        distributed.all_reduce(flag, distributed.ReduceOp.MAX, group=hosts)
        return bool(flag)

    return agree


def from_first(accelerator: Accelerator, value: _Value) -> _Value:
    """Return the value of the first process, in every process."""
    if accelerator.num_processes == 1:
        return value
    values = [value]
    broadcast_object_list(values)
    return values[0]


def align(accelerator: Accelerator, *networks: nn.Module) -> None:
    """Give every process the weights and buffers that the first one has; they are replaced in place."""
    if accelerator.num_processes > 1:
        for network in networks:
            for tensor in network.state_dict().values():
                distributed.broadcast(tensor, 0)


def part(accelerator: Accelerator) -> None:
    """Take leave of the other processes of a training that went well; this process cannot meet them again.

    Without it the threads that carry messages may still hold tensors when the interpreter ends, which ends the process
    with SIGABRT in every third run or so (pytorch issue 190489), and a launcher takes the training for failed. After
    an error nobody takes leave: on GPUs this waits for the others, which may be waiting for this process.
    """
    accelerator.end_training()


def decoders(device: torch.device) -> int:
    """How many processes should decode pictures for this one: its share of the machine's cores, none on the CPU.

    On the CPU decoding ahead would only take cores from the networks. Launchers set OMP_NUM_THREADS to 1, so torch's
    number of threads says nothing.
    """
    if device.type == "cpu":
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST_DECODERS, cores // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))))


def is_first() -> bool:
    """Whether this is the process that speaks to people and writes files, as launchers say it (RANK)."""
    return os.environ.get("RANK", "0") == "0"


def process_count() -> int:
    """How many processes a launcher says there are (WORLD_SIZE)."""
    return int(os.environ.get("WORLD_SIZE", "1"))
