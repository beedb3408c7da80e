"""Pictures and stand-in models for every test: none needs the bundled model."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from inpaint.weights import Contract
from inpaint.weights.joint import JointContract

CONTRACT = Contract(name="tiny", stride=8, native_size=64, native_hole=32)


def build_tiny_model(
    path: Path,
    contract: Contract | None = CONTRACT,
    *,
    shift_known: float = 0.0,
    hole_factor: float = 1.0,
    inverted: bool = False,
    leaves_hole: bool = False,
    fixed_size: int | None = None,
    mask_name: str = "mask",
) -> Path:
    """Write an ONNX model that fills a hole with the mean of what is known nearby, and fails on other strides.

    - `contract`: goes into the metadata, None for a file without; its range is that of the colours;
    - `shift_known`: added to every output value;
    - `hole_factor`: multiplies what goes into the hole; NaN gives NaN;
    - `inverted`: takes 1 in the mask as known;
    - `leaves_hole`: returns its input;
    - `fixed_size`: side of the only pictures it takes.
    """
    from onnx import TensorProto, checker, helper, save

    stride = contract.stride if contract else 8
    size = [fixed_size, fixed_size] if fixed_size else ["height", "width"]
    constants = {"one": 1.0, "little": 1e-3, "shift": shift_known, "factor": hole_factor}
    pool = {"kernel_shape": [15, 15], "pads": [7, 7, 7, 7], "count_include_pad": 1}
    node = helper.make_node
    nodes = [
        # Blocks of stride x stride and back: only shapes that the stride divides get through.
        node("SpaceToDepth", ["image"], ["blocks"], blocksize=stride),
        node("DepthToSpace", ["blocks"], ["given"], blocksize=stride, mode="DCR"),
        node("Sub", ["one", mask_name], ["opposite"]),
        node("Identity", [mask_name if inverted else "opposite"], ["known"]),
        node("Sub", ["one", "known"], ["hole"]),
        node("Mul", ["given", "known"], ["blanked"]),
        node("AveragePool", ["blanked"], ["near"], **pool),
        node("AveragePool", ["known"], ["share"], **pool),
        node("GlobalAveragePool", ["blanked"], ["all"]),
        node("GlobalAveragePool", ["known"], ["share_of_all"]),
        node("Div", ["all", "share_of_all"], ["mean"]),
        # Where nothing is known nearby, the mean of everything remains.
        node("Mul", ["mean", "little"], ["trace"]),
        node("Add", ["near", "trace"], ["weighted"]),
        node("Add", ["share", "little"], ["weight"]),
        node("Div", ["weighted", "weight"], ["guess"]),
        node("Mul", ["guess", "factor"], ["scaled"]),
        node("Mul", ["scaled", "hole"], ["inside"]),
        node("Add", ["blanked", "inside"], ["whole"]),
        node("Add", ["given" if leaves_hole else "whole", "shift"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, *size]),
            helper.make_tensor_value_info(mask_name, TensorProto.FLOAT, ["batch", 1, *size]),
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 3, *size])],
        [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if contract is not None:
        helper.set_model_props(model, contract.to_metadata())
    checker.check_model(model)
    save(model, path)
    return path


def build_tiny_joint(path: Path, *, brighten: float = 0.2, shift_known: float = 0.0, leaves_hole: bool = False) -> Path:
    """Write a joint ONNX model that fills with the mean of what is known and makes the object brighter.

    - `brighten`: added to the object's colours, in -1..1;
    - `shift_known`: added everywhere, which breaks the contract;
    - `leaves_hole`: the inpainted picture is the input.
    """
    from onnx import TensorProto, checker, helper, save

    node = helper.make_node
    nodes = [
        node("Add", ["mask", "foreground"], ["made"]),
        node("Sub", ["one", "made"], ["known"]),
        node("Mul", ["image", "known"], ["kept"]),
        node("GlobalAveragePool", ["kept"], ["all"]),
        node("GlobalAveragePool", ["known"], ["share"]),
        node("Div", ["all", "share"], ["mean"]),
        node("Mul", ["mean", "made"], ["inside"]),
        node("Add", ["kept", "inside"], ["whole"]),
        node("Add", ["image" if leaves_hole else "whole", "shift"], ["inpainted"]),
        node("Mul", ["made", "brighten"], ["light"]),
        node("Add", ["image", "light"], ["lit"]),
        node("Add", ["lit", "shift"], ["harmonized"]),
    ]
    tensor, size = helper.make_tensor_value_info, ["height", "width"]
    constants = {"one": 1.0, "shift": shift_known, "brighten": brighten}
    graph = helper.make_graph(
        nodes,
        "joint",
        [
            tensor("image", TensorProto.FLOAT, ["batch", 3, *size]),
            tensor("mask", TensorProto.FLOAT, ["batch", 1, *size]),
            tensor("foreground", TensorProto.FLOAT, ["batch", 1, *size]),
        ],
        [tensor(name, TensorProto.FLOAT, ["batch", 3, *size]) for name in ("inpainted", "harmonized")],
        [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, JointContract(name="tiny-joint", stride=8, native_size=64).to_metadata())
    checker.check_model(model)
    save(model, path)
    return path


@pytest.fixture(scope="session")
def tiny_joint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of a stand-in joint model that keeps its contract: stride 8, native size 64, objects 0.1 brighter."""
    return build_tiny_joint(tmp_path_factory.mktemp("joint") / "joint.onnx")


