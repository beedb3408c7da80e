"""The joint model from a recipe to an ONNX file, and that a resumed training equals an uninterrupted one."""

import io
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.core import load_joint
from inpaint.core.errors import RecipeError
from inpaint.training.evaluation.run_engine import RunEngine
from inpaint.training.experiment.plan import load_plan
from inpaint.training.export.joint import export_joint
from inpaint.training.publishing.publish import build_folder
from inpaint.training.recipe import load_recipe
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.session import Options, run_training

RECIPE = """
name = "joint-test"
seed = 3
precision = "fp32"
sample_every = 100
checkpoint_every = 100
[generator]
family = "joint"
width = 4
blocks = 1
start = "push-pull"
tone = "curves"
[discriminator]
width = 4
scales = 1
[composites]
hold_back = 3
[data.default]
size = 64
batch = 2
[objectives.default]
ppl = 0.0
l1_hole = 6.0
[[phases]]
name = "head"
steps = 3
[[phases]]
name = "block"
steps = 2
grow = true
"""


@pytest.fixture(scope="module")
def segments(tmp_path_factory, picture):
    file = tmp_path_factory.mktemp("segments") / "a.tar"
    labels = np.zeros((100, 120), np.uint8)
    labels[30:70, 40:80] = 1
    with tarfile.open(file, "w") as tar:
        for key in range(6):
            for suffix, array in (("webp", picture(100, 120, key)), ("png", labels)):
                buffer = io.BytesIO()
                Image.fromarray(array).save(buffer, "WEBP" if suffix == "webp" else "PNG")
                member = tarfile.TarInfo(f"{key:06}.{suffix}")
                member.size = buffer.tell()
                tar.addfile(member, io.BytesIO(buffer.getvalue()))
    return file


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    file = tmp_path_factory.mktemp("recipe") / "joint.toml"
    file.write_text(RECIPE)
    return load_recipe(str(file))


def test_train_resume_and_export(tmp_path, segments, recipe):
    def options(name, **changes):
        return Options(data=str(segments), out=tmp_path / name, device="cpu", **changes)

    assert run_training(recipe, options("whole")) == 5
    run_training(recipe, options("parts"), [lambda report: report.step == 2])
    run_training(recipe, options("parts", resume=True))
    whole, parts = (RunDirectory(tmp_path / name).load()[0] for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    assert list((tmp_path / "whole" / "samples").glob("*.png"))

    contract, parities = export_joint(tmp_path / "whole", tmp_path / "joint.onnx")
    assert max(parity.largest for parity in parities) < 1e-3
    assert load_joint(tmp_path / "joint.onnx", "cpu", 1).contract == contract

    with pytest.raises(RecipeError, match="holds a joint model"):
        RunEngine(tmp_path / "whole")
    with pytest.raises(RecipeError, match="holds a joint model"):
        build_folder(tmp_path / "whole", "user/repo", tmp_path / "published")
    assert not (tmp_path / "published").exists()


def test_an_experiment_compares_fills():
    with pytest.raises(RecipeError, match="a joint recipe"):
        load_plan("debug", ['recipe="btgmi-joint-cpu"', "adjust=[]", "settings=[]"]).cells()


def test_composites_and_the_family_belong_together(tmp_path):
    for table in ("[composites]\n", '[generator]\nfamily = "joint"\n'):
        file = tmp_path / "x.toml"
        file.write_text(f'name = "x"\n{table}[[phases]]\nname = "a"\nsteps = 1\n')
        with pytest.raises(RecipeError, match="belong together"):
            load_recipe(str(file))


@pytest.mark.parametrize("name", ["btgmi-joint", "btgmi-joint-cpu"])
def test_the_recipes_that_ship_are_valid(name):
    assert load_recipe(name).composites is not None
