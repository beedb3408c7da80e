"""A run directory where a GPU fails: the CPU takes over the same checkpoint, and short memory is known as such."""

import numpy as np
import pytest
import torch

from inpaint.core.errors import EngineError, OutOfMemoryError
from inpaint.core.filling.fill import fill_pixels
from inpaint.training.evaluation.run_engine import RunEngine
from inpaint.training.recipe import load_recipe
from inpaint.training.run.session import Options, run_training


@pytest.fixture(scope="module")
def two_steps(photographs, tmp_path_factory):
    """A run directory with checkpoints of two steps."""
    out = tmp_path_factory.mktemp("runs") / "two"
    recipe = load_recipe("debug", ["phases=[{name='only', steps=2}]", "checkpoint_every=1", "sample_every=9"])
    run_training(recipe, Options(data=str(photographs), out=out, device="cpu"))
    return out


@pytest.fixture
def on_gpu(two_steps):
    """An engine of step 1 that takes itself for one on a GPU; what the GPU does is for the test to say."""
    engine = RunEngine(two_steps, step=1)
    engine._where = "cuda"
    return engine


def failing(error, above=0):
    """A generator on a GPU that fails from so many pixels a side on, and otherwise fills black."""

    def generate(image, mask, fade):
        if max(image.shape[2:]) > above:
            raise error
        return torch.full_like(image, -1)

    return generate


@pytest.fixture(autouse=True)
def tensors_stay(monkeypatch):
    """There is no GPU to move them to."""
    monkeypatch.setattr(torch.Tensor, "to", lambda tensor, *_: tensor)


def test_the_cpu_goes_on_with_the_same_step(on_gpu, two_steps):
    other = on_gpu.on_cpu()
    assert other.device == "cpu"
    assert "step 1" in other.contract.description
    assert "step 2" in RunEngine(two_steps).contract.description
    assert on_gpu.on_cpu() is other


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."), OutOfMemoryError),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory"),
            OutOfMemoryError,
        ),
        (RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with ..."), EngineError),
    ],
    ids=["gpu memory", "memory", "defect"],
)
def test_what_torch_reports_is_one_sentence(on_gpu, error, expected):
    on_gpu._generator = failing(error)
    with pytest.raises(EngineError) as caught:
        on_gpu.run_tensors(np.zeros((1, 3, 64, 96), np.float32), np.zeros((1, 1, 64, 96), np.float32))
    assert type(caught.value) is expected
    assert "96 x 64 pixels" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_where_memory_is_short_a_region_is_filled_smaller(on_gpu, picture, hole):
    on_gpu._generator = failing(torch.OutOfMemoryError("CUDA out of memory."), above=128)
    pixels, mask = picture(256, 256), hole(256, 256, 20, 20, 40, 220)
    done = fill_pixels(pixels, mask, on_gpu, detail="network")
    assert done.engine is on_gpu
    assert any("with less detail" in note for note in done.notes)