@pytest.fixture
def make_joint(tmp_path: Path) -> Callable[..., Path]:
    """`build_tiny_joint` into a temporary folder: `make_joint(leaves_hole=True)` returns the path."""
    return lambda **changes: build_tiny_joint(tmp_path / "joint.onnx", **changes)


@pytest.fixture(scope="session")
def apple() -> tuple[np.ndarray, np.ndarray]:
    """A picture of 90 x 120 with a red disc on mottled green, and the disc's mask: H x W x 3 uint8, H x W bool."""
    rng = np.random.default_rng(5)
    rows, columns = np.mgrid[0:90, 0:120]
    disc = (rows - 48) ** 2 + (columns - 60) ** 2 <= 25**2
    pixels = np.where(disc[..., None], [190, 40, 50], [60, 130, 70]) + rng.normal(0, 9, (90, 120, 3))
    return pixels.clip(0, 255).astype(np.uint8), disc


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[..., Path]:
    """`build_tiny_model` into a temporary folder: `make_model(hole_factor=2.0)` returns the path."""
    return lambda *args, **changes: build_tiny_model(tmp_path / "model.onnx", *args, **changes)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of a stand-in model that keeps its contract: stride 8, native size 64, native hole 32."""
    return build_tiny_model(tmp_path_factory.mktemp("model") / "tiny.onnx")


@pytest.fixture(scope="session")
def tiny_contract() -> Contract:
    return CONTRACT


@pytest.fixture(scope="session")
def picture() -> Callable[..., np.ndarray]:
    """`picture(height, width, seed=0)`: H x W x 3 uint8, smooth colours with noise, so that no two pixels agree."""

    def make(height: int = 96, width: int = 128, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        rows, columns = np.mgrid[0:height, 0:width]
        waves = [128 + 90 * np.sin(rows / rng.uniform(9, 30) + columns / rng.uniform(9, 30)) for _ in range(3)]
        return (np.stack(waves, -1) + rng.normal(0, 12, (height, width, 3))).clip(0, 255).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def hole() -> Callable[..., np.ndarray]:
    """`hole(height, width, top, left, bottom, right)`: H x W bool with one rectangle; by default 24 x 32 inside."""

    def make(height: int = 96, width: int = 128, *box: int) -> np.ndarray:
        mask = np.zeros((height, width), bool)
        top, left, bottom, right = box or (30, 40, 54, 72)
        mask[top:bottom, left:right] = True
        return mask

    return make


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory, picture: Callable[..., np.ndarray]) -> Path:
    """Return a folder of six PNGs of 96 x 80 pixels, half of them in a sub-folder: `0.png`, `deeper/1.png`, ..."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("photographs")
    (folder / "deeper").mkdir()
    for seed in range(6):
        Image.fromarray(picture(80, 96, seed)).save(folder / ("deeper" if seed % 2 else ".") / f"{seed}.png")
    return folder


@pytest.fixture(scope="session")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of twelve pictures of a bright disc on dark ground, with their label maps."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("discs")
    rows, columns = np.mgrid[0:80, 0:96]
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for number in range(12):
        rng = np.random.default_rng(number)
        disc = (rows - rng.integers(30, 50)) ** 2 + (columns - rng.integers(30, 60)) ** 2 < rng.integers(12, 22) ** 2
        pixels = np.where(disc[..., None], 200, 60) + rng.normal(0, 10, (80, 96, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / "images" / f"{number}.png")
        Image.fromarray(disc.astype(np.uint8)).save(folder / "masks" / f"{number}.png")
    return folder


def load_server() -> ModuleType:
    """Import weights/hub.py, which is a program as well, and in no package."""
    import sys
    from importlib import import_module

    folder = str(Path(__file__).parent / "weights")
    sys.path.insert(0, folder)
    try:
        return import_module("hub")
    finally:
        sys.path.remove(folder)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the Hub that is used instead of the user's; returns its folder."""
    from huggingface_hub import constants

    home = tmp_path / "hf"
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.setattr(constants, "HF_HOME", str(home))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants, "HF_STORED_TOKENS_PATH", str(home / "stored_tokens"))
    monkeypatch.setattr(constants, "AGENT_HARNESSES_PATH", str(home / "agents.json"), raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return home / "hub"


@pytest.fixture
def hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """A Hub that huggingface_hub takes for the real one, in this process and in those it starts."""
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    with load_server().Hub() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        template = running.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield running
        close_session()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits between two tries; returns the seconds that would have been waited."""
    from inpaint.weights import transfer

    waited: list[float] = []
    monkeypatch.setattr(transfer, "sleep", waited.append)
    return waited


@pytest.fixture(scope="session")
def heavy_model(tiny_model: Path) -> bytes:
    """A model that keeps its contract and weighs a megabyte, so that there is something to break off."""
    import onnx

    model = onnx.load(tiny_model)
    entry = model.metadata_props.add()
    entry.key, entry.value = "weight", "".join(chr(33 + n * n % 90) for n in range(1_000_000))
    return model.SerializeToString()
