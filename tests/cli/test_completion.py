"""What the shell offers after Tab, asked for as the shell asks."""

import os
import subprocess
import sys

import pytest

MAIN = "import sys; sys.argv[0] = 'inpaint'; from inpaint.cli.app import main; main()"


def ask(shell: str, line: str) -> list[str]:
    """Return what is offered for the last word of `line`."""
    words = line.split(" ")
    asked = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    env = os.environ | asked | {"_INPAINT_COMPLETE": f"complete_{shell}"}
    done = subprocess.run([sys.executable, "-c", MAIN], env=env, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_commands_and_options(shell: str) -> None:
    assert "batch" in " ".join(ask(shell, "inpaint ba"))
    assert "--output-format" in " ".join(ask(shell, "inpaint batch --output-f"))


def test_values() -> None:
    assert ask("bash", "inpaint fill --device c") == ["cpu", "cuda"]
    assert ask("bash", "inpaint fill --model btgmi-d") == ["btgmi-default", "btgmi-default-int8"]
    assert ask("bash", "inpaint batch --format t") == ["tiff"]


def test_names() -> None:
    assert ask("bash", "inpaint weights pull btgmi-j") == ["btgmi-joint"]
    assert ask("bash", "inpaint train btgmi-5") == ["btgmi-512"]
    assert ask("bash", "inpaint train seg") == ["segmenter"]
    assert "growing-masks-small" in ask("bash", "inpaint experiment growing")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_the_shell(shell: str) -> None:
    env = os.environ | {"_INPAINT_COMPLETE": f"source_{shell}"}
    done = subprocess.run([sys.executable, "-c", MAIN], env=env, capture_output=True, text=True, check=True)
    assert "_INPAINT_COMPLETE" in done.stdout
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=True)
