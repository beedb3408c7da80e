"""What is installed is what stands in the tree, and the wheel is complete.

A new sub-package works in an editable install and is missing from the wheel until `pyproject.toml` lists it.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETTINGS = PYPROJECT["tool"]["setuptools"]
FOLDERS: dict[str, str] = SETTINGS["package-dir"]
MODULES: list[str] = SETTINGS["py-modules"]
NOT_PACKAGED = {"benchmarks", "docs", "tests"}
LARGEST_WHEEL = 20_000_000
"""Bytes."""


def expected_files() -> set[str]:
    """Return every file a package should hold, as its path below site-packages."""
    found = {f"{name}.py" for name in MODULES}
    for package, folder in FOLDERS.items():
        target = package.replace(".", "/")
        patterns = ["*.py", *SETTINGS["package-data"]["*"], *SETTINGS["package-data"].get(package, [])]
        for pattern in patterns:
            for path in (ROOT / folder).glob(pattern):
                found.add(f"{target}/{path.relative_to(ROOT / folder).as_posix()}")
    return found


def code_folders() -> set[str]:
    """Return every folder of the tree that holds Python files meant for installing."""
    return {
        path.parent.relative_to(ROOT).as_posix()
        for top in ROOT.iterdir()
        if top.is_dir() and not top.name.startswith(".") and top.name not in NOT_PACKAGED | {"build", "dist", "runs"}
        for path in top.rglob("*.py")
    }


def test_every_folder_with_code_is_listed_twice() -> None:
    assert set(SETTINGS["packages"]) == set(FOLDERS), "`packages` and `package-dir` differ"
    assert code_folders() == set(FOLDERS.values()), "add the folder to `packages` and to `package-dir`"


def test_every_package_tells_type_checkers_that_it_is_typed() -> None:
    tops = {folder.split("/")[0] for folder in FOLDERS.values()}
    assert {top for top in tops if not (ROOT / top / "py.typed").is_file()} == set()


def test_every_data_file_is_packaged() -> None:
    data = {
        path.relative_to(ROOT).as_posix()
        for folder in ("training/plans", "training/recipes", "training/templates", "weights/bundled")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packaged = {name.removeprefix("inpaint/") for name in expected_files()}
    assert data <= packaged, "add the file to `package-data`"


def test_inpaint_stays_a_namespace() -> None:
    assert not (ROOT / "__init__.py").exists()
    assert not any(name == "inpaint/__init__.py" for name in expected_files())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the tree."""
    # A copy, so that a left-over build/ cannot lend the wheel files that the tree no longer has.
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for top in {folder.split("/")[0] for folder in FOLDERS.values()}:
        shutil.copytree(ROOT / top, source / top, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", *(f"{name}.py" for name in MODULES)):
        shutil.copy(ROOT / name, source / name)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(source),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("inpaint_photo-*.whl")
    return built


def test_the_wheel_holds_the_tree_and_is_small(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name for name in names if ".dist-info/" not in name} == expected_files()
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert wheel.stat().st_size <= LARGEST_WHEEL


def test_the_wheel_works_where_nothing_else_of_ours_is(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own, which borrows only what the package depends on."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*pip, str(wheel)], check=True)
    (packages,) = {path.parent.parent for path in environment.rglob("inpaint/cli")}
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"HOME": str(tmp_path)}

    def inpaint(*words: object) -> str:
        command = [str(python.with_name("inpaint")), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=alone)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert inpaint("--version").split() == ["inpaint", PYPROJECT["project"]["version"]]
    demo = ROOT / "docs" / "demo"
    told = inpaint("fill", demo / "photo.jpg", "--mask", demo / "mask.png", "-o", "filled.png", "--device", "cpu", "-v")
    assert "filled on the CPU" in told
    assert (tmp_path / "filled.png").is_file()
    for model in ("default", "btgmi-default", "joint", "cutout"):
        assert Path(inpaint("weights", "where", model).strip()).is_relative_to(environment)
    (tmp_path / "GIMP").mkdir()
    inpaint("gimp", "install", "--no-proof", "--folder", tmp_path / "GIMP")
    assert (tmp_path / "GIMP" / "plug-ins" / "inpaint-fill" / "inpaint-fill.py").is_file()


def test_the_installed_package_is_the_tree() -> None:
    distribution = metadata.distribution("inpaint-photo")
    installed = {
        file.as_posix(): Path(str(file.locate()))
        for file in distribution.files or []
        if file.parts[0] in ("inpaint", *(f"{name}.py" for name in MODULES)) and file.suffix != ".pyc"
    }
    if not any(name.startswith("inpaint/") for name in installed):
        pytest.skip("inpaint is installed editable; `make test` installs it normally")
    assert set(installed) == expected_files()
    folders = {package.replace(".", "/"): ROOT / folder for package, folder in FOLDERS.items()}
    stale = []
    for name, path in installed.items():
        if name.removesuffix(".py") in MODULES:
            if path.read_bytes() != (ROOT / name).read_bytes():
                stale.append(name)
            continue
        package = max((prefix for prefix in folders if name.startswith(prefix + "/")), key=len)
        if path.read_bytes() != (folders[package] / name.removeprefix(package + "/")).read_bytes():
            stale.append(name)
    assert not stale, "installed files differ from the tree; install again"


def test_the_command_is_installed() -> None:
    scripts = {entry.name: entry.value for entry in metadata.entry_points(group="console_scripts")}
    assert scripts.get("inpaint") == PYPROJECT["project"]["scripts"]["inpaint"]
    assert metadata.version("inpaint-photo") == PYPROJECT["project"]["version"]


@pytest.mark.parametrize(
    ("system", "machine", "wheel"),
    [
        ("linux", "x86_64", "onnxruntime-gpu"),
        ("linux", "aarch64", "onnxruntime"),
        ("win32", "AMD64", "onnxruntime-gpu"),
        ("win32", "ARM64", "onnxruntime"),
        ("darwin", "arm64", "onnxruntime"),
    ],
)
def test_a_machine_gets_exactly_one_onnxruntime(system: str, machine: str, wheel: str) -> None:
    """Both wheels own the same folder; an environment with both is broken."""
    requirements = [Requirement(line) for line in PYPROJECT["project"]["dependencies"]]
    here = {"sys_platform": system, "platform_machine": machine}
    chosen = [r.name for r in requirements if r.marker is None or r.marker.evaluate(here)]
    assert [name for name in chosen if name.startswith("onnxruntime")] == [wheel]
