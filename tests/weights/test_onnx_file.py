"""What a model file may not do, and that looking at it runs nothing of it."""

import random
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from inpaint.core import load_engine
from inpaint.weights import MODELS, Contract, ModelError
from inpaint.weights.onnx_file import check_onnx, read_contents


def write(path: Path, **changes: object) -> Path:
    """Write a small model; `domain`, `location`, `function` and `nested` add what should be found."""
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    if location := changes.get("location"):
        tensor.ClearField("float_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("offset", "0"), ("location", str(location)), ("length", "8")):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value
    domain = str(changes.get("domain", ""))
    inner = helper.make_node("Identity", ["w"], ["y"], domain=domain)
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    nodes = [inner]
    if changes.get("nested"):
        branch = helper.make_graph([inner], "branch", [], [output])
        nodes = [helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)]
    if changes.get("attribute"):
        nodes = [helper.make_node("Constant", [], ["y"], value=tensor)]
    graph = helper.make_graph(nodes, "g", [], [output], [] if changes.get("attribute") else [tensor])
    model = helper.make_model(graph)
    if changes.get("function"):
        function = helper.make_function("ours", "f", ["a"], ["b"], [inner], [helper.make_opsetid(domain, 1)])
        model.functions.append(function)
    if changes.get("opset"):
        model.opset_import.append(helper.make_opsetid(str(changes["opset"]), 1))
    path.write_bytes(model.SerializeToString())
    return path


def test_the_bundled_model_needs_nothing_but_itself() -> None:
    contents = read_contents(MODELS[0].locate())
    assert contents.external == set()
    assert contents.domains <= {"", "ai.onnx"}
    assert Contract.from_metadata(contents.metadata).name == "btgmi-default"


def test_it_reads_what_onnx_reads(tmp_path: Path, make_model: Callable[..., Path]) -> None:
    for path in (make_model(), MODELS[0].locate(), write(tmp_path / "x.onnx", domain="com.microsoft")):
        model = onnx.load(path)
        assert read_contents(path).metadata == {entry.key: entry.value for entry in model.metadata_props}
        assert read_contents(path).domains >= {node.domain for node in model.graph.node if node.domain}


@pytest.mark.parametrize(("tag", "sentence"), [("42", "operators of 'evil.ops'"), ("c280808010", "not an ONNX model")])
def test_a_tag_that_other_readers_cut_short_hides_nothing(tmp_path: Path, tag: str, sentence: str) -> None:
    """Both tags are field 8, `opset_import`, for who drops what is beyond 32 bits, as ONNX Runtime does."""
    path = write(tmp_path / "x.onnx")
    opset = helper.make_opsetid("evil.ops", 1).SerializeToString()
    check_onnx(path)
    path.write_bytes(path.read_bytes() + bytes.fromhex(tag) + bytes([len(opset)]) + opset)
    with pytest.raises(ModelError, match=sentence):
        check_onnx(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": "evil.ops"},
        {"domain": "evil.ops", "nested": True},
        {"domain": "evil.ops", "function": True},
        {"opset": "evil.ops"},
    ],
)
def test_custom_operators_are_refused_wherever_they_hide(tmp_path: Path, changes: dict) -> None:
    with pytest.raises(ModelError, match=r"operators of 'evil.ops'"):
        check_onnx(write(tmp_path / "x.onnx", **changes))
    with pytest.raises(ModelError, match=r"operators of 'evil.ops'"):
        load_engine(tmp_path / "x.onnx", device="cpu")


@pytest.mark.parametrize(
    "location", ["/etc/passwd", "../x.data", "a/../../x.data", "C:\\x.data", "..\\x.data", "\\\\host\\x", "link/x.data"]
)
@pytest.mark.parametrize("attribute", [False, True])
def test_weights_outside_the_folder_are_refused(tmp_path: Path, location: str, attribute: bool) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(ModelError, match="outside its own folder"):
        check_onnx(write(folder / "x.onnx", location=location, attribute=attribute))


def test_weights_beside_it_are_fine_for_a_file_of_mine_and_not_for_a_fetched_one(tmp_path: Path) -> None:
    path = write(tmp_path / "x.onnx", location="deep/x.data")
    assert read_contents(path).external == {"deep/x.data"}
    check_onnx(path)
    with pytest.raises(ModelError, match="second file"):
        check_onnx(path, one_file=True)


def test_no_damage_makes_it_do_anything_but_refuse_or_read(tmp_path: Path, tiny_model: Path) -> None:
    original = tiny_model.read_bytes()
    path = tmp_path / "x.onnx"
    rng = random.Random(0)
    refused = 0
    for _ in range(300):
        content = bytearray(original[: rng.randrange(1, len(original) + 1)])
        for _ in range(rng.randrange(4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(content)
        try:
            read_contents(path)
        except ModelError:
            refused += 1
    assert refused > 100


def test_sub_graphs_without_end_are_refused(tmp_path: Path) -> None:
    content = b""
    for number in (6, 5, 1) * 40:  # attribute.g, node.attribute, graph.node
        length, size = len(content), b""
        while length > 127:
            size += bytes([length & 127 | 128])
            length >>= 7
        content = bytes([number << 3 | 2]) + size + bytes([length]) + content
    path = tmp_path / "x.onnx"
    head = b"\x3a" + bytes([len(content) & 127 | 128, len(content) >> 7]) + content
    path.write_bytes(head)
    with pytest.raises(ModelError, match="is not an ONNX model"):
        read_contents(path)
