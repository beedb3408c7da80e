"""Training is a list of phases, and everything that changes during it is a pure function of the step.

Algorithm 1 of paper 000 (block-wise training with adversarial loss annealing), the growing masks of paper 002 and
their controls are all lists of phases; none of them needs a trainer of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from inpaint.core.errors import RecipeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One stretch of training."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    name: str
    """Its name in the log and the progress display."""
    steps: int
    """How many steps it lasts."""
    lr: float = 2e-4
    """Learning rate at its first step."""
    lr_end: float = 0.0
    """Learning rate the decay arrives at after its last step."""
    decay: float = 0.9
    """Power of the polynomial decay; 0 keeps the rate constant. The paper gives no power; 0.9 is the usual one."""
    adversarial: float = 1.0
    """Weight of the generator's adversarial loss at its first step, lambda_adv."""
    adversarial_end: float | None = None
    """Weight at the end of the phase, approached linearly; None keeps it constant."""
    grow: bool = False
    """Add a residual block at its first step (section 3.3)."""
    fade: float = 0.5
    """Share of the phase over which the new block fades in; the rest trains it at full weight."""
    data: str = "default"
    """Which of the recipe's data settings is used."""
    holes: str = "default"
    """Which of the recipe's hole policies is used."""
    side: float | None = None
    """Side of every rectangle, as a fraction of the picture's, in place of the hole policy's."""
    objective: str = "default"
    """Which of the recipe's objectives is minimised."""
    accumulate: int = 1
    """Into how many parts a batch is split, to save memory. Batch norm sees one part at a time."""

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise RecipeError(f"The phase {self.name!r} needs at least one step.")
        if self.lr <= 0 or self.lr_end < 0 or self.decay < 0:
            raise RecipeError(f"The phase {self.name!r} needs lr > 0, lr_end >= 0 and decay >= 0.")
        if min(self.adversarial, self.adversarial_end or 0.0) < 0:
            raise RecipeError(f"The phase {self.name!r} has a negative adversarial weight.")
        if self.accumulate < 1:
            raise RecipeError(f"The phase {self.name!r} needs at least one part to accumulate.")
        if not 0 < self.fade <= 1:
            raise RecipeError(f"The phase {self.name!r} needs a fade between 0 and 1.")
        if self.side is not None and not 0 < self.side <= 1:
            raise RecipeError(f"The phase {self.name!r} needs a side between 0 and 1.")


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything the schedule decides about one step."""

    phase: Phase
    index: int
    """Which phase, from 0."""
    step_in_phase: int
    lr: float
    adversarial: float
    grown: int
    """How many residual blocks have been added to the head."""
    fade: float
    """Weight of the newest of them, 0..1; 1 when there is none."""


class Schedule:
    """A list of phases, asked step by step."""

    def __init__(self, phases: Sequence[Phase]) -> None:
        if not phases:
            raise RecipeError("A recipe needs at least one phase.")
        self.phases = tuple(phases)
        self.steps = sum(phase.steps for phase in phases)

    def at(self, step: int) -> Moment:
        """Return the moment of a step, 0 <= step < `steps`. Raises `ValueError` outside."""
        if not 0 <= step < self.steps:
            raise ValueError(f"step {step} is outside 0..{self.steps - 1}")
        within, index = step, 0
        while within >= self.phases[index].steps:
            within -= self.phases[index].steps
            index += 1
        phase = self.phases[index]
        progress = within / phase.steps
        end = phase.adversarial if phase.adversarial_end is None else phase.adversarial_end
        return Moment(
            phase=phase,
            index=index,
            step_in_phase=within,
            lr=phase.lr_end + (phase.lr - phase.lr_end) * (1 - progress) ** phase.decay,
            adversarial=phase.adversarial + (end - phase.adversarial) * progress,
            grown=sum(p.grow for p in self.phases[: index + 1]),
            fade=min(1.0, progress / phase.fade) if phase.grow else 1.0,
        )
