import json
from dataclasses import replace

import pytest
import torch

from inpaint.core.errors import ModelError, RecipeError
from inpaint.training.export.inpainting import export_run, load_generator
from inpaint.training.publishing.pretrained import PretrainedGenerator
from inpaint.training.recipe import load_recipe
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.initial_weights import open_initial_weights
from inpaint.training.run.session import Options, run_training

SETTINGS = ["generator.blocks=3", "phases=[{name='on', steps=2, lr=1e-9, adversarial=0.1}]", "name=further"]
"""The tiny run has two blocks and has grown one. A learning rate of next to 0 keeps the first weights to look at."""


@pytest.fixture
def further():
    return load_recipe("debug", SETTINGS)


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    file = tmp_path_factory.mktemp("exported") / "model.onnx"
    export_run(run, file)
    return file


def filled(generator):
    torch.manual_seed(3)
    image, mask = torch.rand(2, 3, 64, 64) * 2 - 1, torch.zeros(2, 1, 64, 64)
    mask[..., 20:40, 20:40] = 1
    with torch.no_grad():
        return generator.eval()(image, mask)


@pytest.mark.parametrize("kind", ["run", "folder", "file"])
def test_a_training_starts_with_the_weights_of(kind, run, exported, further, photographs, tmp_path):
    source = exported if kind == "file" else run
    if kind == "folder":
        source = tmp_path / "published"
        source.mkdir()
        PretrainedGenerator.from_run(run).write(source)
    options = Options(data=str(photographs), out=tmp_path / "on", device="cpu", start_from=str(source))
    run_training(further, options)
    before, *_ = load_generator(run)
    start = open_initial_weights(str(source), further)
    generator = further.family.build_generator()
    generator.load_state_dict(start.generator)
    assert torch.allclose(filled(generator), filled(before), atol=1e-4)
    # Batch norm goes on measuring, so after two steps it is only about the same.
    after, *_ = load_generator(tmp_path / "on")
    moved = (filled(after) - filled(before)).abs().mean()
    assert moved < (filled(further.family.build_generator()) - filled(before)).abs().mean() / 5
    assert json.loads((tmp_path / "on" / "run.json").read_text())["start_from"] == str(source)


def test_a_run_brings_its_discriminators(run, further):
    start = open_initial_weights(str(run), further)
    tensors, _ = RunDirectory(run).load()
    assert start.discriminators
    for name, value in start.discriminators.items():
        assert torch.equal(value, tensors[f"discriminators.{name}"])


def test_other_discriminators_start_anew(run):
    other = load_recipe("debug", [*SETTINGS, "discriminator.scales=1"])
    assert open_initial_weights(str(run), other).discriminators is None


def test_grown_blocks_have_to_be_asked_for(run):
    with pytest.raises(RecipeError, match=r"has 3 residual blocks.*--set generator.blocks=3"):
        open_initial_weights(str(run), load_recipe("debug"))


def test_another_width_is_refused(run):
    with pytest.raises(RecipeError, match=r"generator.width = 8, and the recipe has 4"):
        open_initial_weights(str(run), load_recipe("debug", [*SETTINGS, "generator.width=4"]))


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("generator.width=4", "other names or shapes"),
        ('generator.start="zeros"', "stride is 32, and not 8"),
        ('generator.convolution="vanilla"', "computes something else"),
    ],
)
def test_an_exported_file_of_another_network_is_refused(setting, reason, exported):
    with pytest.raises(RecipeError, match=reason):
        open_initial_weights(str(exported), load_recipe("debug", [*SETTINGS, setting]))


def test_what_is_no_model_is_said_in_one_sentence(further, tmp_path):
    (tmp_path / "text.onnx").write_text("not a model")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "config.json").write_text('{"recipe": ')
    for source, error, reason in (
        (str(tmp_path / "text.onnx"), ModelError, "not an ONNX model"),
        (str(tmp_path), RecipeError, "neither a run directory nor"),
        ("btgmi-default-int8", ModelError, "computes in int8"),
        ("nowhere", ModelError, "No model is called"),
        ("a" * 300, ModelError, "No model is called"),
        ("~nobody-of-that-name/x.onnx", ModelError, "no model file"),
        (str(damaged), ModelError, "config.json of .* is damaged"),
    ):
        with pytest.raises(error, match=reason):
            open_initial_weights(source, further)
    with pytest.raises(RecipeError, match="starts from a run directory"):
        open_initial_weights("joint", load_recipe("btgmi-joint-cpu"))


def test_a_run_stopped_while_a_block_fades_in_is_refused(further, photographs, tmp_path):
    fading = load_recipe(
        "debug", ["phases.0.steps=1", "phases.1.steps=8", "phases.1.fade=1.0", "checkpoint_every=1", "keep=20"]
    )
    stop = lambda report: report.step == 3  # noqa: E731
    run_training(fading, Options(data=str(photographs), out=tmp_path / "run", device="cpu"), [stop])
    with pytest.raises(RecipeError, match="still fading in"):
        open_initial_weights(str(tmp_path / "run"), further)


def test_the_bundled_model_starts_a_training():
    recipe = load_recipe("btgmi-default-cpu", ["generator.blocks=10"])
    start = open_initial_weights("default", recipe)
    assert not start.settled
    assert len(start.generator) == len(recipe.family.build_generator().state_dict())


def test_a_refused_start_leaves_no_run(run, photographs, tmp_path):
    options = Options(data=str(photographs), out=tmp_path / "on", device="cpu", start_from=str(run))
    with pytest.raises(RecipeError):
        run_training(load_recipe("debug"), options)
    assert not (tmp_path / "on").exists()


def test_a_resumed_run_needs_its_start_no_more(run, further, photographs, tmp_path):
    options = Options(data=str(photographs), out=tmp_path / "on", device="cpu", start_from=str(run))
    run_training(further, options, [lambda report: report.step == 1])
    assert run_training(further, replace(options, start_from=None, resume=True)) == 2
