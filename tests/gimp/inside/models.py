"""Writes the models that the tests in GIMP use, into the folder given: quick, taking seconds, and slow.

Runs in the engine's environment inside the root. Where the package has no bundled model, the quick one takes its place.
"""

import importlib.util
import shutil
import sys
from pathlib import Path

import onnx

import inpaint.weights
from inpaint.weights import Contract
from inpaint.weights.manifest import find

SLOW_STEPS = 2400
SECONDS_STEPS = 60


def main(folder: Path) -> None:
    spec = importlib.util.spec_from_file_location("conftest", Path(__file__).parents[2] / "conftest.py")
    conftest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conftest)
    folder.mkdir(parents=True, exist_ok=True)
    quick = conftest.build_tiny_model(folder / "quick.onnx", Contract(name="quick"))
    whole = Contract(name="slow", native_size=1024, native_hole=1024)
    make_slow(conftest.build_tiny_model(folder / "slow.onnx", whole), SLOW_STEPS)
    make_slow(conftest.build_tiny_model(folder / "seconds.onnx", whole), SECONDS_STEPS)
    (folder / "broken.onnx").write_bytes(b"not a model")
    bundled = Path(inpaint.weights.__path__[0]) / "bundled" / find("default", "cpu").file
    if not bundled.is_file():
        bundled.parent.mkdir(exist_ok=True)
        shutil.copy(quick, bundled)
        print("model: a stand-in for the bundled one")


def make_slow(path: Path, steps: int) -> None:
    """Give a model a detour that takes long on a large picture and adds nothing."""
    model = onnx.load(path)
    last = model.graph.node.pop()
    previous = last.input[0]
    node = onnx.helper.make_node
    model.graph.initializer.append(onnx.helper.make_tensor("nothing", onnx.TensorProto.FLOAT, [], [0.0]))
    pool = {"kernel_shape": [31, 31], "pads": [15, 15, 15, 15], "count_include_pad": 1}
    for step in range(steps):
        model.graph.node.append(node("AveragePool", [previous], [f"detour{step}"], **pool))
        previous = f"detour{step}"
    model.graph.node.append(node("Mul", [previous, "nothing"], ["detour"]))
    model.graph.node.append(node("Add", [last.input[0], "detour"], ["back"]))
    model.graph.node.append(node("Add", ["back", last.input[1]], ["output"]))
    onnx.checker.check_model(model)
    onnx.save(model, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
