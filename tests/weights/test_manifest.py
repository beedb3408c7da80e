from dataclasses import replace
from pathlib import Path

import pytest

from inpaint.weights import MODELS, KnownModel, ModelError, known, manifest, resolve
from inpaint.weights.cache import digest
from inpaint.weights.locate import is_left_out
from inpaint.weights.reference import COMMIT, parse_reference


def test_a_path_is_taken_as_it_is(tiny_model: Path) -> None:
    assert resolve(tiny_model) == tiny_model
    assert resolve(str(tiny_model)) == tiny_model


def test_names_and_aliases_are_unique() -> None:
    names = [name for model in MODELS for name in (model.name, *model.aliases)]
    assert len(names) == len(set(names))
    assert "default" in names
    quick = [name for model in MODELS for name in model.cpu_aliases]
    assert len(quick) == len(set(quick))
    assert set(quick) <= set(names)


def test_the_default_is_first() -> None:
    assert (MODELS[0].bundled, MODELS[0].aliases) == (True, ("default",))


@pytest.mark.parametrize("bundled", [m for m in MODELS if m.bundled], ids=lambda model: model.name)
def test_a_bundled_model_is_the_file_that_ships(bundled: KnownModel) -> None:
    path = bundled.locate()
    assert path.with_suffix(".md").is_file()
    assert (path.stat().st_size, digest(path)) == (bundled.size, bundled.sha256), "the manifest is of another file"


@pytest.mark.parametrize("model", [m for m in MODELS if not m.bundled], ids=lambda model: model.name)
def test_a_model_of_others_is_pinned_and_says_its_licence(model: KnownModel) -> None:
    assert COMMIT.fullmatch(model.revision)
    assert parse_reference(str(model.reference)) == model.reference
    assert model.sha256 == "" or (len(model.sha256) == 64 and model.size > 0)
    assert model.licence
    assert model.restrictions
    assert model.contract is not None
    assert (model.contract.name, model.contract.licence) == (model.name, model.licence)


@pytest.mark.parametrize("name", ["default", "btgmi-default"])
def test_a_name_leads_to_the_bundled_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_model: Path
) -> None:
    (tmp_path / "bundled").mkdir()
    (tmp_path / "bundled" / "btgmi-default.onnx").write_bytes(tiny_model.read_bytes())
    monkeypatch.setattr(known, "files", lambda package: tmp_path)
    assert resolve(name) == tmp_path / "bundled" / "btgmi-default.onnx"


def test_on_a_cpu_the_default_is_the_bundled_model_in_eight_bits() -> None:
    quick = resolve("default", "cpu")
    assert quick.name == "btgmi-default-int8.onnx"
    assert resolve("btgmi-default-int8") == quick
    assert resolve("btgmi-default", "cpu") == resolve("default") != quick
    assert resolve(quick, "cuda") == quick


def test_a_bundled_file_is_known_by_its_place_only(tmp_path: Path) -> None:
    for name in ("btgmi-default", "btgmi-default-int8", "cutout"):
        assert manifest.bundled_name(resolve(name)) == name
    copy = tmp_path / "btgmi-default.onnx"
    copy.write_bytes(b"")
    assert manifest.bundled_name(copy) == manifest.bundled_name(Path("nowhere.onnx")) == ""


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
        ("nobody", r"No model is called 'nobody'.*btgmi-default, .*default"),
        ("nobody.onnx", "no model file nobody.onnx"),
        ("some/where", r"no model file some/where, and the Hub's .* inpaint weights pull some/where"),
        ("lama", r"lama has not been fetched yet; run: inpaint weights pull lama"),
        (Path("nobody"), "no model file nobody"),
        (Path(), "is a folder"),
    ],
)
@pytest.mark.usefixtures("cache")
def test_what_is_not_there_is_said_in_one_sentence(wanted: str | Path, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence) as raised:
        resolve(wanted)
    assert "\n" not in str(raised.value)


def test_every_model_says_what_class_of_photographs_it_was_trained_on() -> None:
    assert {model.data for model in MODELS} <= {"free", "research only", "not known"}
    assert all(model.trained_on for model in MODELS)
    for model in MODELS:
        if model.bundled:
            card = model.locate().with_suffix(".md").read_text("utf-8")
            assert model.data != "not known"
            # A card that speaks of research alone is not one of free data, and the other way round.
            assert ("licensed for research only" in _chained(card)) == (model.data == "research only")
        if "research" in model.trained_on:
            assert model.data == "research only"


def _chained(card: str) -> str:
    """Return a card together with the one that it refers to for its data."""
    bundled = MODELS[0].locate().parent
    others = [name for name in ("btgmi-default", "btgmi-joint") if f"]({name}.md)" in card]
    return " ".join((card + "".join((bundled / f"{name}.md").read_text("utf-8") for name in others)).split())


def test_what_was_trained_on_research_photographs_may_be_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(known, "files", lambda package: tmp_path)
    for model in MODELS:
        assert model.left_out == (model.bundled and model.data == "research only")
    assert is_left_out("joint")
    assert not is_left_out(tmp_path / "joint")
    with pytest.raises(ModelError, match="research only, may have been left out on purpose, and is missing"):
        resolve("joint")
    free = replace(MODELS[0], data="free")
    assert not free.left_out
    with pytest.raises(ModelError, match="should have come with Inpaint"):
        free.locate()


def test_a_missing_bundled_file_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(known, "files", lambda package: tmp_path)
    with pytest.raises(ModelError, match="install Inpaint again"):
        resolve("default")
