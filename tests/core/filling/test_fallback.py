from collections.abc import Callable
from pathlib import Path
from weakref import ref

import cv2
import numpy as np
import pytest

from inpaint.core import Engine, EngineError, OutOfMemoryError, fill_pixels, load_engine
from inpaint.core.engines import engine as engine_module
from inpaint.core.engines.session import CPU, CUDA
from inpaint.core.filling.fallback import fill_with_fallback, shrink
from inpaint.core.filling.regions import Region, plan
from inpaint.core.filling.tone_curve import ToneCurve
from inpaint.weights import Contract

Maker = Callable[..., np.ndarray]
OPENCV_IS_SHORT = "OpenCV(5.0.0) alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 8 bytes"


class ShortSession:
    """A session that allocates no more than `most` pixels, and fails on them in the words of ONNX Runtime."""

    def __init__(self, session: object, most: int, provider: str, words: str = "Failed to allocate memory") -> None:
        self.session, self.most, self.provider, self.words = session, most, provider, words
        self.asked: list[tuple[int, int]] = []

    def get_providers(self) -> list[str]:
        return [self.provider]

    def run(self, names: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        height, width = feed["image"].shape[2:]
        self.asked.append((height, width))
        if height * width > self.most:
            raise RuntimeError(f"[ONNXRuntimeError] : 6 : {self.words} for requested buffer of size 8\npages follow")
        return self.session.run(names, feed)  # type: ignore[attr-defined]


@pytest.fixture
def short(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Engine]:
    """`short(gpu=N, cpu=M)`: an engine on a GPU with memory for N pixels, beside a CPU with memory for M."""
    real = load_engine(tiny_model, device="cpu", threads=1)

    def make(*, gpu: int | None = None, cpu: int = 10**9, words: str = "Failed to allocate memory") -> Engine:
        def wrap(most: int, provider: str) -> Engine:
            session = ShortSession(real._session, most, provider, words)
            engine = Engine(real.path, session, real.contract, 1)  # type: ignore[arg-type]
            engine._bound = None  # there is no GPU whose memory could be bound
            return engine

        on_cpu = wrap(cpu, CPU)
        monkeypatch.setattr(engine_module, "_prove", lambda *_: on_cpu)
        return on_cpu if gpu is None else wrap(gpu, CUDA)

    return make


@pytest.fixture
def wide(picture: Maker, hole: Maker) -> tuple[np.ndarray, np.ndarray]:
    """A picture and a mask whose region is fed at more than twice the native size."""
    return picture(200, 200), hole(200, 200, 60, 20, 90, 180)


def test_shrinking_ends_at_the_native_size(tiny_contract: Contract, wide: tuple) -> None:
    (region,) = plan(wide[1], tiny_contract)
    sizes = [max(smaller.fed) for smaller in shrink(region, tiny_contract)]
    assert max(region.fed) == 192
    assert sizes == [96, 64]
    assert [smaller.window for smaller in shrink(region, tiny_contract)] == [region.window] * 2


@pytest.mark.parametrize("device", ["gpu", "cpu"])
def test_short_memory_gives_a_smaller_region_on_the_same_device(
    short: Callable[..., Engine], wide: tuple, device: str
) -> None:
    engine = short(**{device: 7000})
    done = fill_pixels(*wide, engine)
    assert done.engine is engine
    assert [max(region.fed) for region in done.regions] == [96]
    (note,) = done.notes
    assert "less detail" in note
    assert f"{engine.device.upper()} ran out of memory at 192 x 64" in note
    assert np.array_equal(done.pixels[~wide[1]], wide[0][~wide[1]])
    assert not np.array_equal(done.pixels[wide[1]], wide[0][wide[1]])


def test_no_memory_on_the_gpu_at_any_size_gives_the_cpu_at_full_size(short: Callable[..., Engine], wide: tuple) -> None:
    engine = short(gpu=10)
    done = fill_pixels(*wide, engine)
    assert done.engine is engine.on_cpu()
    assert len(engine._session.asked) == 3  # type: ignore[attr-defined]
    assert [max(region.fed) for region in done.regions] == [192]
    (note,) = done.notes
    assert "on the CPU" in note
    assert np.array_equal(done.pixels, fill_pixels(*wide, short()).pixels)


def test_a_cpu_that_is_short_too_fills_smaller_and_says_both(short: Callable[..., Engine], wide: tuple) -> None:
    done = fill_pixels(*wide, short(gpu=10, cpu=7000))
    assert len(done.notes) == 2
    assert "on the CPU" in done.notes[0]
    assert "less detail" in done.notes[1]


def test_a_lost_device_is_not_asked_again(short: Callable[..., Engine], picture: Maker) -> None:
    mask = np.zeros((100, 900), bool)
    mask[40:50, 20:30] = mask[40:50, 450:460] = mask[40:50, 800:810] = True
    engine = short(gpu=10, words="CUDA failure 46: all CUDA-capable devices are busy or unavailable")
    done = fill_pixels(picture(100, 900), mask, engine)
    assert len(engine._session.asked) == 1  # type: ignore[attr-defined]
    assert len(done.notes) == 1
    assert done.engine.device == "cpu"


def test_no_memory_anywhere_is_one_sentence(short: Callable[..., Engine], wide: tuple) -> None:
    with pytest.raises(OutOfMemoryError, match="CPU ran out of memory at 192 x 64") as raised:
        fill_pixels(*wide, short(gpu=10, cpu=10))
    assert isinstance(raised.value, EngineError)
    assert raised.value.exit_code == 7


@pytest.mark.parametrize("error", [MemoryError("Unable to allocate 8 B"), cv2.error(OPENCV_IS_SHORT)])
def test_short_memory_around_the_network_gives_a_smaller_region_too(
    short: Callable[..., Engine], wide: tuple, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    real = ToneCurve.encode

    def encode(curve: ToneCurve, image: np.ndarray) -> np.ndarray:
        if max(image.shape) > 100:
            raise error
        return real(curve, image)

    monkeypatch.setattr(ToneCurve, "encode", encode)
    done = fill_pixels(*wide, short(), detail="network")
    assert [max(region.fed) for region in done.regions] == [96]
    (note,) = done.notes
    assert "less detail" in note
    assert "ran out of memory at 192 x 64" in note


def test_no_memory_around_the_network_at_any_size_is_one_sentence(
    short: Callable[..., Engine], wide: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(*_: object) -> None:
        raise cv2.error(OPENCV_IS_SHORT)

    monkeypatch.setattr(ToneCurve, "encode", encode)
    with pytest.raises(OutOfMemoryError, match="ran out of memory at 192 x 64"):
        fill_pixels(*wide, short())


def test_what_is_no_short_memory_is_not_tried_again(
    short: Callable[..., Engine], wide: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def encode(*_: object) -> None:
        asked.append(1)
        raise cv2.error("OpenCV(5.0.0) resize.cpp:4: error: (-215:Assertion failed) !ssize.empty()")

    monkeypatch.setattr(ToneCurve, "encode", encode)
    with pytest.raises(cv2.error, match="Assertion"):
        fill_pixels(*wide, short())
    assert len(asked) == 1


@pytest.mark.parametrize("kind", [MemoryError, OutOfMemoryError])
def test_a_failed_attempt_leaves_no_arrays_behind(short: Callable[..., Engine], wide: tuple, kind: type) -> None:
    engine = short()
    (region,) = plan(wide[1], engine.contract)
    held = []

    def attempt(_: Engine, tried: Region) -> np.ndarray:
        if held:
            assert held[0]() is None
            return np.zeros((*tried.fed, 3), np.float32)
        large = np.zeros((*tried.fed, 3), np.float32)
        held.append(ref(large))
        try:
            raise ValueError(large.shape)
        except ValueError as error:
            raise kind("short") from error

    assert max(fill_with_fallback(attempt, engine, region).region.fed) == 96
