"""The model that ships: present, small, within its contract, and worth shipping."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint.core import fill, load_engine
from inpaint.weights import resolve

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "docs" / "demo"
DATA = ROOT.parent / "shared" / "data"
MEGABYTES = 40


@pytest.fixture(scope="module")
def engine():
    return load_engine("default", device="cpu")


def test_it_is_there_and_small():
    file = resolve("default")
    assert file.stat().st_size < MEGABYTES * 1e6
    card = file.with_suffix(".md").read_text("utf-8")
    for word in ("Training data", "Steps", "Licence", "Limits"):
        assert word in card


def test_it_says_what_it_is(engine):
    assert engine.contract.name == "btgmi-default"
    assert engine.contract.precision == "int8"  # it is on a CPU
    assert engine.name == "btgmi-default-int8"
    assert load_engine("btgmi-default", device="cpu").contract.precision == "fp32"
    assert "recipe" in engine.contract.description


def test_it_clears_the_towers_from_the_demo_photograph(engine):
    photo = np.asarray(Image.open(DEMO / "photo.jpg").convert("RGB"))
    hole = np.asarray(Image.open(DEMO / "mask.png").convert("L")) > 127
    filled = fill(photo, hole, engine)
    assert np.array_equal(filled[~hole], photo[~hole])
    # The upper half of the left tower stands before the sky: what replaces it has the colour of the sky beside it.
    rows = slice(120, 240)
    tower = np.zeros_like(hole)
    tower[rows, 150:240] = hole[rows, 150:240]
    beside = np.zeros_like(hole)
    beside[rows, 150:250] = ~hole[rows, 150:250]
    sky = photo[beside].mean(axis=0)
    before, after = (np.abs(x[tower].astype(float) - sky).mean() for x in (photo, filled))
    assert after < 0.6 * before
    assert after < 12


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the validation photographs are not part of the project")
def test_it_beats_telea_on_photographs_it_has_not_seen(tmp_path):
    from inpaint.training.data.mask_sets import freeze
    from inpaint.training.evaluation.distance import Distance
    from inpaint.training.evaluation.fillers import make_methods
    from inpaint.training.evaluation.metrics import Judge
    from inpaint.training.evaluation.runner import evaluate
    from inpaint.training.evaluation.samples import Photographs

    photographs = Photographs(str(DATA / "val"), limit=60)
    judge = Judge(("ssim", "lpips"), Distance("vgg19", DATA / "backbones"))
    methods = make_methods(["default", "telea"], photographs.names)
    result = evaluate(methods, photographs, freeze(tmp_path, 60), judge)
    ours, telea = (result.summary(name) for name in ("default", "telea"))
    assert ours["lpips"].value < telea["lpips"].value
    assert ours["ssim"].value > telea["ssim"].value
