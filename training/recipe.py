"""A recipe is one TOML file that says a whole training. This file reads, checks and writes it."""

import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from inpaint.core.errors import InpaintError, RecipeError
from inpaint.core.losses import ObjectiveConfig
from inpaint.core.nets import DiscriminatorConfig, GeneratorConfig
from inpaint.core.trainers import Family, Phase, Schedule, build_family
from inpaint.training.holes import HoleConfig
from inpaint.training.pictures import CropConfig


class Recipe(BaseModel):
    """Everything that decides a training besides the pictures themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """Short name, also that of the exported model."""
    description: str = ""
    """One line for people."""
    seed: int = 0
    """Decides every random number."""
    precision: Literal["bf16", "fp32"] = "bf16"
    """Arithmetic of the forward passes; weights and optimisers are always float32."""
    sync_batch_norm: bool = True
    """With several processes: whether batch norm sees the pictures of all of them, or each process its own."""
    ema: float = Field(default=0.999, ge=0, lt=1)
    """Decay of the generator's moving average, per step."""
    log_every: int = Field(default=50, ge=1)
    """Steps between two lines of the log."""
    sample_every: int = Field(default=1000, ge=1)
    """Steps between two validations and sample grids."""
    checkpoint_every: int = Field(default=1000, ge=1)
    """Steps between two checkpoints."""
    keep: int = Field(default=3, ge=1)
    """How many of the last checkpoints stay on disk, besides the best one."""
    generator: GeneratorConfig = GeneratorConfig()
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    data: dict[str, CropConfig] = {"default": CropConfig()}
    holes: dict[str, HoleConfig] = {"default": HoleConfig()}
    objectives: dict[str, ObjectiveConfig] = {"default": ObjectiveConfig()}
    phases: tuple[Phase, ...]

    @model_validator(mode="after")
    def _fits_together(self) -> "Recipe":
        for phase in self.phases:
            for field in ("data", "holes", "objective"):
                table = self.objectives if field == "objective" else getattr(self, field)
                if getattr(phase, field) not in table:
                    raise RecipeError(f"The phase {phase.name!r} wants {field}.{getattr(phase, field)}: no such table.")
            if self.data[phase.data].batch % phase.accumulate:
                raise RecipeError(
                    f"The phase {phase.name!r} takes its batch of {self.data[phase.data].batch} in {phase.accumulate} "
                    "parts; choose a number that divides it."
                )
        for name, crops in self.data.items():
            smallest = self.family.smallest_size
            if crops.size < smallest:
                raise RecipeError(
                    f"data.{name}.size = {crops.size} is too small for the discriminators: take at least {smallest}, "
                    "or fewer scales."
                )
        Schedule(self.phases)
        return self

    @property
    def family(self) -> Family:
        """The kind of model that the two network tables describe."""
        return build_family(self.generator, self.discriminator)

    @property
    def schedule(self) -> Schedule:
        """The phases as a schedule."""
        return Schedule(self.phases)

    @property
    def native_size(self) -> int:
        """Side in pixels of the crops that the last phase trains on."""
        return self.data[self.phases[-1].data].size

    @property
    def native_hole(self) -> int:
        """Side in pixels of the largest rectangle that the last phase trains on."""
        return round(self.native_size * self.holes[self.phases[-1].holes].side[1])

    def to_toml(self) -> str:
        """Write every setting out; reading it back gives an equal recipe."""
        record = self.model_dump(mode="json", exclude_none=True)
        return tomli_w.dumps(record)


def recipe_names() -> list[str]:
    """Name the recipes that come with Inpaint."""
    folder = resources.files("inpaint.training") / "recipes"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_recipe(name_or_path: str, settings: list[str] | None = None) -> Recipe:
    """Read a recipe by name or from a .toml file, and change single settings.

    settings: `key=value` each, the key dotted (`data.default.size=128`, `phases.0.steps=500`), the value as in TOML.
    Raises `RecipeError` with one sentence about the first thing that is wrong.
    """
    record = _read(name_or_path)
    for setting in settings or []:
        _set(record, setting)
    try:
        return Recipe.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the recipe"
        raise RecipeError(f"The recipe {name_or_path} is not valid: {where}: {first['msg']}.") from error
    except InpaintError as error:
        raise RecipeError(f"The recipe {name_or_path} is not valid: {error}") from error


def _read(name_or_path: str) -> dict[str, Any]:
    """Read the table of a recipe, with what it extends underneath."""
    if name_or_path in recipe_names():
        text = (resources.files("inpaint.training") / "recipes" / f"{name_or_path}.toml").read_text("utf-8")
    else:
        try:
            text = Path(name_or_path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            known = ", ".join(recipe_names())
            raise RecipeError(f"There is no recipe {name_or_path!r}; give a .toml file or one of: {known}.") from error
    try:
        record = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"The recipe {name_or_path} is not valid TOML: {error}.") from error
    base = record.pop("extends", None)
    return record if base is None else _merge(_read(base), record)


def _merge(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Lay one table over another: tables are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in change.items():
        both_tables = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both_tables else value
    return merged


def _set(record: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise RecipeError(f"--set needs key=value, such as --set data.default.size=128, and not {setting!r}.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *path, last = key.strip().split(".")
    here: Any = record
    try:
        for part in path:
            here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
        here[int(last) if isinstance(here, list) else last] = value
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise RecipeError(f"--set {setting}: the recipe has no place {key!r}.") from error


def recipe_digest(recipe: Recipe) -> str:
    """Name the exact recipe in twelve characters, for logs and reports."""
    import hashlib

    return hashlib.sha256(json.dumps(recipe.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:12]
