"""Other people's models: stand-in graphs with the signatures their authors document, under the contracts we have."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inpaint.core import ModelError, fill, load_engine
from inpaint.core.engines.adapter import from_foreign, to_foreign
from inpaint.core.filling.fill import fill_pixels
from inpaint.weights import MODELS, Contract, locate, manifest
from inpaint.weights.manifest import find

Maker = Callable[..., np.ndarray]

# What the authors' own client code does, written down apart from the manifest so that one checks the other.
SIGNATURES: dict[str, dict[str, Any]] = {
    "lama": {"white": 1.0, "white_out": 255.0, "size": 512},
    "lama-opencv": {"white": 1.0, "white_out": 255.0, "size": 512, "batch": 1, "first_is_blue": True},
    "migan": {"white": 255.0, "keep": 255.0, "dtype": "UINT8", "output": "result", "blends": True, "batch": 1},
    "migan-network": {"white": 255.0, "keep": 255.0, "dtype": "UINT8", "output": "result", "size": 512, "batch": 1},
    "aot-gan": {"black": -1.0, "white": 1.0, "output": "inpainted", "predicts": True, "batch": 1},
}


def build_foreign_model(
    path: Path,
    *,
    black: float = 0.0,
    white: float = 1.0,
    white_out: float | None = None,
    keep: float | None = None,
    dtype: str = "FLOAT",
    output: str = "output",
    size: int | None = None,
    batch: int | None = None,
    blends: bool = False,
    predicts: bool = False,
    first_is_blue: bool = False,
) -> Path:
    """Write an ONNX model that fills a hole with the mean of what is known.

    - `black`, `white`: of the image, and of the output unless `white_out` is given;
    - `keep`: what the mask holds where nothing is to be filled, 0 there being the hole; otherwise 1 is the hole;
    - `blends`: over a rim of the hole, as a 3 x 3 dilation and a 5 x 5 blur do;
    - `predicts`: returns a blurred picture where everything is known;
    - `first_is_blue`: the fill is told apart by channel: a little is added to the channel it takes for blue.
    """
    from onnx import TensorProto, checker, helper, save

    kind = getattr(TensorProto, dtype)
    sides = [size, size] if size else ["height", "width"]
    constants = {"black": black, "span": white - black, "out": white_out or white, "one": 1.0, "little": 1e-3}
    constants |= {"keep": keep or 1.0, "most": 255.0, "least": 0.0}
    node = helper.make_node
    nodes = [
        node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        node("Sub", ["floats", "black"], ["shifted"]),
        node("Div", ["shifted", "span"], ["picture"]),
        node("Cast", ["mask"], ["marks"], to=TensorProto.FLOAT),
        node("Div", ["marks", "keep"], ["share"]),
        node("Sub", ["one", "share"], ["opposite"]),
        node("Identity", ["opposite" if keep else "share"], ["hole"]),
        node("Sub", ["one", "hole"], ["known"]),
        node("Mul", ["picture", "known"], ["blanked"]),
        node("GlobalAveragePool", ["blanked"], ["sum"]),
        node("GlobalAveragePool", ["known"], ["count"]),
        node("Add", ["count", "little"], ["some"]),
        node("Div", ["sum", "some"], ["mean"]),
        node("Add", ["mean", "tint"], ["tinted"]),
        node("Identity", ["tinted" if first_is_blue else "mean"], ["guess"]),
    ]
    if blends:
        nodes += [
            node("MaxPool", ["hole"], ["wide"], kernel_shape=[3, 3], pads=[1] * 4),
            node("AveragePool", ["wide"], ["soft"], kernel_shape=[5, 5], pads=[2] * 4),
        ]
    nodes += [
        node("Identity", ["soft" if blends else "hole"], ["strength"]),
        node("Sub", ["one", "strength"], ["rest"]),
        node("Mul", ["guess", "strength"], ["inside"]),
        node("Mul", ["picture", "rest"], ["outside"]),
        node("Add", ["inside", "outside"], ["whole"]),
    ]
    if predicts:
        nodes += [node("AveragePool", ["whole"], ["told"], kernel_shape=[5, 5], pads=[2] * 4, count_include_pad=0)]
    nodes += [
        node("Sub", ["out", "black"], ["span_out"]),
        node("Mul", ["told" if predicts else "whole", "span_out"], ["scaled"]),
        node("Add", ["scaled", "black"], ["raw"]),
        node("Clip", ["raw", "least", "most"], ["clipped"]),
        node("Cast", ["clipped" if dtype == "UINT8" else "raw"], [output], to=kind),
    ]
    initializers = [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in constants.items()]
    initializers += [
        helper.make_tensor("tint", TensorProto.FLOAT, [1, 3, 1, 1], [0.3, 0.0, 0.0]),
    ]
    graph = helper.make_graph(
        nodes,
        "foreign",
        [
            helper.make_tensor_value_info("image", kind, [batch or "batch", 3, *sides]),
            helper.make_tensor_value_info("mask", kind, [batch or "batch", 1, *sides]),
        ],
        [helper.make_tensor_value_info(output, kind, [batch or "batch", 3, *sides])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    save(model, path)
    return path


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """`foreign("lama")` writes the stand-in and lets the manifest take it for that model; returns the path.

    `contract` replaces the right contract, other keywords change the graph.
    """

    def make(name: str, contract: Contract | None = None, **changes: Any) -> Path:
        from inpaint.weights.cache import digest

        path = build_foreign_model(tmp_path / f"{name}.onnx", **{**SIGNATURES[name], **changes})
        known = find(name)
        assert known is not None
        known = replace(
            known, sha256=digest(path), size=path.stat().st_size, contract=contract or known.contract, revision="0" * 40
        )
        for module in (manifest, locate):
            monkeypatch.setattr(module, "MODELS", (MODELS[0], known))
        return path

    return make


def smooth_picture(height: int, width: int) -> np.ndarray:
    """Blue-ish, nearly flat, so that a fill in the wrong range, order or polarity is far off."""
    rows, columns = np.mgrid[0:height, 0:width]
    base = np.stack([40 + rows / height * 20, 90 + columns / width * 20, np.full((height, width), 200.0)], -1)
    return base.astype(np.uint8)


def test_every_foreign_model_of_the_manifest_has_a_signature_here() -> None:
    assert {model.name for model in MODELS if model.contract} == set(SIGNATURES)


@pytest.mark.parametrize("name", SIGNATURES)
@pytest.mark.parametrize("size", [(90, 130), (700, 900)])
def test_a_photograph_is_filled_through_every_contract(
    foreign: Callable[..., Path], name: str, size: tuple[int, int]
) -> None:
    engine = load_engine(foreign(name), device="cpu", threads=1)
    assert engine.contract.name == name
    photo = smooth_picture(*size)
    mask = np.zeros(size, bool)
    mask[20:60, 30:90] = True
    photo[mask] = (255, 0, 0)
    filled = fill(photo, mask, engine)
    assert np.array_equal(filled[~mask], photo[~mask])
    wanted = np.array([50, 100, 200]) + (np.array([0, 0, 76]) if name == "lama-opencv" else 0)
    assert np.abs(filled[mask].astype(float).mean(axis=0) - wanted.clip(0, 255)).max() < 25


@pytest.mark.parametrize("name", ["lama", "migan-network"])
def test_a_hole_larger_than_a_fixed_size_is_filled_at_a_smaller_scale(foreign: Callable[..., Path], name: str) -> None:
    engine = load_engine(foreign(name), device="cpu", threads=1)
    photo, mask = smooth_picture(1400, 1300), np.zeros((1400, 1300), bool)
    mask[300:1000, 200:1100] = True
    mask[10:14, :] = True  # and a wire across everything
    done = fill_pixels(photo, mask, engine)
    assert np.array_equal(done.pixels[~mask], photo[~mask])
    assert all(max(region.fed) <= 512 for region in done.regions)
    assert min(region.scale for region in done.regions) < 1
    assert np.abs(done.pixels[mask].astype(float).mean(axis=0) - [50, 100, 200]).max() < 25


def test_a_fixed_size_is_kept_by_the_engine(foreign: Callable[..., Path]) -> None:
    engine = load_engine(foreign("lama"), device="cpu", threads=1)
    with pytest.raises(ValueError, match="at most 512"):
        engine.run(np.zeros((600, 300, 3), np.float32), np.ones((600, 300), bool))


@pytest.mark.parametrize(
    ("name", "wrong", "sentence"),
    [
        ("lama", {"output_range": None}, "changes known pixels"),
        ("lama", {"image_range": (0.0, 255.0)}, "changes known pixels"),
        ("lama", {"image_range": (-1.0, 1.0)}, "changes known pixels"),
        ("lama", {"mask_values": (1.0, 0.0)}, "mask the wrong way round"),
        ("lama", {"mask_values": (0.0, 255.0)}, "far outside|leaves the hole"),
        ("lama", {"fixed_size": False}, "one size only"),
        ("lama", {"native_size": 256, "least_size": 256}, "one size only"),
        ("lama", {"dtype": "uint8"}, "is not N x 3 x H x W uint8"),
        ("lama", {"output": "result"}, "has no 'result'"),
        ("migan", {"mask_values": (0.0, 255.0)}, "mask the wrong way round"),
        ("migan", {"known": "exact"}, "changes known pixels"),
        ("migan", {"dtype": "float32"}, "is not N x 3 x H x W float32"),
        ("migan-network", {"mask_values": (0.0, 255.0)}, "mask the wrong way round"),
        ("aot-gan", {"output_range": (0.0, 255.0)}, "changes known pixels"),
        ("aot-gan", {"mask_values": (1.0, 0.0)}, "changes known pixels|leaves the hole"),
        ("aot-gan", {"known": "exact"}, "changes known pixels"),
    ],
)
def test_a_wrong_contract_is_caught_before_it_paints_garbage(
    foreign: Callable[..., Path], name: str, wrong: dict[str, Any], sentence: str
) -> None:
    known = find(name)
    assert known is not None
    assert known.contract is not None
    with pytest.raises(ModelError, match=sentence) as raised:
        load_engine(foreign(name, replace(known.contract, **wrong)), device="cpu")
    assert "\n" not in str(raised.value)


def test_a_foreign_file_is_known_by_its_content_whatever_it_is_called(
    foreign: Callable[..., Path], tmp_path: Path
) -> None:
    other = foreign("lama").rename(tmp_path / "downloaded (1).onnx")
    assert load_engine(other, device="cpu", threads=1).contract.name == "lama"
    other.write_bytes(other.read_bytes() + b"\x12\x00")
    with pytest.raises(ModelError, match="carries no Inpaint contract"):
        load_engine(other, device="cpu")


def test_a_graph_for_one_picture_at_a_time_gets_them_one_by_one(foreign: Callable[..., Path]) -> None:
    engine = load_engine(foreign("migan"), device="cpu", threads=1)
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (3, 3, 512, 512)).astype(np.float32)
    masks = (rng.random((3, 1, 512, 512)) < 0.3).astype(np.float32)
    together = engine.run_tensors(images, masks)
    assert together.shape == images.shape
    assert np.array_equal(together[1:2], engine.run_tensors(images[1:2], masks[1:2]))


def test_ours_pass_through_untouched() -> None:
    contract = Contract(name="ours")
    image, mask = np.zeros((1, 3, 8, 8), np.float32), np.ones((1, 1, 8, 8), np.float32)
    fed = to_foreign(contract, image, mask)
    assert fed["image"] is image
    assert fed["mask"] is mask
    assert from_foreign(contract, image) is image


def test_whole_numbers_are_rounded_and_colours_change_places() -> None:
    contract = Contract(
        name="x", image_range=(0.0, 255.0), dtype="uint8", colours="BGR", mask_values=(255.0, 0.0), under_hole=0.5
    )
    image = np.broadcast_to(np.float32([10.6, 20.0, 300.0])[None, :, None, None], (1, 3, 1, 2))
    mask = np.float32([[[[0, 1]]]])
    fed = to_foreign(contract, image, mask)
    assert fed["image"].dtype == fed["mask"].dtype == np.uint8
    assert fed["image"][0, :, 0, 0].tolist() == [255, 20, 11]
    assert fed["image"][0, :, 0, 1].tolist() == [128, 128, 128]
    assert fed["mask"].ravel().tolist() == [255, 0]
    assert from_foreign(contract, fed["image"])[0, :, 0, 0].tolist() == [11, 20, 255]
