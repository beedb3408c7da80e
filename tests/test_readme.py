"""What the documents show is true: commands and options exist, snippets import, links lead somewhere."""

import ast
import functools
import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from inpaint.core import errors

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted(path for top in ("benchmarks", "docs", "weights") for path in (ROOT / top).rglob("*.md")),
]
README = ROOT / "README.md"
GAP = "[to be measured]"

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(text: str) -> list[tuple[str, str]]:
    """Return language and content of every fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def shown_commands() -> list[tuple[str, ...]]:
    """Return every distinct `inpaint …` and `make …` line of the documents, split into words."""
    found: dict[tuple[str, ...], None] = {}
    for path in DOCUMENTS:
        for language, content in blocks(read(path)):
            if language == "python":
                continue
            for line in content.replace("\\\n", " ").splitlines():
                for part in line.split("&&"):
                    words = tuple(shlex.split(part.strip().removeprefix("$ "), comments=True))
                    if words and words[0] in ("inpaint", "make"):
                        found[words] = None
    return list(found)


COMMANDS = shown_commands()


@functools.cache
def help_text(*command: str) -> str:
    """Return what `inpaint COMMAND --help` prints."""
    script = "import sys; sys.argv[0] = 'inpaint'; from inpaint.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, *command, "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb", "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, f"inpaint {' '.join(command)} --help ends with {done.returncode}: {done.stderr}"
    return done.stdout


def commands_of(group: str) -> list[str]:
    """Return the commands that stand below one, as `install` does below `gimp`."""
    return re.findall(r"^│ ([a-z]+) ", help_text(group).partition("Commands ─")[2], flags=re.MULTILINE)


def offers(text: str, option: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text) is not None


@pytest.mark.parametrize(
    "words", [words for words in COMMANDS if words[0] == "inpaint"], ids=lambda words: " ".join(words)
)
def test_every_command_shown_parses(words: tuple[str, ...]) -> None:
    command = words[1:2] if not words[1].startswith("-") else ()
    if len(words) > 2 and command and words[2] in commands_of(command[0]):
        command = words[1:3]
    text = help_text(*command)
    if "COMMAND [ARGS]" in text and command and len(words) > 2:
        command = words[1:3]  # `inpaint weights pull`
        text = help_text(*command)
    options = [word.split("=")[0] for word in words[1 + len(command) :] if word.startswith("-")]
    missing = [option for option in options if not offers(text, option)]
    assert not missing, f"inpaint {' '.join(command)} has no {missing}"


def test_every_make_target_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", read(ROOT / "Makefile"), flags=re.MULTILINE))
    text = "\n".join(read(path) for path in DOCUMENTS)
    shown = {words[1] for words in COMMANDS if words[0] == "make"} | set(re.findall(r"`make ([a-z-]+)", text))
    assert {"demo", "test"} <= shown <= targets


def test_the_first_screen_is_claim_picture_and_two_commands() -> None:
    first = read(README).split("\n## ")[0]
    assert len(first.splitlines()) <= 20
    claim, picture, commands = (first.index(mark) for mark in ("\n*", "\n![", "make demo"))
    assert claim < picture < commands < first.index("make test")


def test_ci_runs_the_two_commands() -> None:
    script = read(ROOT / ".ci" / "run")
    assert re.search(r"^make demo\b", script, flags=re.MULTILINE)
    assert re.search(r"^make test$", script, flags=re.MULTILINE)


@each_document
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", read(path))
    dead = [link for link in links if not re.match(r"[a-z]+:", link) and not (path.parent / link).exists()]
    assert not dead


@each_document
def test_no_number_is_still_missing(path: Path) -> None:
    assert GAP not in read(path)


def test_python_snippets_import_what_exists() -> None:
    snippets = [content for language, content in blocks(read(README)) if language == "python"]
    assert snippets
    for node in ast.walk(ast.parse("\n".join(snippets))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("inpaint"):
            module = importlib.import_module(node.module)
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


def test_exit_codes_are_those_of_the_errors() -> None:
    documented = {name: int(code) for code, name in re.findall(r"^\| (\d+) \| `(\w+)` \|", read(README), re.MULTILINE)}
    assert documented == {name: getattr(errors, name).exit_code for name in errors.__all__}


def test_recipes_named_exist() -> None:
    named = {
        words[2]
        for words in COMMANDS
        if words[:2] == ("inpaint", "train") and re.fullmatch(r"[a-z][\w-]*", words[2])  # others are files
    }
    recipes = {path.stem for path in (ROOT / "training" / "recipes").glob("*.toml")}
    assert named <= recipes | {"segmenter"}


@pytest.mark.parametrize("name", ["photo.jpg", "mask.png"])
def test_the_demo_says_where_its_files_are_from(name: str) -> None:
    assert (ROOT / "docs" / "demo" / name).is_file()
    assert f"`{name}`" in read(ROOT / "docs" / "demo" / "README.md")
