"""Another package called `inpaint`, as the one on PyPI is, beside or before ours: one sentence each."""

import subprocess
import sys
from pathlib import Path

import pytest

from inpaint.core import release

ROOT = Path(__file__).resolve().parents[2]
OURS = ("cli", "core", "gimp_plugin", "studio", "training", "weights")


def run(code: str, *path: Path) -> subprocess.CompletedProcess[str]:
    start = f"import sys; sys.path[:0] = {[str(folder) for folder in path]}; sys.argv = ['inpaint', '--version']\n"
    # Isolated, so that neither the environment's own copy nor PYTHONPATH comes first.
    return subprocess.run([sys.executable, "-I", "-c", start + code], capture_output=True, text=True, check=False)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder with a regular package `inpaint`."""
    (tmp_path / "theirs" / "inpaint").mkdir(parents=True)
    (tmp_path / "theirs" / "inpaint" / "__init__.py").write_text("def telea(): ...\n")
    return tmp_path / "theirs"


@pytest.fixture
def both(theirs: Path) -> Path:
    """The same with our folders in it, as pip leaves it when both are installed into one environment."""
    for name in OURS:
        (theirs / "inpaint" / name).symlink_to(ROOT / name, target_is_directory=True)
    return theirs


def test_a_package_that_hides_ours_is_one_sentence(theirs: Path) -> None:
    done = run("import inpaint_photo; inpaint_photo.main()", theirs, ROOT)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Another package called inpaint ({theirs}")
    assert "pip uninstall inpaint" in line


def test_a_package_beside_ours_is_a_note_of_every_command(both: Path) -> None:
    done = run("import inpaint_photo; inpaint_photo.main()", both, ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("inpaint ")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Note: Another package called inpaint is installed beside this one")


def test_a_package_beside_ours_is_a_warning_of_the_import(both: Path) -> None:
    done = run("import inpaint.core", both)
    assert done.returncode == 0
    assert "UserWarning: Another package called inpaint is installed beside this one" in done.stderr
    found = run(
        "from inpaint.core.diagnostics import examine_python\nfor f in examine_python(): print(*f.sentence.split())",
        both,
    )
    assert "Another package called inpaint" in found.stdout


def test_an_older_inpaint_under_its_former_name_is_told_from_the_other_project(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackagePath

    class Installed:
        def __init__(self, file: str) -> None:
            self.files = [PackagePath(file)]

    for file, told in (("inpaint/core/errors.py", "under its former name"), ("inpaint/__init__.py", "")):
        monkeypatch.setattr(release, "distribution", lambda name, file=file: Installed(file))
        assert (told in release.old_name()) if told else release.old_name() == ""


def test_alone_there_is_nothing_to_say() -> None:
    assert release.name_clash() == ""
    assert release.release()


def test_code_that_is_not_installed_has_a_version_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "DISTRIBUTION", "inpaint-that-nobody-has")
    assert release.release() == "0"
