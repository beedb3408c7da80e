"""A recipe is one TOML file that says a whole training. This file reads, checks and writes it."""

import json
from typing import Annotated, Any, Literal

import tomli_w
import torch
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from inpaint.core.errors import InpaintError, RecipeError
from inpaint.core.losses import ObjectiveConfig
from inpaint.core.nets import (
    CentreDiscriminatorConfig,
    ContextEncoderConfig,
    DiscriminatorConfig,
    FreeFormConfig,
    GatedConfig,
    GeneratorConfig,
    Growing,
    JointConfig,
    LayerDiscriminatorConfig,
)
from inpaint.core.trainers import Family, Phase, Schedule, build_family
from inpaint.training.curriculum import expand
from inpaint.training.data.composites import CompositeConfig
from inpaint.training.data.crops import CropConfig
from inpaint.training.data.holes import HoleConfig, holes_of
from inpaint.training.recipe_errors import first_error
from inpaint.training.toml_files import SEEDS, changed_table, check_finite, shipped


def _by(field: str, default: str, *others: str) -> Discriminator:
    """Choose the dataclass of a table by one of its fields; without a word about it, the default one."""
    return Discriminator(
        lambda table: table.get(field, default) if isinstance(table, dict) else getattr(table, field, default),
        custom_error_type="unknown",
        custom_error_message=f"there is no such {field}, choose one of {', '.join((default, *others))}",
    )


GeneratorTable = Annotated[
    Annotated[GeneratorConfig, Tag("btgmi")]
    | Annotated[JointConfig, Tag("joint")]
    | Annotated[GatedConfig, Tag("gated")]
    | Annotated[ContextEncoderConfig, Tag("context-encoder")]
    | Annotated[FreeFormConfig, Tag("free-form")],
    _by("family", "btgmi", "joint", "gated", "context-encoder", "free-form"),
]
DiscriminatorTable = Annotated[
    Annotated[DiscriminatorConfig, Tag("patchgan")]
    | Annotated[LayerDiscriminatorConfig, Tag("layers")]
    | Annotated[CentreDiscriminatorConfig, Tag("centre")],
    _by("kind", "patchgan", "layers", "centre"),
]


Seed = Annotated[int, Field(ge=0, lt=SEEDS)]


