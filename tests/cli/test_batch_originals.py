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
