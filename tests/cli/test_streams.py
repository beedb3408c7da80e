"""Standard input and output, as a shell connects them."""

import json
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Maker = Callable[..., np.ndarray]


@pytest.fixture
def folder(tmp_path: Path, picture: Maker, hole: Maker) -> Path:
    Image.fromarray(picture()).save(tmp_path / "photo.png")
    Image.fromarray(picture()).save(tmp_path / "photo.jpg")
    Image.fromarray(picture()).save(tmp_path / "photo.webp", lossless=True)
    Image.fromarray(picture()).save(tmp_path / "photo.tif")
    Image.fromarray(hole()).save(tmp_path / "mask.png")
    return tmp_path


@pytest.fixture
def pipe(folder: Path, tiny_model: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """`pipe(b"...", "-")` fills what comes on standard input."""

    def run(given: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
        script = "from inpaint.cli.app import main; main()"
        command = [sys.executable, "-c", script, "fill", *words, "--mask", str(folder / "mask.png")]
        model = ["--model", str(tiny_model), "--device", "cpu"]
        return subprocess.run([*command, *model], input=given, capture_output=True, cwd=folder, check=False)

    return run


def test_a_filter_gives_what_a_file_gives(folder: Path, pipe: Callable) -> None:
    assert pipe(b"", "photo.png", "-o", "out.png").returncode == 0
    done = pipe((folder / "photo.png").read_bytes(), "-")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == (folder / "out.png").read_bytes()
    assert pipe(b"", "photo.png", "-o", "-").stdout == done.stdout
    assert pipe((folder / "photo.png").read_bytes(), "-", "-o", "there.png").returncode == 0
    assert (folder / "there.png").read_bytes() == done.stdout


@pytest.mark.parametrize(
    ("photo", "words", "kind"),
    [
        ("photo.jpg", [], "JPEG"),
        ("photo.webp", [], "WEBP"),
        ("photo.tif", [], "TIFF"),
        ("photo.png", ["--format", "webp"], "WEBP"),
        ("photo.jpg", ["--format", "png"], "PNG"),
    ],
)
def test_the_format_is_that_of_the_photograph_or_the_one_asked_for(
    folder: Path, pipe: Callable, photo: str, words: list[str], kind: str
) -> None:
    done = pipe((folder / photo).read_bytes(), "-", *words)
    assert done.returncode == 0, done.stderr
    with Image.open(BytesIO(done.stdout)) as image:
        image.load()
        assert image.format == kind


def test_everything_that_is_no_picture_goes_to_standard_error(folder: Path, pipe: Callable) -> None:
    done = pipe((folder / "photo.jpg").read_bytes(), "-", "--json", "--verbose")
    record = json.loads(next(line for line in done.stderr.splitlines() if line.startswith(b"{")))
    assert record["output"] == "-"
    assert b"Photograph: 128 x 96" in done.stderr
    assert b"Region 1:" in done.stderr
    assert done.stdout.startswith(b"\xff\xd8")
    assert pipe((folder / "photo.jpg").read_bytes(), "-", "--quiet").stderr == b""


def test_a_format_names_the_file_beside_the_photograph(folder: Path, pipe: Callable) -> None:
    assert pipe(b"", "photo.png", "--format", "webp").returncode == 0
    assert (folder / "photo.filled.webp").is_file()
    assert pipe(b"", "photo.png", "--format", "webp", "-o", "out.png").returncode == 2


@pytest.mark.parametrize(
    ("closing", "words", "code", "sentence"),
    [("<&-", "-", 3, "Standard input is closed"), (">&-", "photo.png -o -", 6, "Standard output is closed")],
)
def test_closed_streams(folder: Path, closing: str, words: str, code: int, sentence: str) -> None:
    script = "from inpaint.cli.app import main; main()"
    command = f"exec '{sys.executable}' -c '{script}' fill {words} --mask mask.png {closing}"
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("given", "words", "code", "sentence"),
    [
        (b"", ["-"], 3, b"Standard input is empty"),
        (b"no picture", ["-"], 3, b"Standard input is not a picture"),
        (b"\x89PNG\r\n\x1a\n", ["-"], 3, b"Standard input is"),
        (b"", ["gone.png", "-o", "-"], 3, b"There is no file gone.png"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_no_picture(
    folder: Path, pipe: Callable, given: bytes, words: list[str], code: int, sentence: bytes
) -> None:
    before = sorted(path.name for path in folder.iterdir())
    done = pipe(given, *words)
    assert (done.returncode, done.stdout) == (code, b"")
    assert sentence in done.stderr
    assert b"inpaint-" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in folder.iterdir()) == before
