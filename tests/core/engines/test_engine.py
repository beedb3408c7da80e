import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inpaint.core import Engine, EngineError, ModelError, load_engine
from inpaint.core.engines import devices as devices_module
from inpaint.core.engines import session as session_module
from inpaint.core.engines.devices import cuda_devices, physical_cores
from inpaint.core.engines.self_test import check_self_test, make_test_picture
from inpaint.weights import Contract

Maker = Callable[..., np.ndarray]


@pytest.fixture
def engine(tiny_model: Path) -> Engine:
    return load_engine(tiny_model, device="cpu", threads=1)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (devices_module, session_module):
        monkeypatch.setattr(module, "cuda_devices", lambda: 0)


@pytest.fixture
def useless_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU that the driver shows and ONNX Runtime cannot use."""
    for module in (devices_module, session_module):
        monkeypatch.setattr(module, "cuda_devices", lambda: 1)
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])


@pytest.mark.parametrize("size", [(96, 128), (97, 131), (64, 65), (5, 7), (1, 1), (1, 200), (200, 3)])
def test_any_size_keeps_its_known_pixels(engine: Engine, picture: Maker, size: tuple[int, int]) -> None:
    image = picture(*size).astype(np.float32) / 255
    mask = np.random.default_rng(0).random(size) < 0.3
    output = engine.run(image, mask)
    assert output.shape == image.shape
    assert output.dtype == np.float32
    assert np.array_equal(output[~mask], image[~mask])
    assert output.min() >= 0
    assert output.max() <= 1


def test_what_lies_in_the_hole_does_not_matter(engine: Engine, picture: Maker, hole: Maker) -> None:
    image = picture().astype(np.float32) / 255
    other = image.copy()
    other[hole()] = np.nan
    assert np.array_equal(engine.run(image, hole()), engine.run(other, hole()))


def test_the_hole_takes_the_colour_around_it(engine: Engine, hole: Maker) -> None:
    image = np.broadcast_to(np.float32([0.2, 0.5, 0.9]), (96, 128, 3)).copy()
    image[hole()] = 0
    assert np.abs(engine.run(image, hole()) - np.float32([0.2, 0.5, 0.9])).max() < 1e-3


@pytest.mark.parametrize("changes", [{"image_range": (0.0, 1.0)}, {"image_range": (0.0, 255.0)}, {"stride": 32}])
def test_range_and_stride_are_those_of_the_contract(
    make_model: Callable[..., Path], tiny_contract: Contract, picture: Maker, hole: Maker, changes: dict, engine: Engine
) -> None:
    image = picture(90, 100).astype(np.float32) / 255
    mask = hole(90, 100)
    other = load_engine(make_model(replace(tiny_contract, **changes)), device="cpu")
    # Not equal at the seam of the padding, which the stride decides; the hole is far from it.
    assert np.abs(other.run(image, mask) - engine.run(image, mask)).max() < 0.05


def test_wrong_arrays_are_the_callers_mistake(engine: Engine, picture: Maker, hole: Maker) -> None:
    with pytest.raises(ValueError, match="float32"):
        engine.run(picture(), hole())
    with pytest.raises(ValueError, match="bool"):
        engine.run(picture().astype(np.float32), hole().astype(np.uint8))


def test_the_canary_passes_a_good_graph_and_is_the_same_each_time(tiny_contract: Contract) -> None:
    assert all(np.array_equal(a, b) for a, b in zip(make_test_picture(64), make_test_picture(64), strict=True))
    assert check_self_test(lambda image, mask: image * (1 - mask), tiny_contract) == ""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"shift_known": 0.1}, "changes known pixels"),
        ({"inverted": True}, "mask the wrong way round"),
        ({"hole_factor": float("nan")}, "not numbers"),
        ({"hole_factor": 1e4}, "far outside"),
        ({"leaves_hole": True}, "leaves the hole"),
        ({"fixed_size": 64}, "one size only"),
        ({"mask_name": "hole_mask"}, "has no 'mask'"),
        ({"contract": None}, "carries no Inpaint contract"),
    ],
)
def test_a_model_that_breaks_its_contract_is_refused(
    make_model: Callable[..., Path], changes: dict, sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence) as raised:
        load_engine(make_model(**changes), device="cpu")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"just text", bytes(range(256)) * 40])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is not an ONNX model") as raised:
        load_engine(path, device="cpu")
    assert raised.value.exit_code == 5
    assert capfd.readouterr() == ("", "")


def test_a_file_beyond_any_model_is_not_even_opened(tmp_path: Path) -> None:
    with (tmp_path / "model.onnx").open("wb") as file:
        file.truncate(2 * 1024**3 + 1)
    with pytest.raises(ModelError, match="2 GiB"):
        load_engine(tmp_path / "model.onnx", device="cpu")


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu_auto_is_silent_and_cuda_an_error(tiny_model: Path) -> None:
    engine = load_engine(tiny_model)
    assert (engine.device, engine.provider, engine.notes) == ("cpu", "CPUExecutionProvider", [])
    with pytest.raises(EngineError, match="no NVIDIA GPU") as raised:
        load_engine(tiny_model, device="cuda")
    assert raised.value.exit_code == 7


@pytest.mark.usefixtures("useless_gpu")
def test_a_gpu_that_does_not_work_is_told(tiny_model: Path) -> None:
    engine = load_engine(tiny_model)
    assert engine.device == "cpu"
    assert len(engine.notes) == 1
    assert "the CPU is used" in engine.notes[0]
    with pytest.raises(EngineError, match="no CUDA"):
        load_engine(tiny_model, device="cuda")


def test_when_the_cuda_libraries_do_not_load_nothing_is_printed(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    if cuda_devices():
        pytest.skip("this machine has a GPU")
    if "CUDAExecutionProvider" not in session_module.onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has no CUDA")
    for module in (devices_module, session_module):
        monkeypatch.setattr(module, "cuda_devices", lambda: 1)
    monkeypatch.setattr(session_module, "_preload_cuda", lambda: None)
    engine = load_engine(tiny_model)
    assert engine.device == "cpu"
    assert len(engine.notes) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("device", "threads"), [("tpu", None), ("cpu", 0)])
def test_impossible_wishes(tiny_model: Path, device: str, threads: int | None) -> None:
    with pytest.raises(EngineError, match="choose"):
        load_engine(tiny_model, device=device, threads=threads)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (RuntimeError("Failed to allocate memory for requested buffer of size 8"), "ran out of memory at 128 x 96"),
        (MemoryError(), "ran out of memory"),
        (RuntimeError("CUDNN_STATUS_EXECUTION_FAILED\nand\npages"), "failed on the CPU"),
    ],
)
def test_a_failing_device_is_one_sentence(
    engine: Engine, picture: Maker, hole: Maker, failure: Exception, sentence: str
) -> None:
    class Session:
        def run(self, *_: object) -> None:
            raise failure

    engine._session = Session()  # type: ignore[assignment]
    with pytest.raises(EngineError, match=sentence) as raised:
        engine.run(picture().astype(np.float32) / 255, hole())
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(sys.platform != "linux", reason="counted by Linux alone")
def test_cores_are_counted() -> None:
    assert physical_cores() >= 1
