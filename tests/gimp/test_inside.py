"""What runs inside GIMP needs nothing but the standard library and `gi`, and what can do without `gi` does."""

import ast
import sys
from pathlib import Path

import pytest

from inpaint.gimp_plugin.installer import SCRIPT, SOURCE

FILES = sorted(SOURCE.glob("*.py"))


def top_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_the_standard_library_and_gi(path: Path) -> None:
    allowed = set(sys.stdlib_module_names) | {"gi"} | ({"plugin"} if path.name == SCRIPT else set())
    assert top_imports(path) <= allowed


def test_what_has_no_window_and_no_image_needs_no_gi() -> None:
    with_gi = {path.name for path in FILES if "gi" in top_imports(path)}
    assert with_gi == {
        "arguments.py",
        "compose.py",
        "document.py",
        "fill.py",
        "layers.py",
        "objects.py",
        "pixels.py",
        "procedures.py",
        "results.py",
        "self_test.py",
        "sources.py",
        "transparency.py",
    }


def test_the_script_can_be_imported_without_gimp() -> None:
    code = compile((SOURCE / SCRIPT).read_text(encoding="utf-8"), SCRIPT, "exec")
    exec(code, {"__name__": "not main"})


def test_the_script_starts_with_the_interpreter() -> None:
    assert (SOURCE / SCRIPT).read_text(encoding="utf-8").startswith("#!/usr/bin/env python3\n")
