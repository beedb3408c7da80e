import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import cv2
import pytest
import typer
from typer.testing import CliRunner

from inpaint.cli import _extras
from inpaint.cli.app import BUG, app
from inpaint.core import errors

HEAVY = ["PIL", "cv2", "numpy", "onnxruntime", "torch"]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["fill", "--help"], ["train", "--help"]])
def test_help_imports_nothing_large(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom inpaint.cli.app import app\n"
        f"try: app({arguments!r})\nexcept SystemExit as end: assert not end.code, end.code\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\nassert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_installed_command_answers() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from inpaint.cli.app import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("inpaint ")


def every_command() -> list[list[str]]:
    """Return the words of each command and group, the root first."""

    def walk(words: list[str], command: Any) -> Iterator[list[str]]:
        yield words
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk([*words, name], inner)

    return list(walk([], typer.main.get_command(app)))


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_help_shows_no_value_for_switches_and_no_types_of_python(words: list[str]) -> None:
    result = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    options = [line for line in result.stdout.splitlines() if re.match(r"│[ *]+--", line)]
    assert options
    assert not [line for line in options if "<bool>" in line or "<list[" in line]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch):
    """`failing(error)` returns the exit code and what was said when a command raises `error`."""

    def run(error: BaseException, **env: str) -> tuple[int, str, str]:
        def command() -> None:
            raise error

        monkeypatch.setattr(app, "registered_commands", [typer.models.CommandInfo(name="x", callback=command)])
        result = CliRunner().invoke(app, ["x"], env=env)
        if isinstance(result.exception, type(error)) and not isinstance(error, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_is_a_sentence_and_its_code(failing, name: str) -> None:
    error = getattr(errors, name)("Do this.")
    assert failing(error) == (error.exit_code, "", "Do this.\n")


def test_an_interruption_is_130(failing) -> None:
    assert failing(KeyboardInterrupt())[0] == 130


def test_a_bug_is_named_as_ours(failing) -> None:
    code, _, said = failing(ZeroDivisionError("oh"))
    assert code == BUG == 70
    assert "bug in Inpaint: ZeroDivisionError: oh" in said
    assert "INPAINT_DEBUG=1" in said
    assert len(said.splitlines()) == 1
    with pytest.raises(ZeroDivisionError):
        failing(ZeroDivisionError("oh"), INPAINT_DEBUG="1")


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("error: (-4:Insufficient memory) Failed to allocate")])
def test_short_memory_is_7_and_no_bug(failing, error: Exception) -> None:
    code, _, said = failing(error)
    assert code == errors.EngineError.exit_code == 7
    assert said.startswith("There is not enough memory for this; ")
    assert len(said.splitlines()) == 1


def test_usage_is_2() -> None:
    assert CliRunner().invoke(app, ["fill"]).exit_code == 2
    assert CliRunner().invoke(app, ["nothing"]).exit_code == 2


def test_missing_extras_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_extras, "find_spec", lambda name: None)
    with pytest.raises(errors.InpaintError, match=r"pip install '\.\[train\]'"):
        _extras.require_train()
