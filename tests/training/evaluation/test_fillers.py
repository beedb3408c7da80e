import shutil

import numpy as np
import pytest
from PIL import Image

from inpaint.core import fill, load_engine
from inpaint.core.errors import EngineError, ImageError, ModelError, RecipeError
from inpaint.training.evaluation.fillers import make_methods
from inpaint.training.evaluation.run_engine import RunEngine
from inpaint.training.evaluation.samples import Photographs, Sample
from inpaint.training.export.inpainting import export_run


@pytest.mark.parametrize(("behind", "detail"), [("", "network"), ("+texture", "texture"), ("+auto", "auto")])
def test_a_model_fills_as_the_fill_command_does(tiny_model, sample, behind, detail):
    (method,) = make_methods([f"{tiny_model}{behind}"], [])
    assert method.label == f"tiny{behind}"
    assert "file " in method.about
    expected = fill(sample.picture, sample.hole, load_engine(tiny_model, device="cpu"), detail=detail)
    assert np.array_equal(method.fill(sample), expected)


def test_a_run_directory_fills_as_its_export_does(run, sample, tmp_path):
    export_run(run, tmp_path / "exported.onnx")
    ours, exported = make_methods([str(run), str(tmp_path / "exported.onnx")], [])
    assert (ours.label, exported.label) == ("tiny-run", "exported")
    assert "step 6" in ours.about
    one, other = ours.fill(sample), exported.fill(sample)
    assert np.array_equal(one[~sample.hole], sample.picture[~sample.hole])
    assert np.abs(one.astype(int) - other).max() <= 1


def test_a_run_engine_pads_and_says_what_it_is(run, picture, hole):
    engine = RunEngine(run)
    assert (engine.device, engine.contract.name) == ("cpu", "tiny")
    assert engine.on_cpu() is engine
    odd = picture(70, 41)
    filled = engine.run(odd.astype(np.float32) / 255, hole(70, 41, 20, 10, 40, 30))
    assert filled.shape == (70, 41, 3)
    assert np.isfinite(filled).all()


def test_a_run_without_a_checkpoint_is_refused(run, tmp_path):
    shutil.copy(run / "recipe.toml", tmp_path)
    with pytest.raises(RecipeError, match="no checkpoint"):
        make_methods([str(tmp_path)], [])


def test_cuda_where_there_is_none_is_refused(run, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(EngineError, match="--device cpu"):
        RunEngine(run, "cuda")


def test_finished_pictures_are_found_by_name(photographs, tmp_path, sample):
    names = Photographs(str(photographs)).names
    for number, name in enumerate(names):
        file = f"{name.replace('/', '-')}.filled.png" if number % 2 else f"{name.rsplit('/', maxsplit=1)[-1]}.png"
        Image.new("RGB", (64, 64), (number, 0, 0)).save(tmp_path / file)
    (method,) = make_methods([str(tmp_path)], names)
    assert method.label == tmp_path.name
    for number, name in enumerate(names):
        filled = method.fill(Sample(name, np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), bool)))
        assert filled[0, 0, 0] == number
    with pytest.raises(ImageError, match="64 x 64 pixels and its photograph 128 x 96"):
        method.fill(Sample(names[0], sample.picture, sample.hole))


def test_kept_fills_of_a_model_with_texture_are_not_those_of_the_model_alone(tmp_path):
    """`--keep-fills` itself makes folders that are called like a model and `+auto`."""
    for value, folder in enumerate(("default", "default+auto")):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (64, 64), (value, 0, 0)).save(tmp_path / folder / "a.png")
    methods = make_methods([str(tmp_path / "default"), str(tmp_path / "default+auto")], ["a"])
    assert [method.label for method in methods] == ["default", "default+auto"]
    blank = Sample("a", np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), bool))
    assert [method.fill(blank)[0, 0, 0] for method in methods] == [0, 1]


def test_a_missing_picture_is_named_before_any_work(tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    with pytest.raises(ImageError, match="filled picture for b"):
        make_methods([str(tmp_path)], ["a", "b"])


def test_labels_are_short_and_differ(tmp_path, tiny_model):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        shutil.copy(tiny_model, tmp_path / folder / "model.onnx")
    paths = [str(tmp_path / folder / "model.onnx") for folder in ("x", "y")]
    methods = make_methods(["telea", *paths, "telea"], [])
    assert [method.label for method in methods] == ["telea", "model", paths[1]]


def test_no_method_takes_the_label_of_another(tmp_path, monkeypatch, tiny_model):
    """A folder that is called like a method that comes later, and one whose whole name is taken as well."""
    monkeypatch.chdir(tmp_path)
    for folder in ("x/telea", "y/telea", "telea (2)"):
        (tmp_path / folder).mkdir(parents=True)
        Image.new("RGB", (64, 64)).save(tmp_path / folder / "a.png")
    typed = ["x/telea", "telea", "y/telea", "telea (2)", str(tmp_path / "y" / "telea")]
    labels = [method.label for method in make_methods(typed, ["a"])]
    assert labels == ["telea", "telea (2)", "y/telea", "telea (2) (2)", typed[-1]]


def test_what_is_nothing_is_refused():
    with pytest.raises(ModelError):
        make_methods(["no-such-model"], [])
