from pathlib import Path

import pytest

from inpaint.core import EngineError, ModelError
from inpaint.core import diagnostics as diagnosis
from inpaint.core.diagnostics import Finding, examine_engine, examine_gpu, examine_models, examine_python
from inpaint.weights import KnownModel, resolve


def levels(findings: list[Finding]) -> list[str]:
    return [finding.level for finding in findings]


def test_the_default_model_is_run(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inpaint.core.engines.engine.resolve", lambda name, on: resolve(tiny_model))
    findings = list(examine_engine())
    assert set(levels(findings)) <= {"good", "note"}
    assert "'tiny' works on the" in findings[1].sentence
    assert "in fp32" in findings[1].sentence


def test_a_model_that_does_not_run_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ModelError("It is broken; export it again.")

    monkeypatch.setattr("inpaint.core.engines.engine.load_engine", fail)
    assert list(examine_engine())[1] == Finding(
        "bad", "The default model does not work: It is broken; export it again."
    )


def test_python_and_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "find_spec", lambda name: name == "ray" or None)
    monkeypatch.setattr(diagnosis, "_version", lambda name: "1" if name == "onnxruntime-gpu" else "")
    findings = list(examine_python())
    assert levels(findings) == ["good"] * 3
    assert "Extras: ray; not installed: train, heif, studio, exr." in findings[2].sentence
    monkeypatch.setattr(diagnosis, "_version", lambda name: "1")
    assert "overwrites" in next(finding.sentence for finding in examine_python() if finding.level == "bad")


def test_without_a_gpu_the_cpu_is_good_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inpaint.core.engines.devices.cuda_devices", lambda: 0)
    assert levels(list(examine_gpu())) == ["good", "good"]


def test_a_gpu_is_tried_and_what_it_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def fail(model: str, device: str) -> None:
        tried.append(device)
        raise EngineError("ONNX Runtime cannot load the CUDA libraries; install them.")

    monkeypatch.setattr("inpaint.core.engines.devices.cuda_devices", lambda: 1)
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr("inpaint.core.engines.engine.load_engine", fail)
    monkeypatch.setattr(diagnosis, "missing_cuda_libraries", lambda: ["libcudnn.so.9"])
    finding = list(examine_gpu())[1]
    assert tried == ["cuda"]
    assert finding.level == "bad"
    assert finding.sentence.endswith("install them. Missing: libcudnn.so.9.")
    monkeypatch.setattr("inpaint.core.engines.engine.load_engine", lambda model, device: None)
    assert levels(list(examine_gpu())) == ["good", "good"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    assert "pip install '.[gpu]'" in list(examine_gpu())[1].sentence


def test_libraries_are_really_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load(name: str) -> None:
        asked.append(name)
        if "cudnn" in name:
            raise OSError

    monkeypatch.setattr(diagnosis.sys, "platform", "linux")
    monkeypatch.setattr(diagnosis.ctypes, "CDLL", load)
    monkeypatch.setattr("onnxruntime.cuda_version", "12.8", raising=False)
    assert diagnosis.missing_cuda_libraries() == ["libcudnn.so.9"]
    assert asked[:2] == ["libcudart.so.12", "libcublas.so.12"]


def test_a_model_that_is_gone_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(levels(list(examine_models()))) == {"good"}
    monkeypatch.setattr(
        diagnosis, "MODELS", (KnownModel(name="gone", file="gone.onnx", size=1, sha256="0" * 64, licence="MIT"),)
    )
    assert levels(list(examine_models())) == ["bad"]
