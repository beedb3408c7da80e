import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inpaint.core import Engine, EngineError, load_engine
from inpaint.core.engines import io_binding as binding_module
from inpaint.core.engines.io_binding import BoundGraph
from inpaint.core.engines.session import open_session

Maker = Callable[..., np.ndarray]


def feed(height: int, width: int, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    mask = np.zeros((1, 1, height, width), np.float32)
    mask[..., 8:24, 8:32] = 1
    return {"image": random.uniform(-1, 1, (1, 3, height, width)).astype(np.float32), "mask": mask}


@pytest.fixture
def bound(tiny_model: Path) -> BoundGraph:
    """The stand-in model on buffers of the CPU, which ONNX Runtime binds as it does those of a GPU."""
    return BoundGraph(open_session(tiny_model, "cpu", 1), "output", "cpu")


def test_it_gives_what_a_plain_run_gives(bound: BoundGraph, tiny_model: Path) -> None:
    session = open_session(tiny_model, "cpu", 1)
    for seed, (height, width) in enumerate([(64, 64), (64, 96), (64, 64), (128, 64)]):
        given = feed(height, width, seed)
        assert np.array_equal(bound(given), np.asarray(session.run(None, given)[0]))


def test_a_result_outlives_the_next_run(bound: BoundGraph) -> None:
    first = bound(feed(64, 64, 1))
    kept = first.copy()
    second = bound(feed(64, 64, 2))
    assert np.array_equal(first, kept)
    assert not np.array_equal(first, second)


def test_only_a_few_shapes_are_kept(bound: BoundGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding_module, "KEPT", 2)
    made: list[int] = []
    original = bound._bind
    monkeypatch.setattr(bound, "_bind", lambda given: (made.append(given["image"].shape[-1]), original(given))[1])
    for width in (64, 96, 64, 128, 64, 96):
        bound(feed(64, width))
    assert made == [64, 96, 128, 96]


def test_a_failure_lets_go_of_everything_and_the_next_run_works(bound: BoundGraph) -> None:
    expected = bound(feed(64, 64))
    with pytest.raises(Exception, match="SpaceToDepth"):
        bound(feed(64, 65))
    assert not bound._kept
    assert np.array_equal(bound(feed(64, 64)), expected)


def test_threads_do_not_get_each_other_s_results(bound: BoundGraph) -> None:
    expected = [bound(feed(64, 64, seed)) for seed in range(4)]
    wrong = []

    def work(seed: int) -> None:
        for _ in range(20):
            if not np.array_equal(bound(feed(64, 64, seed)), expected[seed]):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.fixture
def as_on_cuda(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine that takes the way of a GPU, with buffers on the CPU instead."""
    engine = load_engine(tiny_model, "cpu", threads=1)
    monkeypatch.setattr(Engine, "device", "cuda")
    engine._bound = BoundGraph(engine._session, "output", "cpu")
    return engine


def test_an_engine_on_the_way_of_a_gpu_fills_the_same(
    as_on_cuda: Engine, tiny_model: Path, picture: Maker, hole: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a size that needs no more padding there than on the CPU, so that the network sees the same."""
    image, mask = picture(128, 192).astype(np.float32) / 255, hole(128, 192)
    filled = as_on_cuda.run(image, mask)
    monkeypatch.undo()
    assert np.array_equal(filled, load_engine(tiny_model, "cpu", threads=1).run(image, mask))


def test_sizes_share_buffers_there(as_on_cuda: Engine, picture: Maker, hole: Maker) -> None:
    for side in (130, 144, 150, 160):
        image, mask = picture(side, side).astype(np.float32) / 255, hole(side, side)
        filled = as_on_cuda.run(image, mask)
        assert filled.shape == image.shape
        assert np.array_equal(filled[~mask], image[~mask])
    assert as_on_cuda._bound is not None
    assert len(as_on_cuda._bound._kept) == 1


def test_warming_up_prepares_the_native_size_and_costs_nothing_on_the_cpu(
    as_on_cuda: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_on_cuda.warm_up()
    assert as_on_cuda._bound is not None
    ((shape,),) = [list(as_on_cuda._bound._kept)]
    assert shape[0][:2] == ("image", (1, 3, 64, 64))
    monkeypatch.undo()
    monkeypatch.setattr(as_on_cuda, "run", lambda *_: pytest.fail("ran"))
    as_on_cuda.warm_up()


def test_a_failure_there_is_one_sentence(as_on_cuda: Engine, picture: Maker, hole: Maker) -> None:
    class Broken(BoundGraph):
        def __call__(self, feed: dict[str, np.ndarray]) -> np.ndarray:
            raise RuntimeError("CUDA error: out of memory")

    as_on_cuda._bound = Broken(as_on_cuda._session, "output", "cpu")
    with pytest.raises(EngineError, match="The CUDA ran out of memory at 128 x 96"):
        as_on_cuda.run(picture().astype(np.float32) / 255, hole())
