import pytest

from inpaint.core.errors import RecipeError
from inpaint.training.recipe import Recipe, load_recipe, recipe_digest, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_is_valid_and_survives_writing(name, tmp_path):
    recipe = load_recipe(name)
    copy = tmp_path / "recipe.toml"
    copy.write_text(recipe.to_toml(), "utf-8")
    assert load_recipe(str(copy)) == recipe
    assert recipe_digest(load_recipe(str(copy))) == recipe_digest(recipe)


def test_btgmi_256_is_algorithm_1_to_the_number():
    recipe = load_recipe("btgmi-256")
    assert recipe.generator.width == 64
    assert recipe.generator.blocks == 9
    assert recipe.generator.convolution == "dilated"
    assert recipe.generator.start == "zeros"
    assert recipe.discriminator.scales == 3
    data, holes, objective = recipe.data["default"], recipe.holes["default"], recipe.objectives["default"]
    assert (data.size, data.batch, data.flip) == (256, 8, True)
    assert (holes.rectangles, holes.side, holes.strokes) == ((1, 2), (0.25, 0.5), 0.0)
    assert (objective.ppl, objective.backbone, objective.adversarial) == (10.0, "alex", "log")
    assert objective.l1_hole == objective.l2_hole == objective.vgg == 0.0
    assert objective.patches == "cropped"
    assert (recipe.precision, recipe.ema) == ("fp32", 0.0)
    assert [p.steps for p in recipe.phases] == [150_000, 1500, 1500, 1500]
    assert [p.lr for p in recipe.phases] == pytest.approx([2e-4 * 0.1**i for i in range(4)])
    assert [p.adversarial for p in recipe.phases] == pytest.approx([0.1**i for i in range(4)])
    assert [p.grow for p in recipe.phases] == [False, True, True, True]


def test_btgmi_512_differs_in_size_only():
    small, large = load_recipe("btgmi-256"), load_recipe("btgmi-512")
    assert large.data["default"].size == 512
    assert large.phases == small.phases
    assert large.generator == small.generator


@pytest.mark.parametrize("name", [name for name in recipe_names() if name.startswith("btgmi-256-")])
def test_ablations_differ_from_the_published_recipe_in_what_they_are_about(name):
    ours, published = load_recipe(name), load_recipe("btgmi-256")
    assert (ours.precision, ours.ema, ours.data, ours.holes) == ("fp32", 0.0, published.data, published.holes)
    changed = [
        field
        for field in ("generator", "discriminator", "objectives", "phases")
        if getattr(ours, field) != getattr(published, field)
    ]
    assert len(changed) == (2 if name == "btgmi-256-at-once" else 1)


def test_settings_reach_every_depth():
    recipe = load_recipe(
        "btgmi-256", ["data.default.size=128", "phases.0.steps=500", "name=mine", "generator.start=push-pull"]
    )
    assert recipe.data["default"].size == 128
    assert recipe.phases[0].steps == 500
    assert recipe.name == "mine"
    assert recipe.generator.start == "push-pull"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("data.default.size=100", "multiple of 32"),
        ("data.default.size=96", "too small"),
        ("phases.9.steps=1", "no place"),
        ("nonsense", "key=value"),
        ("generator.depth=3", "generator.depth: there is no such key, choose one of family, .*blocks"),
        ("foo=1", "foo: there is no such key, choose one of name, description, seed, .*phases, curriculum"),
        ("discriminator.foo=1", "discriminator.foo: there is no such key, choose one of .*scales"),
        ("data.default.foo=1", "data.default.foo: there is no such key, choose one of size, zoom, flip, batch"),
        ("holes.default.foo=1", "holes.default.foo: there is no such key, choose one of rectangles, side"),
        ("objectives.default.foo=1", "there is no such key, choose one of ppl, l1_hole"),
        ("phases.0.foo=1", "phases.0.foo: there is no such key, choose one of name, steps, lr"),
        ("composites.foo=1", "composites.foo: there is no such key, choose one of strength"),
        ("generator.convolution=deformable", "convolution"),
        ("phases.0.holes=huge", "no such table"),
        ("precision=fp64", "precision"),
        ("phases.0.steps=many", "steps"),
        ("name.deeper=1", "no place"),
        ("data.default.zoom=[1.0, inf]", "data.default.zoom.1 is inf"),
        ("phases.0.lr=nan", "phases.0.lr is nan"),
        ("seed=-1", "seed: .* greater than or equal to 0"),
        ("seed=5000000000", "seed: .* less than 4294967296"),
    ],
)
def test_what_is_wrong_is_one_sentence(setting, message):
    with pytest.raises(RecipeError, match=message) as caught:
        load_recipe("btgmi-256", [setting])
    assert "\n" not in str(caught.value)