class Recipe(BaseModel):
    """Everything that decides a training besides the pictures themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """Short name, also that of the exported model."""
    description: str = ""
    """One line for people."""
    seed: Seed = 0
    """Random seed."""
    precision: Literal["bf16", "fp32"] = "bf16"
    """Arithmetic of the forward passes; weights and optimisers are always float32."""
    sync_batch_norm: bool = True
    """With several processes: whether batch norm sees the pictures of all of them, or each process its own."""
    ema: float = Field(default=0.999, ge=0, lt=1)
    """Decay of the generator's moving average, per step."""
    log_every: int = Field(default=50, ge=1)
    """Steps from one line of the log to the next."""
    sample_every: int = Field(default=1000, ge=1)
    """Steps between two validations and sample grids."""
    checkpoint_every: int = Field(default=1000, ge=1)
    """Steps between two checkpoints."""
    keep: int = Field(default=3, ge=1)
    """How many of the last checkpoints are kept, besides the best one."""
    generator: GeneratorTable = GeneratorConfig()
    discriminator: DiscriminatorTable = DiscriminatorConfig()
    data: dict[str, CropConfig] = {"default": CropConfig()}
    holes: dict[str, HoleConfig] = {"default": HoleConfig()}
    composites: CompositeConfig | None = None
    """How the composites of a joint model are made; such a model learns from segmented pictures."""
    objectives: dict[str, ObjectiveConfig] = {"default": ObjectiveConfig()}
    phases: tuple[Phase, ...]
    """One after the other; a file may say them as a [curriculum] instead."""

    @model_validator(mode="before")
    @classmethod
    def _expand_curriculum(cls, table: Any) -> Any:
        return expand(table) if isinstance(table, dict) and "curriculum" in table else table

    @model_validator(mode="after")
    def _fits_together(self) -> "Recipe":
        family = self.family
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
            part = self.data[phase.data].batch // phase.accumulate
            if part < family.smallest_batch:
                raise RecipeError(
                    f"The phase {phase.name!r} takes {part} picture at a time, and this family learns from at least "
                    f"{family.smallest_batch}; raise data.{phase.data}.batch, or lower accumulate."
                )
        growing = next((phase for phase in self.phases if phase.grow), None)
        if growing is not None and not self._can_grow:
            raise RecipeError(
                f"The phase {growing.name!r} grows a block, and the family {self.generator.family!r} cannot; leave "
                "`grow` out."
            )
        for name, crops in self.data.items():
            if crops.size < family.smallest_size:
                raise RecipeError(
                    f"data.{name}.size = {crops.size} is too small for the networks: take at least "
                    f"{family.smallest_size}, or networks made for less."
                )
        if (self.composites is not None) != isinstance(self.generator, JointConfig):
            raise RecipeError('A table [composites] and the generator family "joint" belong together.')
        holes_said = self.holes != {"default": HoleConfig()} or any(phase.side is not None for phase in self.phases)
        if self.composites is not None and holes_said:
            raise RecipeError(
                "A joint model learns from composites, whose holes the table [composites] describes; leave out [holes] "
                "and the `side` of phases."
            )
        Schedule(self.phases)
        return self

    @property
    def _can_grow(self) -> bool:
        """Whether the generator takes blocks; asked of the network itself, built without any numbers in it."""
        with torch.device("meta"):
            return isinstance(self.family.build_generator(), Growing)

    @property
    def family(self) -> Family:
        """The kind of model that the two network tables describe."""
        return build_family(self.generator, self.discriminator)

    @property
    def schedule(self) -> Schedule:
        """The phases as a schedule."""
        return Schedule(self.phases)

    @property
    def wants_shapes(self) -> bool:
        """Whether some of its holes are outlines of objects."""
        return any(holes.objects for holes in self.holes.values())

    @property
    def native_size(self) -> int:
        """Side in pixels of the crops that the last phase trains on."""
        return self.data[self.phases[-1].data].size

    @property
    def native_holes(self) -> HoleConfig:
        """The holes that the last phase trains on."""
        return holes_of(self.phases[-1], self.holes)

    @property
    def native_hole(self) -> int:
        """Side in pixels of the largest rectangle that the last phase trains on."""
        return round(self.native_size * self.native_holes.side[1])

    def to_toml(self) -> str:
        """Write every setting out; reading it back gives an equal recipe."""
        record = self.model_dump(mode="json", exclude_none=True)
        return tomli_w.dumps(record)


def recipe_names() -> list[str]:
    """Name the recipes that come with Inpaint."""
    return shipped("recipes")


def load_recipe(name_or_path: str, settings: list[str] | None = None) -> Recipe:
    """Read a recipe by name or from a .toml file, and change single settings.

    settings: `key=value` each, the key dotted (`data.default.size=128`, `phases.0.steps=500`), the value as in TOML.
    Raises `RecipeError` with one sentence about the first thing that is wrong.
    """
    record = changed_table("recipes", name_or_path, settings)
    try:
        check_finite(record)
        return Recipe.model_validate(record)
    except ValidationError as error:
        first = first_error(error, Recipe, "the recipe", "curriculum")
        raise RecipeError(f"The recipe {name_or_path} is not valid: {first}.") from error
    except InpaintError as error:
        raise RecipeError(f"The recipe {name_or_path} is not valid: {error}") from error


def recipe_digest(recipe: Recipe) -> str:
    """Name the exact recipe in twelve characters, for logs and reports."""
    import hashlib

    return hashlib.sha256(json.dumps(recipe.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:12]
