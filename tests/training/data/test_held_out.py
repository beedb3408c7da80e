"""Without photographs to validate on, some are kept from training; a training that goes on keeps what it began with."""

import json

import pytest
from PIL import Image

from inpaint.training.data.held_out import held_count, hold_out
from inpaint.training.data.sources import open_source
from inpaint.training.data.training_data import open_training_data
from inpaint.training.recipe import load_recipe
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.session import Options, open_data


@pytest.fixture(scope="module")
def thirty(picture, tmp_path_factory):
    folder = tmp_path_factory.mktemp("thirty")
    for number in range(30):
        Image.fromarray(picture(40, 48, number)).save(folder / f"{number:02}.png")
    return folder


@pytest.mark.parametrize(("pictures", "held"), [(6, 0), (9, 0), (10, 1), (159, 15), (160, 16), (10**6, 16)])
def test_sixteen_are_held_out_where_there_are_enough(pictures, held):
    assert held_count(pictures, 16) == held


def test_what_is_held_out_is_not_trained_on(thirty):
    source = open_source(str(thirty))
    trained, held = hold_out(source, 3)
    names = [[part.name(index) for index in range(len(part))] for part in (trained, held)]
    assert names[1] == ["00", "14", "29"]
    assert sorted(names[0] + names[1]) == [source.name(index) for index in range(30)]
    assert held.read(1) == source.read(14)
    assert held.place(2) == source.place(29)
    assert hold_out(source, 0) == (source, source)


def test_it_is_said(thirty, photographs):
    recipe = load_recipe("debug")
    some = open_training_data(recipe, str(thirty))
    assert (some.total, some.held_out, len(some.fixed().image)) == (27, 3, 3)
    assert some.validated_on.startswith("3 of the photographs are kept from training")
    few = open_training_data(recipe, str(photographs))
    assert (few.total, few.held_out) == (6, 0)
    assert few.validated_on.startswith("Too few photographs to keep any from training: 6 that are trained on")
    others = open_training_data(recipe, str(thirty), str(photographs))
    assert (others.total, others.held_out) == (30, 0)
    assert others.validated_on == "Validated on 6 photographs of --val."
    assert "give --val" in open_training_data(recipe, "http://127.0.0.1:1/{0..1}.tar").validated_on


@pytest.mark.parametrize(("origin", "trained"), [({}, 30), ({"held_out": 3}, 27), ({"held_out": 0}, 30)])
def test_a_training_that_goes_on_keeps_what_it_began_with(thirty, photographs, tmp_path, origin, trained):
    """One from before there was anything to hold out, too; and --val given on the way changes no step."""
    recipe, run = load_recipe("debug"), RunDirectory(tmp_path)
    run.create(recipe, origin)
    for val in (None, str(photographs)):
        data = open_data(recipe, Options(data=str(thirty), out=tmp_path, val=val, resume=True))
        assert data.total == trained
    assert open_data(recipe, Options(data=str(thirty), out=tmp_path)).total == 27


def test_where_the_data_is_now_is_remembered(tmp_path):
    run = RunDirectory(tmp_path)
    run.create(load_recipe("debug"), {"data": "old", "val": "there", "start_from": "default", "held_out": 3})
    run.remember_origin(Options(data="new", out=tmp_path).origin())
    origin = json.loads(run.origin_file.read_text())
    assert origin["data"].endswith("/new")
    assert (origin["val"], origin["start_from"], origin["held_out"]) == ("there", "default", 3)
