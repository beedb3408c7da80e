"""Paper 002's schedules in one table: stages of K steps, between which holes grow or the adversarial weight rises.

A recipe may hold a `[curriculum]` in place of its phases. It is nothing but a shorter way to write them: the recipe in
the directory of a training has the phases spelled out, and every value stays a pure function of the step.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from inpaint.core.errors import RecipeError
from inpaint.core.trainers import Phase
from inpaint.training.recipe_errors import first_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Curriculum:
    """Stages that differ in two things at most, each of which goes in equal steps from its first to its last value."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    stages: int = 8
    """How many there are."""
    steps: int
    """K of paper 002: how many steps each of them lasts."""
    lr: float = 2e-4
    """Learning rate at the first step."""
    lr_end: float | None = None
    """Rate at the end of the last stage, approached in a straight line through all of them; None keeps it constant.
    Either way no stage starts it anew."""
    side: tuple[float, float] | None = None
    """Side of the rectangles in the first and the last stage, as fractions of the picture's; None leaves the holes to
    the hole policy."""
    adversarial: tuple[float, float] = (1.0, 1.0)
    """Weight of the adversarial loss in the first and the last stage that has one."""
    reconstruction_only: int = 0
    """How many of the first stages have no adversarial loss."""

    def __post_init__(self) -> None:
        if self.stages < 1 or not 0 <= self.reconstruction_only < self.stages:
            raise RecipeError("A curriculum needs at least one stage, and one with an adversarial loss.")

    def phases(self) -> list[Phase]:
        """Write the stages out."""
        end = self.lr if self.lr_end is None else self.lr_end
        judged = self.stages - self.reconstruction_only
        phases = []
        for stage in range(self.stages):
            number = stage - self.reconstruction_only
            phases.append(
                Phase(
                    name=f"stage {stage + 1}",
                    steps=self.steps,
                    lr=_between(self.lr, end, stage, self.stages),
                    lr_end=_between(self.lr, end, stage + 1, self.stages),
                    decay=1.0,
                    adversarial=0.0 if number < 0 else _between(*self.adversarial, number, judged - 1),
                    side=None if self.side is None else _between(*self.side, stage, self.stages - 1),
                )
            )
        return phases


def expand(table: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe's table with phases in place of its curriculum. Raises `RecipeError`."""
    if "phases" in table:
        raise RecipeError("A recipe has phases or a curriculum, and this one has both: leave one of them out.")
    rest = {key: value for key, value in table.items() if key != "curriculum"}
    try:
        curriculum = TypeAdapter(Curriculum).validate_python(table["curriculum"])
    except ValidationError as error:
        raise RecipeError(f"curriculum.{first_error(error, Curriculum, 'the table')}.") from error
    return rest | {"phases": curriculum.phases()}


def _between(first: float, last: float, step: int, steps: int) -> float:
    """Go from `first` to `last` in `steps` equal steps; `last` when there are none."""
    return last if steps == 0 else round(first + (last - first) * step / steps, 12)
