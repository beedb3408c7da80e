"""Who may import whom, read from the source of every module, and that filling needs no torch."""

import ast
import graphlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]

LEARNING = frozenset({"inpaint.core.nets", "inpaint.core.losses", "inpaint.core.trainers"})
LIGHT_CORE = frozenset(
    {
        "inpaint.core",
        "inpaint.core.batch",
        "inpaint.core.engines",
        "inpaint.core.filling",
        "inpaint.core.images",
        "inpaint.core.images.formats",
        "inpaint.core.objects",
        "inpaint.core.texture",
        "inpaint.weights",
    }
)


def of_core(*folders: str) -> frozenset[str]:
    """Return `inpaint.core` itself, whose errors everyone may import, and folders of it."""
    return frozenset({"inpaint.core", *(f"inpaint.core.{folder}" for folder in folders)})


# Package -> the other packages of ours that it may import. A package that does not stand here, such as
# inpaint.training.data, is part of the nearest one above it that does.
MAY_IMPORT = {
    "inpaint.weights": frozenset(),
    "inpaint.core": LIGHT_CORE,  # its __init__ is the public surface
    "inpaint.core.images": of_core("images.formats"),
    "inpaint.core.images.formats": of_core("images"),
    "inpaint.core.engines": of_core() | {"inpaint.weights"},
    "inpaint.core.texture": frozenset(),  # arrays in, arrays out
    "inpaint.core.filling": of_core("images", "engines", "texture") | {"inpaint.weights"},
    "inpaint.core.objects": of_core("images", "engines", "filling") | {"inpaint.weights"},
    "inpaint.core.batch": of_core("images", "engines", "filling", "objects") | {"inpaint.weights"},
    "inpaint.core.nets": of_core(),
    "inpaint.core.losses": of_core("nets"),
    "inpaint.core.trainers": of_core("nets", "losses"),
    "inpaint.studio": LIGHT_CORE,
    "inpaint.training": LIGHT_CORE | LEARNING,
    "inpaint.cli": LIGHT_CORE
    | LEARNING
    | {"inpaint.studio", "inpaint.training", "inpaint.gimp_plugin", "inpaint.gimp_plugin.plugin"},
    "inpaint.gimp_plugin": LIGHT_CORE | {"inpaint.gimp_plugin.plugin"},
    "inpaint.gimp_plugin.plugin": frozenset(),  # runs in GIMP's own Python: tests/gimp/test_inside.py says more
}

# Only in the extras [train] and [dev], so a base install does not have them.
HEAVY = frozenset(
    {
        "accelerate",
        "braceexpand",
        "jinja2",
        "lpips",
        "matplotlib",
        "onnx",
        "onnxscript",
        "pycocotools",
        "pydantic",
        "ray",
        "safetensors",
        "scipy",
        "skimage",
        "starlette",
        "tensorboard",
        "tomli_w",
        "torch",
        "torch_fidelity",
        "torchmetrics",
        "torchvision",
        "uvicorn",
        "webdataset",
    }
)
# A command that trains may import torch once it runs, and a batch Ray.
LATER = frozenset({"inpaint.cli", "inpaint.core.batch"})
LIGHT = LIGHT_CORE | {"inpaint.gimp_plugin"}


def package_of(module: str) -> str:
    """Return the longest package of ours that holds `module`, or an empty string for a foreign one."""
    owners = [package for package in MAY_IMPORT if module == package or module.startswith(package + ".")]
    return max(owners, key=len, default="")


def modules() -> Iterator[tuple[str, str, Path]]:
    """Yield package, dotted name and file of every module that is installed."""
    for package, folder in SETTINGS["package-dir"].items():
        for path in sorted((ROOT / folder).glob("*.py")):
            name = package if path.stem == "__init__" else f"{package}.{path.stem}"
            yield package, name, path


