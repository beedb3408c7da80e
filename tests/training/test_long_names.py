"""A name longer than the system allows is told like one that is not there."""

import os
from pathlib import Path

import pytest

from inpaint.core.errors import MaskError, ModelError, OutputError, RecipeError
from inpaint.core.losses import LpipsFeatures
from inpaint.training.data.mask_sets import freeze, open_mask_set
from inpaint.training.data.segments import open_segments
from inpaint.training.data.sources import open_source
from inpaint.training.evaluation.fillers import make_methods
from inpaint.training.recipe import load_recipe
from inpaint.training.run.directory import RunDirectory
from inpaint.training.segmenter.run_directory import SegmenterRun

LONG = "a" * 300

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")


@pytest.mark.parametrize(
    ("use", "error", "sentence"),
    [
        (lambda: open_source(LONG), RecipeError, "does not exist"),
        (lambda: open_source(f"{LONG}/*.tar"), RecipeError, "does not exist"),
        (lambda: open_segments(LONG), RecipeError, "No segmented pictures"),
        (lambda: open_segments(f"{LONG}.json"), RecipeError, "No segmented pictures"),
        (lambda: open_mask_set(Path(LONG)), MaskError, "No masks"),
        (lambda: freeze(Path(LONG), 1), OutputError, "cannot be made"),
        (lambda: LpipsFeatures("alex", Path(LONG)), RecipeError, "No alexnet"),
        (lambda: make_methods([LONG], ["000"], "cpu"), ModelError, "No model is called"),
        (lambda: RunDirectory(Path(LONG)).recipe(), RecipeError, "not a run directory"),
        (lambda: RunDirectory(Path(LONG)).load(), RecipeError, "has no checkpoint"),
        (lambda: RunDirectory(Path(LONG)).create(load_recipe("debug"), {}), OutputError, "cannot be written"),
        (lambda: SegmenterRun(Path(LONG)).read(), RecipeError, "not the run directory of a segmenter"),
    ],
)
def test_it_is_told_in_one_sentence(use, error, sentence):
    with pytest.raises(error, match=sentence):
        use()


def test_nothing_is_there_to_go_on_from():
    RunDirectory(Path(LONG)).check_free()
    assert RunDirectory(Path(LONG)).last_step() is None
    assert not SegmenterRun(Path(LONG)).exists()
