"""`inpaint weights` as it is typed, against a Hub on this machine."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from inpaint.cli.app import app

pytestmark = pytest.mark.usefixtures("waits")


def run(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    if code:
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    return result


@pytest.fixture
def served(hub: Any, heavy_model: bytes) -> Any:
    hub.commit("user/repo", {"model.onnx": heavy_model}, licence="mit")
    return hub


@pytest.mark.usefixtures("cache")
def test_the_list_shows_licence_size_and_what_is_here() -> None:
    rows = json.loads(run("weights", "list", "--json").stdout)
    assert rows[0]["name"] == "btgmi-default"
    assert Path(rows[0]["path"]).is_file()
    assert all(row["licence"] for row in rows)
    bundled = {"btgmi-default", "btgmi-default-int8", "btgmi-joint", "cutout"}
    assert {row["name"] for row in rows if row["path"]} == bundled
    text = run("weights", "list").stdout
    assert "On a CPU default is btgmi-default-int8." in text
    assert "bundled" in text
    assert "208 MB" in text
    assert "research only" in text
    assert {row["data"] for row in rows} <= {"free", "research only", "not known"}


@pytest.mark.usefixtures("cache")
def test_models_for_research_only_can_be_left_out_of_the_package(monkeypatch: Any, tmp_path: Path) -> None:
    from inpaint.weights import known

    monkeypatch.setattr(known, "files", lambda package: tmp_path)
    text = run("weights", "list").stdout
    assert text.count("left out") == 4
    rows = json.loads(run("weights", "list", "--json").stdout)
    assert not any(row["path"] for row in rows)
    assert "no such" not in run("weights", "verify").stderr
    assert "research only" in run("weights", "info", "joint").stdout
    refused = run("weights", "where", "joint", code=5)
    assert "left out on purpose" in refused.stderr


@pytest.mark.usefixtures("cache")
def test_info_of_a_known_model_asks_nobody() -> None:
    record = json.loads(run("weights", "info", "migan", "--json").stdout)
    assert record["licence"] == "MIT"
    assert record["revision"] == "406830d0fa60666da0071c342ad2fbc8f30c5c64"
    assert record["contract"]["mask_values"] == [255.0, 0.0]
    said = run("weights", "info", "default").stdout
    assert "licence  Apache-2.0" in said
    assert "   data  research only" in said
    assert "trained on  7,202 photographs" in said


def test_from_pull_to_remove(served: Any, picture: Any, hole: Any, tmp_path: Path) -> None:
    from PIL import Image

    photo, mask, out = tmp_path / "p.png", tmp_path / "m.png", tmp_path / "o.png"
    Image.fromarray(picture()).save(photo)
    Image.fromarray((hole() * 255).astype("uint8")).save(mask)
    fill = ["fill", photo, "--mask", mask, "-o", out, "--model", "user/repo", "--device", "cpu"]
    refused = run(*fill, code=5)
    assert "inpaint weights pull user/repo" in refused.stderr
    assert served.asked() == []  # a fill never goes online

    text = run("weights", "pull", "user/repo").stdout
    assert text.index("licence: mit") < text.index("fetched 1.0 MB")
    assert "it was here already" in run("weights", "pull", "user/repo").stdout
    served.requests.clear()
    assert "filled on the CPU" in run(*fill).stdout
    assert served.requests == []
    assert "user/repo: intact" in run("weights", "verify").stdout
    listed = {row["name"]: row for row in json.loads(run("weights", "list", "--json").stdout)}
    assert listed["user/repo"]["licence"] == "Apache-2.0"  # as the file itself says
    path = Path(run("weights", "where", "user/repo").stdout.strip())
    assert path.is_file()
    assert path.is_relative_to(run("weights", "where").stdout.strip())

    path.resolve().write_bytes(b"broken")
    assert "damaged; fetch it again" in run("weights", "verify", "user/repo", code=5).stderr
    assert "damaged; fetch it again" in run(*fill, code=5).stderr
    again = run("weights", "pull", "user/repo")
    assert "fetched 1.0 MB" in again.stdout
    assert "Note: What was here was damaged" in again.stderr
    assert "1.0 MB freed" in run("weights", "remove", "user/repo").stdout
    assert not path.exists()
    assert "not among the fetched models" in run("weights", "remove", "user/repo", code=5).stderr
    assert "comes with Inpaint and stays" in run("weights", "remove", "default", code=5).stderr


def test_a_repository_whose_only_model_lies_in_a_folder(
    hub: Any, heavy_model: bytes, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    commit = hub.commit("user/deep", {"onnx/model.onnx": heavy_model})
    run("weights", "pull", "user/deep")
    assert "it was here already" in run("weights", "pull", f"user/deep@{commit}").stdout
    assert json.loads(run("weights", "info", "user/deep", "--json").stdout)["path"]
    run("weights", "bundle", "user/deep", "-o", tmp_path / "models.tar")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "it was here already" in run("weights", "pull", "user/deep").stdout
    assert "1.0 MB freed" in run("weights", "remove", "user/deep").stdout
    assert "installed" in run("weights", "install", tmp_path / "models.tar").stdout


def test_what_cannot_be_checked_is_not_called_intact(
    served: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants, hf_hub_download

    (tmp_path / "mine.onnx").write_text("no model")
    assert "a file of yours" in run("weights", "verify", tmp_path / "mine.onnx", code=5).stderr
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_SYMLINKS", True, raising=False)
    hf_hub_download("user/repo", "model.onnx", endpoint=served.url)  # which leaves a copy that no hash belongs to
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "not checked" in run("weights", "verify", "user/repo").stdout
    assert "it was here already, not checked" in run("weights", "pull", "user/repo").stdout
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    assert "it was here already, sha256 checked" in run("weights", "pull", "user/repo").stdout  # the Hub says it
    assert "intact" in run("weights", "verify", "user/repo").stdout


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("damage", ["cut", "zeros", "cut and zeros"])
def test_what_can_no_longer_be_read_is_named_as_damaged(
    served: Any, heavy_model: bytes, monkeypatch: pytest.MonkeyPatch, links: bool, damage: str
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_SYMLINKS", not links, raising=False)
    run("weights", "pull", "user/repo")
    file = Path(run("weights", "where", "user/repo").stdout.strip()).resolve()
    left = heavy_model[: len(heavy_model) // 2] if "cut" in damage else heavy_model
    file.write_bytes(bytes(5000) + left[5000:] if "zeros" in damage else left)
    assert "user/repo is damaged" in run("weights", "verify", code=5).stderr
    rows = {row["name"]: row for row in json.loads(run("weights", "list", "--json").stdout)}
    assert rows["user/repo"]["damaged"]
    assert rows["user/repo"]["size"] == len(heavy_model) or links
    assert not rows["btgmi-joint"]["damaged"]
    assert "damaged" in run("weights", "list").stdout
    again = run("weights", "pull", "user/repo")
    assert "Note: What was here was damaged and has been" in again.stderr
    assert file.read_bytes() == heavy_model
    assert "user/repo: intact" in run("weights", "verify").stdout


def test_a_file_of_another_program_that_is_no_onnx_is_nobodys_damage(hub: Any, cache: Path) -> None:
    from huggingface_hub import hf_hub_download

    hub.commit("other/words", {"vocabulary.onnx": b"no model at all", "model.onnx": b"\x0a\x02hi"})
    for name in ("vocabulary.onnx", "model.onnx"):
        hf_hub_download("other/words", name, endpoint=hub.url)
    assert "other/words" not in run("weights", "verify").output
    assert "other/words" not in run("weights", "list").stdout


def test_a_model_tuned_on_drawings_is_offered_as_that() -> None:
    assert "aot-gan is tuned on drawings, not on photographs." in run("weights", "list").stdout


def test_where_says_which_file_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    from inpaint.core.engines import devices

    for count, file in ((0, "btgmi-default-int8.onnx"), (1, "btgmi-default.onnx")):
        monkeypatch.setattr(devices, "cuda_devices", lambda count=count: count)
        assert Path(run("weights", "where", "default").stdout.strip()).name == file


def test_the_half_precision_beside_a_published_model_is_pulled_by_its_name(hub: Any, heavy_model: bytes) -> None:
    hub.commit("user/repo", {"model.onnx": heavy_model, "model_fp16.onnx": heavy_model[:-1] + b"!"})
    run("weights", "pull", "user/repo", "user/repo:model_fp16.onnx")
    for name, file in (("user/repo", "model.onnx"), ("user/repo:model_fp16.onnx", "model_fp16.onnx")):
        assert Path(run("weights", "where", name).stdout.strip()).name == file


def test_a_strangers_words_do_not_steer_the_terminal(hub: Any, heavy_model: bytes) -> None:
    hub.commit("user/bad", {"model.onnx": heavy_model}, licence="\x1b[2J\n[red]evil[/nothing]")
    result = run("weights", "pull", "user/bad")
    assert "licence: ?[2J?[red]evil[/nothing]." in result.stdout
    assert "\x1b" not in result.stdout


def test_without_the_hub_what_is_here_is_kept(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    run("weights", "pull", "user/repo")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    result = run("weights", "pull", "user/repo")
    assert "it was here already" in result.stdout
    assert "Whether there is a newer one is not known" in result.stderr
    assert "HF_HUB_OFFLINE" in run("weights", "pull", "user/other", code=10).stderr


def test_a_bundle_goes_to_another_machine(
    served: Any, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from huggingface_hub import constants

    tar = tmp_path / "models.tar"
    run("weights", "bundle", "user/repo", "-o", tar, code=5)
    assert not tar.exists()
    run("weights", "pull", "user/repo")
    served.commit("user/repo", {"deep/other.onnx": b""}, ref="v2")
    assert "inpaint weights install models.tar" in run("weights", "bundle", "user/repo", "-o", tar).stdout
    shutil.rmtree(cache)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "installed" in run("weights", "install", tar).stdout
    assert "intact" in run("weights", "verify", "user/repo").stdout
    tar.write_bytes(b"no")
    assert "not a bundle" in run("weights", "install", tar, code=5).stderr


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["pull", "default"], 5, "comes with Inpaint"),
        (["pull", "nobody"], 5, "neither a known model nor user/repo"),
        (["pull", "user/repo:../x.onnx"], 5, "not a path inside a repository"),
        (["pull", "user/nothing"], 10, "no repository user/nothing"),
        (["info", "user/nothing"], 10, "no repository user/nothing"),
        (["where", "lama"], 5, "run: inpaint weights pull lama"),
        (["remove", "default"], 5, "nothing was deleted"),
        (["bundle", "default", "-o", "x.tar"], 5, "comes with Inpaint"),
        (["bundle", "lama", "-o", "no/where/x.tar"], 6, "does not exist"),
        (["install", "none.tar"], 5, "no file"),
    ],
)
@pytest.mark.usefixtures("served")
def test_what_is_wrong_is_one_sentence(
    words: list[str], code: int, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sentence in run("weights", *words, code=code).stderr
    assert [path.name for path in tmp_path.iterdir()] in ([], ["hf"])


def test_info_of_a_file_of_yours(tiny_model: Path, tmp_path: Path) -> None:
    record = json.loads(run("weights", "info", str(tiny_model), "--json").stdout)
    assert (record["name"], record["task"], record["path"]) == ("tiny", "inpaint", str(tiny_model))
    assert record["size"] == tiny_model.stat().st_size
    (tmp_path / "no.onnx").write_bytes(b"no model")
    assert "no.onnx" in run("weights", "info", str(tmp_path / "no.onnx"), code=5).stderr
