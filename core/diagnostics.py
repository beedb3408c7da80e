"""Is this installation sound? Looks at Python, ONNX Runtime, the devices, their libraries and the models.

Every device is tried, not only asked for: a driver or a library that is there may still not work.
"""

import ctypes
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Literal

from inpaint.core.errors import InpaintError
from inpaint.core.install_hints import install_hint
from inpaint.core.release import name_clash, old_name, release
from inpaint.weights import MODELS

EXTRAS = {"train": "torch", "ray": "ray", "heif": "pillow_heif", "studio": "starlette", "exr": "OpenEXR"}
"""Extra -> a package that only it brings."""
_MEBIBYTE = 1024**2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Literal["good", "note", "bad"]
    """Whether it is as it should be, may matter, or keeps something from working."""
    sentence: str
    """What was found, and what to do."""


def examine_installation() -> Iterator[Finding]:
    """Yield what there is to say about everything but GIMP."""
    yield from examine_python()
    yield from examine_engine()
    yield from examine_gpu()
    yield from examine_models()


def examine_python() -> Iterator[Finding]:
    """Look at Python and at the packages that may be missing or in each other's way."""
    from inpaint.core.engines.devices import memory, physical_cores

    yield Finding("good", f"Python {platform.python_version()} on {platform.platform(terse=True)}: {sys.executable}.")
    cores = physical_cores()
    yield Finding("good", f"{cores or 'Some'} cores and {memory() / 1024**3:.0f} GiB of memory may be used.")
    runtimes = [name for name in ("onnxruntime", "onnxruntime-gpu") if _version(name)]
    if len(runtimes) == 2:
        yield Finding(
            "bad",
            "onnxruntime and onnxruntime-gpu are both installed, and each overwrites the other's files: "
            "pip uninstall both of them, then install Inpaint again.",
        )
    yield from (Finding("bad", problem) for problem in (name_clash(), old_name()) if problem)
    there = [extra for extra, package in EXTRAS.items() if find_spec(package)]
    missing = [extra for extra in EXTRAS if extra not in there]
    yield Finding("good", f"Extras: {', '.join(there) or 'none'}; not installed: {', '.join(missing) or 'none'}.")


def examine_engine() -> Iterator[Finding]:
    """Look at this installation's version, and run the default model where `--device auto` would."""
    yield Finding("good", f"Inpaint {release()} in {sys.executable}.")
    try:
        from inpaint.core.engines.engine import load_engine

        engine = load_engine("default", "auto")
    except InpaintError as error:
        yield Finding("bad", f"The default model does not work: {error}")
    except ImportError as error:
        yield Finding("bad", f"The engine lacks {error.name}; install Inpaint again.")
    else:
        name, precision = engine.name, engine.contract.precision
        yield Finding("good", f"The model {name!r} works on the {engine.device.upper()}, in {precision}.")
        yield from (Finding("note", note) for note in engine.notes)


def examine_gpu() -> Iterator[Finding]:
    """Look for NVIDIA GPUs, run the default model on the first, and name the libraries that it lacks."""
    from inpaint.core.engines.devices import cuda_devices

    try:
        import onnxruntime
    except ImportError:
        return  # told by `examine_engine`
    providers = [name.removesuffix("ExecutionProvider") for name in onnxruntime.get_available_providers()]
    yield Finding("good", f"ONNX Runtime {onnxruntime.__version__} was built with {', '.join(providers)}.")
    count = cuda_devices()
    if not count:
        yield Finding("good", "There is no NVIDIA GPU with a working driver, so the CPU is used.")
        return
    if "CUDA" not in providers:
        yield Finding("bad", f"There is a GPU, but this ONNX Runtime has no CUDA: {install_hint('gpu')}.")
        return
    from inpaint.core.engines.engine import load_engine

    try:
        load_engine("default", "cuda")
    except InpaintError as error:
        missing = missing_cuda_libraries()
        lacks = f" Missing: {', '.join(missing)}." if missing else ""
        yield Finding("bad", f"There is a GPU, and it is not used: {error}{lacks}")
    else:
        yield Finding("good", f"{count} NVIDIA GPU{'s' if count > 1 else ''}; the default model runs there.")


def missing_cuda_libraries() -> list[str]:
    """Return the libraries of CUDA and cuDNN that ONNX Runtime wants and this process cannot load (Linux)."""
    import onnxruntime

    major = str(getattr(onnxruntime, "cuda_version", "") or "13").split(".")[0]
    transforms = {"11": "10", "12": "11"}.get(major, "12")  # cuFFT counts for itself
    wanted = [f"libcudart.so.{major}", f"libcublas.so.{major}", f"libcublasLt.so.{major}"]
    missing = []
    for name in [*wanted, f"libcufft.so.{transforms}", "libcudnn.so.9"] if sys.platform == "linux" else []:
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def examine_models() -> Iterator[Finding]:
    """Look for the files of the bundled models."""
    for model in filter(lambda model: model.bundled, MODELS):
        if model.left_out:
            yield Finding("note", f"The model {model.name!r} was left out of this installation; what needs it says so.")
            continue
        try:
            path = model.locate()
        except InpaintError as error:
            yield Finding("bad", str(error))
        else:
            size = path.stat().st_size / _MEBIBYTE
            yield Finding("good", f"The model {model.name!r} is {path} ({size:.1f} MiB).")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