def imports(tree: ast.AST, package: str) -> Iterator[tuple[str, int]]:
    """Yield every imported module below `tree` with its line; relative ones are made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                parent = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
                base = ".".join(filter(None, (parent, node.module)))
            else:
                base = node.module or ""
            # `from inpaint.core import nets` imports the package inpaint.core.nets.
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def when_imported(tree: ast.Module) -> ast.Module:
    """Return `tree` without the parts that do not run on import: function bodies and `if TYPE_CHECKING`."""

    class Trim(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            return None

        def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
            return None

        def visit_If(self, node: ast.If) -> ast.AST:
            if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                return ast.Module(body=node.orelse, type_ignores=[])
            return self.generic_visit(node)

    return Trim().visit(tree)


MODULES = list(modules())


@pytest.mark.parametrize(("package", "path"), [pytest.param(p, f, id=n) for p, n, f in MODULES])
def test_imports_only_what_the_table_allows(package: str, path: Path) -> None:
    owner = package_of(package)
    allowed = MAY_IMPORT[owner] | {owner}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    wrong = [
        f"line {line}: {module}"
        for module, line in imports(tree, package)
        if module.split(".")[0] == "inpaint" and package_of(module) not in allowed
    ]
    assert not wrong, f"{package} may import {sorted(allowed)}; {path.name} also imports {wrong}"


@pytest.mark.parametrize(
    ("package", "path"), [pytest.param(p, f, id=n) for p, n, f in MODULES if package_of(p) in LIGHT | {"inpaint.cli"}]
)
def test_the_light_half_never_imports_what_only_training_needs(package: str, path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if package in LATER:
        tree = when_imported(tree)
    wrong = [f"line {line}: {module}" for module, line in imports(tree, package) if module.split(".")[0] in HEAVY]
    assert not wrong, f"{path.name} would need the extra [train]: {wrong}"


@pytest.mark.parametrize("path", [pytest.param(f, id=n) for _, n, f in MODULES])
def test_no_module_imports_the_folders_by_their_bare_names(path: Path) -> None:
    bare = {"cli", "core", "gimp_plugin", "studio", "training", "weights"}
    wrong = [
        module
        for module, _ in imports(ast.parse(path.read_text(encoding="utf-8")), "-")
        if module.split(".")[0] in bare
    ]
    assert not wrong, f"write inpaint.… in front: {wrong}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    names = {name for _, name, _ in MODULES}
    graph: dict[str, set[str]] = {}
    for package, name, path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        graph[name] = {module for module, _ in imports(tree, package) if module in names and module != name}
        # `from inpaint.x import y` names the module x and, where y is a module, x.y: the package alone is no circle.
        graph[name] -= {module for module in graph[name] if any(m.startswith(module + ".") for m in names)}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_every_package_has_a_row_in_the_table() -> None:
    assert [package for package in SETTINGS["packages"] if not package_of(package)] == []


# Runs in an interpreter where importing anything heavy fails at once, as on a base install.
BLOCKED = """
import importlib, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {heavy!r}:
            raise ModuleNotFoundError(f"{{name}} is blocked by this test", name=name)

sys.meta_path.insert(0, Blocked())
for name in {names!r}:
    importlib.import_module(name)
"""


def run_blocked(names: list[str], heavy: frozenset[str]) -> None:
    script = BLOCKED.format(heavy=set(heavy), names=names)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_light_half_imports_without_torch() -> None:
    run_blocked([n for p, n, _ in MODULES if package_of(p) in LIGHT | {"inpaint.cli"}], HEAVY)


def test_the_prompt_starts_without_numpy() -> None:
    run_blocked(["inpaint.cli.app"], HEAVY | {"cv2", "numpy", "onnxruntime", "PIL"})


def test_masks_and_studies_are_made_without_torch() -> None:
    """Their commands would wait seconds for it, and need none of it."""
    names = ("data.mask_sets", "study.page", "study.ranks", "study.score")
    run_blocked([f"inpaint.training.{name}" for name in names], frozenset({"torch", "torchvision", "safetensors"}))
