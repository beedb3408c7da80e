"""docs/training.md says of every key of a recipe what the code says, and its recipe of ten lines is one."""

import importlib.util
import re
from pathlib import Path

from inpaint.training.recipe import load_recipe

DOCS = Path(__file__).resolve().parents[2] / "docs"


def make_recipe_keys():
    spec = importlib.util.spec_from_file_location("make_recipe_keys", DOCS / "make_recipe_keys.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_code():
    maker = make_recipe_keys()
    text = (DOCS / "training.md").read_text("utf-8")
    shown = text.split(maker.BEGIN)[1].split(maker.END)[0]
    assert shown.strip() == maker.render().strip(), "run python docs/make_recipe_keys.py"


def test_every_key_has_a_meaning():
    maker = make_recipe_keys()
    kinds = [kind for _, kind in maker.tables()]
    assert len(kinds) == 16
    for kind in kinds:
        for key, default, meaning in maker.keys(kind):
            assert meaning.endswith("."), (kind, key)
            assert default


def test_the_recipe_of_ten_lines_is_one(tmp_path):
    (block,) = re.findall(r"```toml\n(.*?)```", (DOCS / "training.md").read_text("utf-8"), flags=re.DOTALL)
    assert sum(map(bool, block.splitlines())) <= 10
    (tmp_path / "mine.toml").write_text(block)
    recipe = load_recipe(str(tmp_path / "mine.toml"))
    assert recipe.schedule.steps == 8 * 5000
    assert (recipe.phases[0].side, recipe.phases[-1].side) == (0.0625, 0.5)
    assert recipe.phases[-1].lr_end == 2e-5
    assert recipe.holes["default"].strokes == 0.35
