import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inpaint.core import Engine, OutOfMemoryError
from inpaint.core.batch import batched_regions as together
from inpaint.core.batch.batched_regions import BatchingEngine

Maker = Callable[..., np.ndarray]


class SlowStart:
    """A session whose first run waits until `others` have asked too, and which counts what it is given."""

    def __init__(self, engine: BatchingEngine, others: int, most: int = 10**9) -> None:
        self.engine, self.session, self.others, self.most = engine, engine._session, others, most
        self.sizes: list[int] = []

    def run(self, names: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        if not self.sizes:
            while len(self.engine._waiting) < self.others:
                threading.Event().wait(0.001)
        self.sizes.append(len(feed["image"]))
        if feed["image"].size > self.most:
            raise RuntimeError("Failed to allocate memory")
        return self.session.run(names, feed)  # type: ignore[attr-defined]


@pytest.fixture
def gathering(engine: Engine) -> BatchingEngine:
    return BatchingEngine(engine)


def ask(engine: Engine, pictures: list[np.ndarray], masks: list[np.ndarray]) -> list[np.ndarray]:
    with ThreadPoolExecutor(len(pictures)) as pool:
        return list(pool.map(engine.run, pictures, masks))


def inputs(picture: Maker, hole: Maker, count: int, *size: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    pictures = [picture(*size, seed=seed).astype(np.float32) / 255 for seed in range(count)]
    return pictures, [hole(*size) for _ in range(count)]


def test_what_waits_in_one_shape_goes_together_and_comes_back_to_its_own(
    gathering: BatchingEngine, engine: Engine, picture: Maker, hole: Maker
) -> None:
    pictures, masks = inputs(picture, hole, 6, 96, 128)
    session = gathering._session = SlowStart(gathering, others=5)  # type: ignore[assignment]
    together = ask(gathering, pictures, masks)
    assert session.sizes == [1, 5]
    for mine, image, mask in zip(together, pictures, masks, strict=True):
        assert np.array_equal(mine, engine.run(image, mask))


def test_other_shapes_go_apart(gathering: BatchingEngine, engine: Engine, picture: Maker, hole: Maker) -> None:
    pictures, masks = inputs(picture, hole, 4, 96, 128)
    pictures[1], masks[1] = pictures[1][:, :96].copy(), masks[1][:, :96].copy()
    session = gathering._session = SlowStart(gathering, others=3)  # type: ignore[assignment]
    together = ask(gathering, pictures, masks)
    assert sorted(session.sizes)[-1] in (2, 3)
    for mine, image, mask in zip(together, pictures, masks, strict=True):
        assert np.array_equal(mine, engine.run(image, mask))


def test_a_run_is_no_larger_than_allowed(
    gathering: BatchingEngine, picture: Maker, hole: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "MOST_PIXELS", 2 * 96 * 128)
    session = gathering._session = SlowStart(gathering, others=5)  # type: ignore[assignment]
    ask(gathering, *inputs(picture, hole, 6, 96, 128))
    assert max(session.sizes) == 2
    assert sum(session.sizes) == 6


def test_when_a_group_does_not_fit_each_goes_alone(gathering: BatchingEngine, picture: Maker, hole: Maker) -> None:
    session = gathering._session = SlowStart(gathering, others=3, most=3 * 96 * 128)  # type: ignore[assignment]
    ask(gathering, *inputs(picture, hole, 4, 96, 128))
    assert session.sizes == [1, 3, 1, 1, 1]


def test_when_a_group_cannot_be_put_together_each_goes_alone(
    gathering: BatchingEngine, picture: Maker, hole: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = np.concatenate, inputs(picture, hole, 4, 96, 128)

    def concatenate(arrays: list[np.ndarray]) -> np.ndarray:
        if len(arrays) > 1:
            raise MemoryError
        return real(arrays)

    monkeypatch.setattr(together.np, "concatenate", concatenate)
    session = gathering._session = SlowStart(gathering, others=3)  # type: ignore[assignment]
    ask(gathering, *asked)
    assert session.sizes == [1, 1, 1, 1]


def test_a_region_that_does_not_fit_alone_fails_alone(gathering: BatchingEngine, picture: Maker, hole: Maker) -> None:
    gathering._session = SlowStart(gathering, others=0, most=10)  # type: ignore[assignment]
    pictures, masks = inputs(picture, hole, 1, 96, 128)
    with pytest.raises(OutOfMemoryError):
        gathering.run(pictures[0], masks[0])
