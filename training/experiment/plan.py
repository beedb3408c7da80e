"""A plan is one TOML file that says a whole experiment: which recipes, which seeds, and what is measured how often."""

from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from inpaint.core.errors import RecipeError
from inpaint.training.evaluation.metrics import TRUTH_GROUPS
from inpaint.training.recipe import Recipe, Seed, load_recipe
from inpaint.training.recipe_errors import first_error
from inpaint.training.toml_files import changed_table, check_finite, shipped

IRREGULAR: Final = "irregular"
Hole = float | Literal["irregular"]
"""What is measured on: one square, by its side as a fraction of the picture's, or several irregular holes."""


class Measurement(BaseModel):
    """How a checkpoint is measured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every: int = Field(ge=1)
    """K: steps between two measurements; the last step is always measured."""
    sides: tuple[float, ...] = (0.125, 0.25, 0.375, 0.5)
    """Sides of the square holes, as fractions of the picture's; one hole per picture."""
    irregular: bool = False
    """Whether several irregular holes in each picture are measured on as well: paper 002 wants a user to give
    "variable size and multiple holes at arbitrary locations". Not where a model's hole is always in the middle."""
    pictures: int = Field(default=200, ge=2)
    """How many photographs, or as many as there are."""
    metrics: tuple[str, ...] = ("l1", "l2", "psnr", "ssim", "lpips")
    """Groups of `inpaint eval`: l1, l2, psnr, ssim, lpips, fid, is."""
    distance: Literal["alex", "squeeze", "vgg", "vgg19"] = "alex"
    """Network of the perceptual distance, the group lpips."""
    seed: Seed = 0
    """Decides where the holes are."""

    @model_validator(mode="after")
    def _known(self) -> "Measurement":
        unknown = sorted(set(self.metrics) - set(TRUTH_GROUPS))
        if unknown or not self.metrics:
            raise RecipeError(f"there are no metrics {', '.join(unknown)!r}; choose from {', '.join(TRUTH_GROUPS)}.")
        if not self.sides or not all(0 < side < 1 for side in self.sides) or list(self.sides) != sorted(self.sides):
            raise RecipeError("measure.sides needs fractions between 0 and 1, the smallest first.")
        return self


class Adjustment(BaseModel):
    """Settings for some cells only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: dict[str, tuple[str, ...]]
    """Values by axis: cells that have one of them on each are meant."""
    settings: tuple[str, ...]
    """As `--set` of `inpaint train`."""

    def fits(self, values: dict[str, str]) -> bool:
        """Tell whether a cell with these values is meant."""
        return all(values[axis] in wanted for axis, wanted in self.when.items())


@dataclass(frozen=True, slots=True)
class Cell:
    """One training of the matrix."""

    name: str
    """Also that of its folder."""
    values: dict[str, str]
    """Its place on every axis."""
    seed: int
    recipe: Recipe


class Plan(BaseModel):
    """A matrix of trainings: every combination of the axes' values, each with every seed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: str = ""
    """What question it answers, in one line."""
    recipe: str
    """Recipe of a cell, with the axes' names in braces: "{schedule}-{family}"."""
    axes: dict[str, tuple[str, ...]]
    compare: str
    """The axis whose values are compared: they are the lines of plots and tables, the others make separate ones."""
    seeds: tuple[Seed, ...] = (0,)
    settings: tuple[str, ...] = ()
    """Changes of every recipe, as `--set` of `inpaint train`."""
    adjust: tuple[Adjustment, ...] = ()
    """Further changes for some cells, made afterwards and in order."""
    measure: Measurement

    @model_validator(mode="after")
    def _fits_together(self) -> "Plan":
        if self.compare not in self.axes:
            raise RecipeError(f'compare = "{self.compare}" is none of the axes {", ".join(self.axes)}.')
        empty = [name for name, values in self.axes.items() if not values or len(set(values)) < len(values)]
        if empty or not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise RecipeError("every axis needs values, seeds need numbers, and none may stand there twice.")
        for adjustment in self.adjust:
            for axis, wanted in adjustment.when.items():
                strange = sorted(set(wanted) - set(self.axes.get(axis, ())))
                if strange:
                    raise RecipeError(f'adjust is for {axis} = "{strange[0]}", which is on no axis.')
        return self

    def cells(self) -> list[Cell]:
        """Write the matrix out, recipes read and checked. Raises `RecipeError` for a recipe that is not usable."""
        cells = []
        for chosen in product(*self.axes.values()):
            values = dict(zip(self.axes, chosen, strict=True))
            settings = [*self.settings]
            for adjustment in self.adjust:
                if adjustment.fits(values):
                    settings += adjustment.settings
            try:
                recipe = self.recipe.format(**values)
            except (KeyError, IndexError, ValueError) as error:
                raise RecipeError(
                    f"The plan's recipe {self.recipe!r} may have in braces: {', '.join(values)}."
                ) from error
            for seed in self.seeds:
                name = "-".join((*chosen, f"seed{seed}"))
                loaded = load_recipe(recipe, [*settings, f"seed={seed}"])
                if loaded.composites is not None:
                    raise RecipeError(f"{recipe} is a joint recipe, and an experiment compares fills; choose another.")
                cells.append(Cell(name, values, seed, loaded))
        return cells

    def to_toml(self) -> str:
        """Write every setting out; reading it back gives an equal plan."""
        return tomli_w.dumps(self.model_dump(mode="json"))


def plan_names() -> list[str]:
    """Name the plans that come with Inpaint."""
    return shipped("plans")


def load_plan(name_or_path: str, settings: list[str] | None = None) -> Plan:
    """Read a plan by name or from a .toml file, and change single values of it: `measure.every=100`.

    Raises `RecipeError` with one sentence about the first thing that is wrong.
    """
    table = changed_table("plans", name_or_path, settings)
    try:
        check_finite(table)
        return Plan.model_validate(table)
    except ValidationError as error:
        raise RecipeError(f"The plan {name_or_path} is not valid: {first_error(error, Plan, 'the plan')}.") from error
    except RecipeError as error:
        raise RecipeError(f"The plan {name_or_path} is not valid: {error}") from error
