"""A training goes to the Hub and comes back: as ONNX for filling, as a network for PyTorch."""

import json
import re

import numpy as np
import onnxruntime
import pytest
import torch
import yaml
from huggingface_hub import ModelCard
from typer.testing import CliRunner

from inpaint.cli.app import app
from inpaint.core import load_engine
from inpaint.core.errors import HubError, ModelError, OutputError, RecipeError
from inpaint.training.publishing.model_card import Card, read_evaluation
from inpaint.training.publishing.pretrained import PretrainedGenerator
from inpaint.training.publishing.publish import FILES, _last_validation, build_folder
from inpaint.training.publishing.upload import upload_folder
from inpaint.training.recipe import load_recipe
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.session import Options, run_training
from inpaint.weights import Contract, resolve
from inpaint.weights.hub import offer
from inpaint.weights.pull import pull

pytestmark = pytest.mark.slow

EVALUATION = {
    "format": "inpaint-evaluation",
    "version": 1,
    "conditions": {
        "inpaint": "0.1.0",
        "data": "Val 200",
        "pictures": 200,
        "size": 256,
        "masks": "mixed",
        "seed": 0,
        "masks_sha256": "ab" * 32,
        "distance": "LPIPS (alex)",
    },
    "metrics": {"ssim": "Structural similarity. Better: larger.", "fid": "Frechet distance. Better: smaller."},
    "methods": [
        {"name": "tiny", "about": "", "mean": {"ssim": {"value": 0.5}, "fid": {"value": None}}, "by_area": {}},
        {"name": "telea", "about": "", "mean": {"ssim": {"value": 0.25}, "fid": {"value": 9.0}}, "by_area": {}},
    ],
    "pictures": [{"name": "my-private-party.jpg", "area": 0.2, "scores": {}}],
}


