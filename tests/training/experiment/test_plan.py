import pytest

from inpaint.core.errors import RecipeError
from inpaint.training.experiment.plan import load_plan, plan_names

FAMILIES = ("gated", "context-encoder", "free-form")
SCHEDULES = ("growing", "fixed", "reconstruction-first", "rising-adversarial")


@pytest.mark.parametrize("name", plan_names())
def test_every_shipped_plan_is_valid_and_survives_writing(name, tmp_path):
    plan = load_plan(name)
    copy = tmp_path / "plan.toml"
    copy.write_text(plan.to_toml(), "utf-8")
    assert load_plan(str(copy)) == plan
    cells = plan.cells()
    assert len({cell.name for cell in cells}) == len(cells)
    assert all(cell.recipe.seed == cell.seed for cell in cells)
    # K divides every schedule but for a last, shorter stretch: each is measured several times.
    assert all(cell.recipe.schedule.steps // plan.measure.every >= 2 for cell in cells)


@pytest.mark.parametrize(("name", "pictures"), [("growing-masks-coco", 5000), ("growing-masks-celeba", 10_000)])
def test_paper_002_s_plan_is_whole(name, pictures):
    plan = load_plan(name)
    assert plan.axes == {"family": FAMILIES, "schedule": SCHEDULES}
    assert [cell.recipe.name for cell in plan.cells()] == [f"{s}-{f}" for f in FAMILIES for s in SCHEDULES]
    assert plan.compare == "schedule"
    assert plan.measure.pictures == pictures
    assert plan.measure.irregular
    assert set(plan.measure.metrics) == {"l1", "l2", "psnr", "is", "fid"}
    assert all(cell.recipe.native_size == 128 for cell in plan.cells())
    # Measured whenever the mask has grown.
    assert {phase.steps for cell in plan.cells() for phase in cell.recipe.phases} == {plan.measure.every}


def test_paper_000_s_ablations_change_one_thing_each():
    cells = {cell.values["variant"]: cell.recipe for cell in load_plan("ablations").cells()}
    base = cells.pop("btgmi-256")
    assert {recipe.schedule.steps for recipe in cells.values()} == {base.schedule.steps} == {154_500}
    changed = {
        name.removeprefix("btgmi-256-"): {
            field
            for field in ("generator", "discriminator", "data", "holes", "objectives", "phases")
            if getattr(recipe, field) != getattr(base, field)
        }
        for name, recipe in cells.items()
    }
    assert changed == {
        "at-once": {"generator", "phases"},
        "no-annealing": {"phases"},
        "l2": {"objectives"},
        "vgg": {"objectives"},
        "vanilla": {"generator"},
        "interpolated": {"generator"},
        "dilated-interpolated": {"generator"},
    }
    assert cells["btgmi-256-at-once"].generator.blocks == 9 + sum(phase.grow for phase in base.phases)
    constant = cells["btgmi-256-no-annealing"].phases
    assert [phase.adversarial for phase in constant] == [1.0] * 4
    assert [phase.lr for phase in constant] == [phase.lr for phase in base.phases]


def test_small_plans_keep_the_question_of_the_full_ones():
    small = load_plan("growing-masks-small")
    full = load_plan("growing-masks-coco", [f"seeds={list(small.seeds)}"])
    assert (small.axes, small.recipe, small.compare) == (full.axes, full.recipe, full.compare)
    for one, other in zip(small.cells(), full.cells(), strict=True):
        assert [p.side for p in one.recipe.phases] == [p.side for p in other.recipe.phases]
        assert [p.adversarial for p in one.recipe.phases] == [p.adversarial for p in other.recipe.phases]
    ablations = load_plan("ablations-small")
    assert ablations.axes == load_plan("ablations").axes
    assert {cell.recipe.schedule.steps for cell in ablations.cells()} == {1950}


def test_the_question_of_growth_is_about_blocks_alone():
    cells = [cell for cell in load_plan("growth-small").cells() if cell.seed == 0]
    for rates in ("paper", "constant"):
        recipes = {cell.values["blocks"]: cell.recipe for cell in cells if cell.values["rates"] == rates}
        assert {recipe.schedule.steps for recipe in recipes.values()} == {2100}
        assert {tuple(phase.adversarial for phase in recipe.phases) for recipe in recipes.values()} == {
            (1.0, 0.1, 0.01, 0.001)
        }
        ends = {name: recipe.schedule.at(2099).grown + recipe.generator.blocks for name, recipe in recipes.items()}
        assert ends == {"head": 9, "one-more": 10, "two-more": 11, "three-more": 12, "twelve-at-once": 12}


def test_every_row_of_the_search_is_another_recipe_of_the_same_length():
    cells = [cell for cell in load_plan("recipe-search").cells() if cell.seed == 0]
    assert len({cell.recipe.to_toml() for cell in cells}) == len(cells)
    assert {cell.recipe.schedule.steps for cell in cells} == {600}
    assert {cell.recipe.native_size for cell in cells} == {128}


def test_seeds_multiply_the_matrix():
    plan = load_plan("debug", ["seeds=[3, 5]"])
    assert [cell.name for cell in plan.cells()][:2] == ["gated-growing-seed3", "gated-growing-seed5"]
    assert len(plan.cells()) == 12


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("compare=family2", "none of the axes"),
        ('measure.metrics=["beauty"]', "choose from l1"),
        ("measure.sides=[0.5, 0.25]", "smallest first"),
        ("measure.every=0", "measure.every"),
        ("axes.schedule=[]", "needs values"),
        ("seeds=[1, 1]", "twice"),
        ('adjust.0.when.family=["vae"]', "on no axis"),
        ("measure.speed=1", "measure.speed: there is no such key, choose one of every, sides"),
        ("foo=1", "foo: there is no such key, choose one of name, description, recipe, axes"),
        ("adjust.0.foo=1", "adjust.0.foo: there is no such key, choose one of when, settings"),
        ("measure.seed=-1", "measure.seed"),
        ("measure.sides=[0.5, nan]", "measure.sides.1 is nan"),
        ("seeds=[0, -1]", "seeds.1"),
        ("seeds=[5000000000]", "seeds.0"),
    ],
)
def test_what_is_wrong_is_one_sentence(setting, message):
    with pytest.raises(RecipeError, match=message) as caught:
        load_plan("debug", [setting])
    assert "\n" not in str(caught.value)


def test_recipes_that_do_not_exist_are_found_before_anything_is_trained():
    with pytest.raises(RecipeError, match="no recipe 'gated-growing'"):
        load_plan("debug", ["recipe={family}-{schedule}"]).cells()
    with pytest.raises(RecipeError, match="may have in braces: family, schedule"):
        load_plan("debug", ["recipe={model}"]).cells()
    with pytest.raises(RecipeError, match="no plan 'nowhere'"):
        load_plan("nowhere")


def test_a_plan_that_extends_itself_is_one_sentence(tmp_path):
    plan = tmp_path / "circle.toml"
    plan.write_text(f'extends = "{plan.as_posix()}"\n')
    with pytest.raises(RecipeError, match="extends itself"):
        load_plan(str(plan))
