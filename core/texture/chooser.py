"""Which of several fills people would choose: a linear score of the numbers in `measures`, fitted to blind ranks."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

TABLE = Path(__file__).with_name("chooser.json")


@dataclass(frozen=True, slots=True)
class Weights:
    """The fitted table, once with the encoder's numbers and once without."""

    names: tuple[str, ...]
    weights: np.ndarray
    """Added to the score for one unit of each number; none is above 0, because every number says what is wrong."""


@cache
def table(with_features: bool) -> Weights:
    """Return the weights for numbers with or without features."""
    record = json.loads(TABLE.read_text(encoding="utf-8"))["with features" if with_features else "without features"]
    return Weights(tuple(record), np.array(list(record.values())))


def scores(numbers: list[dict[str, float]]) -> np.ndarray:
    """Return a score for each fill: the higher, the better. `numbers`: as from `measure`, all with the same names."""
    chosen = table("layer 1 ring" in numbers[0])
    return np.array([[some.get(name, 0.0) for name in chosen.names] for some in numbers]) @ chosen.weights


def sure(values: np.ndarray) -> float:
    """Return how sure it is that the best is better than the second, 0.5 to 1: the model's own probability."""
    if len(values) < 2:
        return 1.0
    best, second = np.sort(values)[::-1][:2]
    return float(1 / (1 + np.exp(second - best)))