def test_a_key_of_another_family_is_refused_with_its_own():
    with pytest.raises(RecipeError, match=r"generator\.foo: there is no such key, choose one of .*bottleneck"):
        load_recipe("fixed-context-encoder", ["generator.foo=1"])
    with pytest.raises(RecipeError, match=r"curriculum\.foo: there is no such key, choose one of stages, steps"):
        load_recipe("fixed-context-encoder", ["curriculum.foo=1"])


def test_unknown_recipes_name_the_known_ones(tmp_path):
    with pytest.raises(RecipeError, match="btgmi-256"):
        load_recipe("no-such-recipe")
    broken = tmp_path / "broken.toml"
    broken.write_text("name = [")
    with pytest.raises(RecipeError, match="not valid TOML"):
        load_recipe(str(broken))
    broken.write_text('name = "x"')
    with pytest.raises(RecipeError, match="phases"):
        load_recipe(str(broken))


@pytest.mark.parametrize("word", ["5", "['btgmi-256']", "{name = 'btgmi-256'}"])
def test_a_recipe_extends_another_by_name(tmp_path, word):
    mine = tmp_path / "mine.toml"
    mine.write_text(f"extends = {word}\n")
    with pytest.raises(RecipeError, match=r"mine\.toml .*`extends`"):
        load_recipe(str(mine))


def test_extending_changes_what_it_names(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "btgmi-256"\nname = "mine"\n[holes.default]\nside = [0.1, 0.2]\n')
    recipe = load_recipe(str(mine))
    assert recipe.holes["default"].side == (0.1, 0.2)
    assert recipe.holes["default"].rectangles == (1, 2)
    assert recipe.native_hole == round(256 * 0.2)


def test_a_batch_must_be_divisible_into_its_parts():
    assert load_recipe("debug", ["phases.0.accumulate=2"]).phases[0].accumulate == 2
    with pytest.raises(RecipeError, match="in 3 parts"):
        load_recipe("debug", ["phases.0.accumulate=3"])
    with pytest.raises(RecipeError, match="at least one part"):
        load_recipe("debug", ["phases.0.accumulate=0"])


@pytest.mark.parametrize("family", ["gated", "context-encoder", "free-form"])
def test_only_what_can_grow_is_asked_to(family):
    with pytest.raises(RecipeError, match=r"'stage 8' grows a block, .* leave `grow` out"):
        Recipe.model_validate(with_phases(f"growing-{family}", 7, grow=True))
    assert load_recipe("btgmi-joint", ["phases.0.grow=true"]).phases[0].grow


def test_a_context_encoder_takes_no_pictures_one_by_one():
    with pytest.raises(RecipeError, match=r"'stage 3' takes 1 picture at a time, .* at least 2"):
        Recipe.model_validate(with_phases("fixed-context-encoder", 2, accumulate=16))
    assert Recipe.model_validate(with_phases("fixed-context-encoder", 2, accumulate=8)).phases[2].accumulate == 8
    with pytest.raises(RecipeError, match="takes 1 picture at a time"):
        load_recipe("fixed-context-encoder", ["data.default.batch=1"])
    assert load_recipe("fixed-gated", ["data.default.batch=1"]).data["default"].batch == 1


@pytest.mark.parametrize(
    "setting",
    ["holes.default.strokes=0.5", "holes.default.side=[0.1, 0.2]", "holes.default.objects=1.0", "phases.0.side=0.5"],
)
def test_a_joint_recipe_says_nothing_of_holes(setting):
    with pytest.raises(RecipeError, match=r"learns from composites.*\[composites\]"):
        load_recipe("btgmi-joint", [setting])


def with_phases(name, index, **changes):
    """The table of a recipe with its phases written out, and one of them changed."""
    table = load_recipe(name).model_dump()
    table["phases"][index].update(changes)
    return table
