"""Photographs that are nobody's results stay, and results are no photographs, whatever folders they share."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from inpaint.cli.app import app

BOX = ("--box", "1,1,20,20")


@pytest.fixture
def folder(tmp_path: Path, picture: Callable, hole: Callable, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, `same`, which holds a.jpg; beside it `masks` with its mask."""
    monkeypatch.setattr("inpaint.core.engines.devices.cuda_devices", lambda: 0)
    for name in ("same", "masks"):
        (tmp_path / name).mkdir()
    Image.fromarray(picture()).save(tmp_path / "same/a.jpg")
    Image.fromarray(hole()).save(tmp_path / "masks/a.png")
    monkeypatch.chdir(tmp_path / "same")
    return tmp_path / "same"


@pytest.fixture
def run(tiny_model: Path) -> Callable[..., Result]:
    return lambda *words, **more: CliRunner().invoke(app, ["batch", *words, "--model", str(tiny_model)], **more)


def test_another_original_is_not_replaced(folder: Path, run: Callable, picture: Callable) -> None:
    Image.fromarray(picture(seed=9)).save("a.png")
    before = Path("a.png").read_bytes()
    for words in ((), ("--resume",)):
        result = run("a.jpg", *BOX, "-o", ".", *words)
        assert result.exit_code == 3
        assert f"{folder / 'a.png'} is there already" in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert Path("a.png").read_bytes() == before
    Path("a.png").rename("b.png")
    assert run("a.jpg", *BOX, "-o", ".", "--resume").exit_code == 0
    assert "1 filled" in run("a.jpg", *BOX, "-o", ".").stdout
    Path("manifest.jsonl").unlink()
    assert "the manifest in the folder of results does not list it" in run("a.jpg", *BOX, "-o", ".").stderr
    assert run("a.jpg", *BOX, "-o", ".", "--force").exit_code == 0
    assert run("a.jpg", *BOX, "-o", ".").exit_code == 0


def test_a_fill_is_not_filled_again(folder: Path, run: Callable) -> None:
    words = (".", "--masks", "../masks", "-o", ".")
    assert run(*words).exit_code == 0
    assert "0 filled, 1 already done" in run(*words, "--resume").stdout
    assert "1 filled" in run(*words).stdout
    Path("../link").symlink_to("same")
    assert "0 filled, 1 already done" in run("../link", "--masks", "../masks", "-o", ".", "--resume").stdout
    assert sorted(path.name for path in Path().iterdir()) == ["a.jpg", "a.png", "manifest.jsonl"]


@pytest.mark.parametrize("standard_input", [True, False])
def test_a_list_may_begin_with_a_mark_of_its_encoding(folder: Path, run: Callable, standard_input: bool) -> None:
    text = "\ufeffa.jpg\r\n".encode()
    Path("list.txt").write_bytes(text)
    source = "-" if standard_input else "list.txt"
    result = run("--list", source, *BOX, "-o", "out", input=text if standard_input else None)
    assert result.exit_code == 0, result.output
    assert Path("out/a.png").is_file()


def test_a_folder_called_alpha_is_a_folder(folder: Path, run: Callable, hole: Callable) -> None:
    Path("alpha").mkdir()
    Image.fromarray(hole()).save("alpha/a.png")
    assert run("a.jpg", "--masks", "./alpha", "-o", "out").exit_code == 0
    line = json.loads(Path("out/manifest.jsonl").read_text())
    assert (line["mask"], line["hole_pixels"]) == (str(folder / "alpha/a.png"), int(np.count_nonzero(hole())))
    assert "no transparency" in run("a.jpg", "--masks", "alpha", "-o", "out").stderr


def test_no_force_is_advised_that_is_not_to_be_had(folder: Path, run: Callable) -> None:
    Path("manifest.jsonl").write_text('{"output": "b.png", "status": "done"}\n')
    Path("b.png").write_bytes(Path("../masks/a.png").read_bytes())
    Path("a.jpg").rename("b.jpg")
    result = run("b.jpg", "--mask", "b.png", "-o", ".")
    assert result.exit_code == 3
    assert "b.png is the mask itself; give another --output." in result.stderr
