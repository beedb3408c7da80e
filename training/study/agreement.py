"""How often judges agree: of the pairs of fills that two of them order, the share that they order alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from inpaint.training.study.ranking import Ranking


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two judges beside each other."""

    one: str
    other: str
    photographs: int
    """That both ranked."""
    pairs: int
    """Pairs of fills of one photograph that both put in an order; one who calls two fills alike gives none."""
    same: int
    """Of these, how many they put in the same order."""
    share: float | None
    """The same from 0 to 1; None where there is no pair. Two who guess agree in half."""


def agreements(rankings: Sequence[Ranking]) -> tuple[Agreement, ...]:
    """Return the agreement of every two judges who ranked a photograph in common, in the order of their names."""
    by_judge: dict[str, dict[str, dict[str, float]]] = {}
    for ranking in rankings:
        by_judge.setdefault(ranking.participant, {})[ranking.question] = ranking.ranks
    found = []
    for one, other in combinations(sorted(by_judge), 2):
        common = by_judge[one].keys() & by_judge[other].keys()
        if not common:
            continue
        pairs = same = 0
        for question in common:
            first, second = by_judge[one][question], by_judge[other][question]
            for a, b in combinations(first, 2):
                product = (first[a] - first[b]) * (second[a] - second[b])
                pairs += product != 0
                same += product > 0
        found.append(Agreement(one, other, len(common), pairs, same, same / pairs if pairs else None))
    return tuple(found)
