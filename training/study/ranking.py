"""One answer of a study: the places that somebody gave to the pictures of one photograph."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ranking:
    """One answer: who ranked how on one photograph."""

    participant: str
    question: str
    ranks: dict[str, float]
    """By method, 1 = best; equal pictures share the mean of their places."""
    kept: frozenset[str] | None = None
    """Methods whose picture would be kept without retouching; None where that was not asked."""


def shared_places(given: dict[str, float]) -> dict[str, float]:
    """Turn any numbers, smaller = better, into places 1, 2, ...; equal numbers share the mean of their places."""
    values = list(given.values())
    return {
        name: sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2
        for name, value in given.items()
    }
