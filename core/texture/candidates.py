"""Several fills of one hole that differ in what matters: which sources they may use, and how they compare them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from inpaint.core.texture.synthesis import Settings

COMPARED = 96
"""Pixels that a hole has at most where candidates are compared: the root of the area of the box around it."""


DEFAULT = Settings()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to fill."""

    name: str
    """As shown to people who ask what was chosen."""
    settings: Settings = DEFAULT
    sources: Literal["all", "like", "near"] = "all"
    """All that are allowed; those that a network finds like the surroundings of the hole; those close to it."""
    structure: bool = False
    """Begin with what the network fills."""
    library: bool = False
    """Made by PyPatchMatch, which takes no settings."""


CANDIDATES = (  # the first is the one for thin holes
    Candidate("near sources", sources="near"),
    Candidate("any source"),
    Candidate("like sources", sources="like"),
    Candidate("small patches", Settings(radius=2), sources="like"),
    Candidate("small patches nearby", Settings(radius=2), sources="near"),
    Candidate("large pieces", Settings(loyal=(0.3,), share=(0.2, 0.2, 2.0))),
    Candidate("network", sources="like", structure=True),
    Candidate("PyPatchMatch, any source", library=True),
    Candidate("PyPatchMatch, near sources", sources="near", library=True),
    Candidate("PyPatchMatch, like sources", sources="like", library=True),
)

CONTINUED = Candidate("last frame", Settings(loyal=(0.4,), rounds=(1,), reach=(0,)))
"""What follows an earlier fill."""

THIN = 4
"""Pixels from the middle of a hole to its rim up to which one candidate is enough: scratches, wires and dust."""


def measuring_level(hole: np.ndarray) -> int:
    """Return how often the window around a hole (H x W bool) is halved for comparing candidates."""
    rows, columns = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    size, level = float(np.sqrt((np.ptp(rows) + 1) * (np.ptp(columns) + 1))), 0
    while size / 2**level > COMPARED:
        level += 1
    return level
