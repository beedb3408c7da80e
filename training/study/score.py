"""What the answers of a study come to: mean ranks and win rates, each with a 95 % confidence interval."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from inpaint.core.errors import InpaintError
from inpaint.training.study.agreement import Agreement, agreements
from inpaint.training.study.blinding import Key
from inpaint.training.study.ranking import Ranking, shared_places
from inpaint.training.study.sheet_key import SheetKey

FORMAT = "inpaint-study-answers"
Z = 1.959963984540054
"""Quantile of the normal distribution that leaves 2.5 % above it."""
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Share:
    """A share of comparisons with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class MethodScore:
    """How one method did."""

    name: str
    answers: int
    mean_rank: Share
    """Between 1 and the number of methods; the interval is from resampling participants, or photographs."""
    spread: float
    """Standard deviation of its ranks; 0 for a single one."""
    first: Share
    """How often it was ranked highest; a shared first place counts in parts."""
    wins: Share
    """Won comparisons with any other method; a tie counts half."""
    kept: int | None
    """How often it would be kept without retouching; None where that was not asked."""


@dataclass(frozen=True, slots=True)
class Duel:
    """Two methods against each other."""

    one: str
    other: str
    wins: int
    ties: int
    losses: int
    """Of `one`."""
    rate: Share
    """Of `one`; a tie counts half."""


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that `inpaint study score` says."""

    study: str
    participants: int
    answers: int
    methods: tuple[MethodScore, ...]
    """Best mean rank first."""
    duels: tuple[Duel, ...]
    agreement: tuple[Agreement, ...]
    """Of every two participants."""

    def to_record(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {"format": "inpaint-study-result", "version": 1, **asdict(self)}


def read_answers(files: Iterable[Path], key: Key) -> list[Ranking]:
    """Read the files that people exported, and undo the blinding.

    Of a participant who exported twice, the longer file counts. Raises `InpaintError` for a file that is not one of
    this study's.
    """
    methods_of = key.options()
    by_participant: dict[str, list[Ranking]] = {}
    for path in files:
        try:
            record = json.loads(path.read_text("utf-8"))
            if record["format"] != FORMAT:
                raise ValueError(record["format"])
            if record["study"] != key.study:
                raise InpaintError(f"{path} answers another study than this key's; leave it out.")
            participant = str(record["participant"])
            rankings = [_ranking(participant, answer, methods_of) for answer in record["answers"]]
        except FileNotFoundError as error:
            raise InpaintError(f"There is no file {path}; check the path.") from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InpaintError(f"{path} holds no answers of this study; export them from its page again.") from error
        if len({ranking.question for ranking in rankings}) < len(rankings):
            raise InpaintError(f"{path} answers a question twice; export it from the page again.")
        if len(rankings) > len(by_participant.get(participant, [])):
            by_participant[participant] = rankings
    return [ranking for rankings in by_participant.values() for ranking in rankings]


def _ranking(participant: str, answer: dict[str, Any], methods_of: dict[str, dict[str, str]]) -> Ranking:
    methods = methods_of[answer["question"]]
    given = {methods[option]: float(rank) for option, rank in answer["ranks"].items()}
    if set(given) != set(methods.values()) or not all(math.isfinite(rank) for rank in given.values()):
        raise ValueError("not every picture has a rank")
    return Ranking(participant, answer["question"], shared_places(given))


def score(rankings: Sequence[Ranking], key: Key | SheetKey, seed: int = 0) -> Result:
    """Score the answers. Raises `InpaintError` when there are none.

    With the key of a page the intervals tell what other participants would say, and with that of blind sheets, which a
    few judges see all of, what they would say of other photographs: an answer to a photograph that another judge ranked
    too is then not counted as independent.
    """
    if not rankings:
        raise InpaintError("These files hold no answers yet; nothing can be scored.")
    methods = tuple(_score_method(name, rankings, key, seed) for name in key.methods)
    duels = tuple(_duel(one, other, rankings, key) for one, other in combinations(key.methods, 2))
    return Result(
        study=key.study,
        participants=len({ranking.participant for ranking in rankings}),
        answers=len(rankings),
        methods=tuple(sorted(methods, key=lambda method: method.mean_rank.value)),
        duels=duels,
        agreement=agreements(rankings),
    )


def _independent(rankings: Sequence[Ranking], key: Key | SheetKey) -> float:
    """Return which share of the answers counts as independent."""
    return len({ranking.question for ranking in rankings}) / len(rankings) if isinstance(key, SheetKey) else 1.0


def _score_method(name: str, rankings: Sequence[Ranking], key: Key | SheetKey, seed: int) -> MethodScore:
    first = won = compared = 0.0
    for ranking in rankings:
        own, best = ranking.ranks[name], min(ranking.ranks.values())
        if own == best:
            first += 1 / sum(rank == best for rank in ranking.ranks.values())
        others = [rank for method, rank in ranking.ranks.items() if method != name]
        won += sum(own < rank for rank in others) + sum(own == rank for rank in others) / 2
        compared += len(others)
    count, part = len(rankings), _independent(rankings, key)
    kept = [name in ranking.kept for ranking in rankings if ranking.kept is not None]
    return MethodScore(
        name,
        count,
        _mean_rank(name, rankings, by_photograph=isinstance(key, SheetKey), seed=seed),
        float(np.std([ranking.ranks[name] for ranking in rankings], ddof=1)) if count > 1 else 0.0,
        wilson(first * part, count * part),
        wilson(won * part, compared * part),
        sum(kept) if kept else None,
    )


def _duel(one: str, other: str, rankings: Sequence[Ranking], key: Key | SheetKey) -> Duel:
    differences = [ranking.ranks[one] - ranking.ranks[other] for ranking in rankings]
    wins, ties = sum(d < 0 for d in differences), sum(d == 0 for d in differences)
    part = _independent(rankings, key)
    rate = wilson((wins + ties / 2) * part, len(rankings) * part)
    return Duel(one, other, wins, ties, len(rankings) - wins - ties, rate)


def wilson(successes: float, trials: float) -> Share:
    """Return a share with its Wilson score interval of 95 % (Wilson 1927); it holds for few trials, too."""
    share = successes / trials
    spread = Z * Z / trials
    centre = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return Share(share, max(0.0, centre - half), min(1.0, centre + half))


def _mean_rank(name: str, rankings: Sequence[Ranking], *, by_photograph: bool, seed: int) -> Share:
    """Return the mean rank with its bootstrap interval.

    Resampled are participants, because the answers of one person are alike, or photographs; of a single one, the
    answers.
    """
    people: dict[str, list[float]] = {}
    for ranking in rankings:
        people.setdefault(ranking.question if by_photograph else ranking.participant, []).append(ranking.ranks[name])
    groups = list(people.values()) if len(people) > 1 else [[rank] for rank in next(iter(people.values()))]
    sums, counts = np.array([sum(group) for group in groups]), np.array([len(group) for group in groups])
    drawn = np.random.default_rng(seed).integers(len(groups), size=(RESAMPLES, len(groups)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Share(float(sums.sum() / counts.sum()), float(low), float(high))
