from dataclasses import replace
from pathlib import Path

import pytest

from inpaint.weights import MODELS, ModelError, manifest, resolve


def test_a_path_is_taken_as_it_is(tiny_model: Path) -> None:
    assert resolve(tiny_model) == tiny_model
    assert resolve(str(tiny_model)) == tiny_model


def test_names_and_aliases_are_unique() -> None:
    names = [name for model in MODELS for name in (model.name, *model.aliases)]
    assert len(names) == len(set(names))
    assert "default" in names


@pytest.mark.parametrize("name", ["default", "btgmi-default"])
def test_a_name_leads_to_the_bundled_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_model: Path
) -> None:
    (tmp_path / "bundled").mkdir()
    (tmp_path / "bundled" / "btgmi-default.onnx").write_bytes(tiny_model.read_bytes())
    monkeypatch.setattr(manifest, "files", lambda package: tmp_path)
    assert resolve(name) == tmp_path / "bundled" / "btgmi-default.onnx"


def test_a_name_comes_before_a_stray_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("default").write_text("stray")
    monkeypatch.setattr(manifest, "MODELS", (replace(MODELS[0], file="nowhere.onnx"),))
    with pytest.raises(ModelError, match="missing"):
        resolve("default")
    assert resolve(Path("default")) == Path("default")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("nobody", r"No model is called 'nobody'.*btgmi-default, default"),
        ("nobody.onnx", "no model file nobody.onnx"),
        ("some/where", "no model file"),
        (Path("nobody"), "no model file nobody"),
        (Path(), "is a folder"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(wanted: str | Path, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence) as raised:
        resolve(wanted)
    assert "\n" not in str(raised.value)


def test_a_missing_bundled_file_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(manifest, "files", lambda package: tmp_path)
    with pytest.raises(ModelError, match="install Inpaint again"):
        resolve("default")