@pytest.fixture(scope="module")
def run(photographs, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    settings = ["phases.0.steps=2", "phases.1.steps=2", "name=tiny", "sample_every=2", "description=Only a test."]
    data = str(photographs)
    run_training(load_recipe("debug", settings), Options(data=data, val=data, out=out, device="cpu"))
    return out


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eval")
    (folder / "scores.json").write_text(json.dumps(EVALUATION))
    return folder


@pytest.fixture(scope="module")
def folder(run, evaluation, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "published"
    build_folder(run, "me/tiny", folder, datasets=("me/photos", "my own photographs"), evaluation=evaluation)
    return folder


def test_the_folder_holds_everything(folder):
    assert {path.name for path in folder.iterdir()} == {*FILES, "README.md"} - {"training-data.csv"}
    for name, precision in (("model.onnx", "fp32"), ("model_fp16.onnx", "fp16")):
        contract = load_engine(folder / name, device="cpu").contract
        assert (contract.name, contract.precision) == ("tiny", precision)
    assert Contract(**json.loads((folder / "contract.json").read_text())).name == "tiny"
    assert load_recipe(str(folder / "recipe.toml")).name == "tiny"
    assert (folder / "samples.png").read_bytes()[:4] == b"\x89PNG"
    assert str(folder.parent) not in (folder / "README.md").read_text()
    assert json.loads((folder / "evaluation.json").read_text())["methods"] == EVALUATION["methods"]
    assert not [path for path in folder.iterdir() if b"my-private-party" in path.read_bytes()]


def test_a_full_disk_is_one_sentence_and_leaves_no_folder(run, no_file_so_large, tmp_path, monkeypatch):
    write = PretrainedGenerator.write

    def write_without_room(model, folder):
        with no_file_so_large(2**14):
            write(model, folder)

    monkeypatch.setattr(PretrainedGenerator, "write", write_without_room)
    with pytest.raises(OutputError, match="cannot be written"):
        build_folder(run, "me/tiny", tmp_path / "published")
    assert list(tmp_path.iterdir()) == []


def test_the_card_says_to_the_hub_what_it_is(folder):
    card = ModelCard.load(folder / "README.md")
    data = card.data.to_dict()
    assert (data["license"], data["pipeline_tag"], data["library_name"]) == ("apache-2.0", "image-to-image", "inpaint")
    assert data["datasets"] == ["me/photos"]
    assert data["metrics"] == ["ssim"]
    (result,) = card.data.eval_results
    assert (result.metric_type, result.metric_value, result.dataset_name) == ("ssim", 0.5, "Val 200")
    assert "inpainting" in data["tags"]
    header = (folder / "README.md").read_text().split("---")[1]
    assert yaml.safe_load(header)["model-index"][0]["name"] == "tiny"


def test_the_card_says_to_people_what_it_is(folder):
    text = (folder / "README.md").read_text()
    assert "me/photos, my own photographs" in text
    assert "| ssim | 0.5000 | 0.2500 |" in text
    assert "| fid | - | 9.0000 |" in text
    assert "last validation: distance" in text
    assert "Only a test." in text
    linked = re.findall(r"\]\(([^)]+)\)", text)
    assert linked
    assert all((folder / link).is_file() for link in linked)


def test_the_card_has_the_table_that_makers_of_free_photo_software_ask_for(run, photographs, tmp_path):
    index = tmp_path / "index.csv"
    keys = [path.relative_to(photographs).as_posix() for path in photographs.rglob("*.*")]
    index.write_text("\n".join(["key,licence,author", *(f"{key},CC BY 4.0,Ada" for key in keys)]))
    out = tmp_path / "card"
    words = ["weights", "publish", str(run), "me/tiny", "--dry-run", "-o", str(out), "--data-licences", str(index)]
    result = CliRunner().invoke(app, [*words, "--limits", "It is a toy"])
    assert result.exit_code == 0, result.output
    text = (out / "README.md").read_text()
    assert "| OSAID v1.0 | Open Source AI |" in text
    assert f"| Training data licence | CC BY 4.0 ({len(keys)}) |" in text
    assert "| Known limitations | It is a toy; Every fill is made up" in text
    assert (out / "training-data.csv").read_text().count("Ada") == len(keys)
    assert "`training-data.csv`" in text
    index.write_text("key,licence\nx,MIT\n")
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == 8, refused.output
    assert "lacks" in refused.output


def test_a_torn_line_of_the_log_hides_no_validation(tmp_path):
    rundir = RunDirectory(tmp_path)
    rundir.log({"step": 2, "validation": {"distance": 0.5}})
    with rundir.log_file.open("a") as file:
        file.write('{"step": 4, "valida\n[]\n{"step": 5, "validation": {"distance": null}}')
    rundir.log({"step": 6, "validation": {"distance": 0.25}})
    rundir.log({"step": 9, "validation": {"distance": 0.125}})
    assert _last_validation(rundir, 8) == {"distance": 0.25}


def test_a_licence_the_hub_does_not_know_keeps_its_name():
    card = Card(
        repository="me/x",
        recipe=load_recipe("debug"),
        contract=Contract(name="x", licence="Research only, ask first"),
        step=1,
        files={},
        datasets=(),
        evaluation=None,
        validation={},
        has_samples=False,
    )
    data = ModelCard(card.text()).data.to_dict()
    assert (data["license"], data["license_name"]) == ("other", "research-only-ask-first")
    assert "model-index" not in data
    assert "Not measured." in card.text()
    assert "Training data: not stated." in card.text()


def test_what_comes_back_is_the_same_network_in_evaluation_mode(folder):
    generator = PretrainedGenerator.from_pretrained(folder)
    assert not any(module.training for module in generator.modules())
    image, mask = torch.rand(1, 3, 64, 96) * 2 - 1, torch.zeros(1, 1, 64, 96)
    mask[..., 8:24, 20:50] = 1
    with torch.no_grad():
        wanted = generator(image, mask).numpy()
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    (got,) = session.run(None, {"image": image.numpy(), "mask": mask.numpy()})
    assert np.abs(got - wanted).max() < 1e-4


# huggingface_hub 2.4 uploads in a way that its own HTTP library calls old.
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_it_goes_to_the_hub_and_comes_back(folder, hub, cache, monkeypatch, waits):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with pytest.raises(HubError, match="needs a token"):
        upload_folder(folder, "me/tiny")
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    address = upload_folder(folder, "me/tiny", private=True)
    assert address.startswith(f"{hub.url}/me/tiny/commit/")
    assert hub.repositories["me/tiny"].private
    head = hub.repositories["me/tiny"].commits[hub.repositories["me/tiny"].refs["main"]]
    assert {name: content for name, content in head.items() if name != ".gitattributes"} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }
    assert pull(offer("me/tiny")).path.read_bytes() == (folder / "model.onnx").read_bytes()
    assert load_engine("me/tiny", device="cpu").contract.name == "tiny"
    pull(offer("me/tiny:model_fp16.onnx"))
    assert load_engine("me/tiny:model_fp16.onnx", device="cpu").contract.precision == "fp16"
    assert resolve("me/tiny").name == "model.onnx"  # still, with two of them here

    mine, back = PretrainedGenerator.from_pretrained(folder), PretrainedGenerator.from_pretrained("me/tiny")
    assert not back.training
    assert all(torch.equal(a, b) for a, b in zip(mine.state_dict().values(), back.state_dict().values(), strict=True))
    upload_folder(folder, "me/tiny")  # again: nothing has changed
    monkeypatch.setenv("HF_TOKEN", "hf_bad")
    with pytest.raises(HubError, match="does not accept the token"):
        upload_folder(folder, "me/tiny")


def test_what_cannot_be_loaded_is_one_sentence(folder, hub, cache, tmp_path, waits):
    with pytest.raises(HubError, match="no repository me/none"):
        PretrainedGenerator.from_pretrained("me/none")
    hub.commit("me/other", {"config.json": b'{"hidden_size": 3}', "model.safetensors": b"x"})
    with pytest.raises(ModelError, match="no generator of Inpaint"):
        PretrainedGenerator.from_pretrained("me/other")
    hub.commit("me/pickle", {"config.json": (folder / "config.json").read_bytes(), "pytorch_model.bin": b"\x80evil"})
    with pytest.raises(HubError, match="no file"):
        PretrainedGenerator.from_pretrained("me/pickle")
    assert not any("pytorch_model" in request.path for request in hub.requests)
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="damaged"):
        PretrainedGenerator.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("config", "reason"),
    [(b"{", "is damaged"), (b"\xff\xfe", "is damaged"), (b"[" * 100_000, "is damaged"), (b"[1]", "names no recipe")],
)
def test_a_damaged_config_is_no_matter_of_the_hubs(hub, cache, tmp_path, config, reason):
    (tmp_path / "config.json").write_bytes(config)
    hub.commit("me/broken", {"config.json": config})
    for source in (tmp_path, "me/broken"):
        with pytest.raises(ModelError, match=reason):
            PretrainedGenerator.from_pretrained(source)


