"""Paper 002's schedules, step by step: size of the hole, adversarial weight, learning rate."""

import pytest

from inpaint.core.errors import RecipeError
from inpaint.core.trainers import Schedule
from inpaint.training.curriculum import Curriculum
from inpaint.training.recipe import load_recipe, recipe_names

FAMILIES = ("gated", "context-encoder", "free-form")
SCHEDULES = ("fixed", "growing", "reconstruction-first", "rising-adversarial")
K = 25_000


@pytest.mark.parametrize(
    ("schedule", "step", "side", "adversarial"),
    [
        ("growing", 0, 8, 1),
        ("growing", K - 1, 8, 1),
        ("growing", K, 16, 1),
        ("growing", 4 * K, 40, 1),
        ("growing", 7 * K, 64, 1),
        ("growing", 8 * K - 1, 64, 1),
        ("fixed", 0, 64, 1),
        ("fixed", 8 * K - 1, 64, 1),
        ("reconstruction-first", 0, 64, 0),
        ("reconstruction-first", 2 * K - 1, 64, 0),
        ("reconstruction-first", 2 * K, 64, 1),
        ("reconstruction-first", 8 * K - 1, 64, 1),
        ("rising-adversarial", 0, 64, 1 / 8),
        ("rising-adversarial", K, 64, 2 / 8),
        ("rising-adversarial", 7 * K, 64, 1),
    ],
)
@pytest.mark.parametrize(
    ("family", "full", "lr"), [("gated", 0.1, 2e-4), ("context-encoder", 0.001, 2e-4), ("free-form", 1.0, 1e-4)]
)
def test_every_schedule_step_by_step(family, full, lr, schedule, step, side, adversarial):
    recipe = load_recipe(f"{schedule}-{family}")
    moment = recipe.schedule.at(step)
    assert round(128 * moment.phase.side) == side
    assert moment.adversarial == pytest.approx(adversarial * full)
    assert moment.lr == lr


@pytest.mark.parametrize("family", FAMILIES)
def test_the_schedules_of_a_family_differ_in_nothing_else(family):
    recipes = [load_recipe(f"{schedule}-{family}") for schedule in SCHEDULES]
    for field in ("generator", "discriminator", "data", "holes", "objectives", "seed", "precision", "ema"):
        assert all(getattr(recipe, field) == getattr(recipes[0], field) for recipe in recipes)
    assert {recipe.schedule.steps for recipe in recipes} == {8 * K}
    assert {recipe.native_hole for recipe in recipes} == {64}


def test_the_matrix_of_the_paper_is_complete():
    assert {f"{schedule}-{family}" for schedule in SCHEDULES for family in FAMILIES} <= set(recipe_names())


def test_the_rate_falls_in_one_line_through_all_stages():
    schedule = Schedule(Curriculum(stages=4, steps=10, lr=1e-3, lr_end=2e-4).phases())
    rates = [schedule.at(step).lr for step in range(40)]
    assert rates == pytest.approx([1e-3 - 8e-4 * step / 40 for step in range(40)])


def test_the_recipe_that_is_kept_has_its_phases_spelled_out(tmp_path):
    recipe = load_recipe("growing-gated", ["curriculum.steps=5"])
    assert "curriculum" not in recipe.to_toml()
    (tmp_path / "recipe.toml").write_text(recipe.to_toml(), "utf-8")
    assert load_recipe(str(tmp_path / "recipe.toml")) == recipe
    assert [phase.side for phase in recipe.phases] == pytest.approx([n / 16 for n in range(1, 9)])


def test_without_sides_the_holes_are_the_policy_s():
    assert {phase.side for phase in Curriculum(steps=5).phases()} == {None}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("curriculum.stages=0", "at least one stage"),
        ("curriculum.reconstruction_only=8", "adversarial loss"),
        ("curriculum.steps=many", "curriculum.steps"),
        ("curriculum.side=[0.5, 2.0]", "between 0 and 1"),
        ("curriculum.growth=2", "curriculum.growth"),
        ('phases=[{name="x", steps=1}]', "leave one of them out"),
    ],
)
def test_what_is_wrong_is_one_sentence(setting, message):
    with pytest.raises(RecipeError, match=message) as caught:
        load_recipe("growing-gated", [setting])
    assert "\n" not in str(caught.value)


def test_a_discriminator_that_does_not_fit_is_one_sentence():
    with pytest.raises(RecipeError, match='"context-encoder" is judged by a discriminator of kind "centre"'):
        load_recipe("fixed-context-encoder", ["discriminator.kind=patchgan"])
    with pytest.raises(RecipeError, match=r"discriminator\.scales"):
        load_recipe("fixed-gated", ["discriminator.scales=3"])
    with pytest.raises(RecipeError, match="no such family, choose one of btgmi"):
        load_recipe("fixed-gated", ["generator.family=diffusion"])