def test_what_is_wrong_is_said_before_anything_is_written(run, tmp_path, evaluation):
    with pytest.raises(ModelError, match="cannot be a repository"):
        build_folder(run, "tiny", tmp_path / "x")
    with pytest.raises(ModelError, match="cannot be a repository"):
        build_folder(run, "me/tiny@v1", tmp_path / "x")
    with pytest.raises(RecipeError, match="not a run directory"):
        build_folder(tmp_path, "me/tiny", tmp_path / "x")
    (tmp_path / "wrong.json").write_text('[{"name": "default"}]')
    for wrong in (tmp_path / "wrong.json", tmp_path / "none.json", tmp_path):
        with pytest.raises(RecipeError, match="not the result of an evaluation"):
            build_folder(run, "me/tiny", tmp_path / "x", evaluation=wrong)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "diary.txt").write_text("dear")
    with pytest.raises(OutputError, match="holds other things"):
        build_folder(run, "me/tiny", mine)
    with pytest.raises(OutputError, match="is a file; give a folder"):
        build_folder(run, "me/tiny", tmp_path / "wrong.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "wrong.json"]
    assert read_evaluation(evaluation).rows["telea"] == {"ssim": 0.25, "fid": 9.0}


def test_the_command_writes_the_folder_and_uploads_nothing(run, tmp_path, hub):
    out = tmp_path / "card"
    out.mkdir()
    (out / "contract.json").write_text("{}")  # of an earlier call, so it is replaced
    (out / "old.onnx").write_text("old")
    words = ["weights", "publish", str(run), "me/tiny", "--dry-run", "-o", str(out), "--trained-on", "my photographs"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "Nothing was uploaded" in result.stdout
    assert "my photographs" in (out / "README.md").read_text()
    assert "no comparison" in result.stderr
    assert not (out / "old.onnx").exists()
    assert hub.requests == []
