import json
import math

import numpy as np
import pytest
from scipy.stats import binomtest, rankdata

from inpaint.core.errors import InpaintError
from inpaint.training.study.blinding import Key
from inpaint.training.study.ranking import shared_places
from inpaint.training.study.score import read_answers, score, wilson

KEY = Key.new(("ours", "theirs", "old"), [f"photo{number}" for number in range(4)])


def answers(tmp_path, participant, orders, **changes):
    """Write what the page exports; orders: per question the ranks of ours, theirs and old."""
    given = [
        {
            "question": KEY.question(f"photo{number}"),
            "ranks": {
                KEY.option(f"photo{number}", method): rank for method, rank in zip(KEY.methods, ranks, strict=True)
            },
            "seconds": 3.5,
        }
        for number, ranks in enumerate(orders)
    ]
    record = {"format": "inpaint-study-answers", "study": KEY.study, "participant": participant, "answers": given}
    path = tmp_path / f"{participant}-{len(given)}.json"
    path.write_text(json.dumps({**record, **changes}))
    return path


@pytest.fixture
def files(tmp_path):
    return [
        answers(tmp_path, "anna", [(1, 2, 3), (1, 2, 3), (2, 1, 3), (1, 1, 3)]),
        answers(tmp_path, "bert", [(1, 3, 2), (1, 2, 2)]),
    ]


def test_counted_by_hand(files):
    result = score(read_answers(files, KEY), KEY)
    assert (result.participants, result.answers) == (2, 6)
    ours, theirs, old = (next(m for m in result.methods if m.name == name) for name in KEY.methods)
    assert ours.mean_rank.value == pytest.approx((1 + 1 + 2 + 1.5 + 1 + 1) / 6)
    assert old.mean_rank.value == pytest.approx((3 + 3 + 3 + 3 + 2 + 2.5) / 6)
    assert ours.first.value == pytest.approx(4.5 / 6)
    assert ours.first.value + theirs.first.value + old.first.value == pytest.approx(1)
    assert ours.wins.value == pytest.approx((2 + 2 + 1 + 1.5 + 2 + 2) / 12)
    assert [method.name for method in result.methods] == ["ours", "theirs", "old"]
    duel = next(duel for duel in result.duels if (duel.one, duel.other) == ("ours", "theirs"))
    assert (duel.wins, duel.ties, duel.losses) == (4, 1, 1)
    assert duel.rate.value == pytest.approx(4.5 / 6)
    assert len(result.duels) == 3
    assert json.loads(json.dumps(result.to_record()))["answers"] == 6


@pytest.mark.parametrize(("won", "of"), [(0, 5), (3, 10), (5, 5), (72, 100)])
def test_the_interval_is_wilsons(won, of):
    expected = binomtest(won, of).proportion_ci(method="wilson")
    share = wilson(won, of)
    assert (share.value, share.low, share.high) == pytest.approx((won / of, expected.low, expected.high))


def test_the_interval_of_the_mean_rank_is_of_participants(tmp_path):
    """Many answers of two people who disagree tell less than the same answers of many people."""
    orders = {True: [(1, 2, 3)] * 4, False: [(3, 2, 1)] * 4}
    few = [answers(tmp_path, f"few{n}", orders[n == 0]) for n in range(2)]
    many = [answers(tmp_path, f"many{n}", orders[n % 2 == 0]) for n in range(20)]
    widths = []
    for files in (few, many):
        rank = next(m for m in score(read_answers(files, KEY), KEY).methods if m.name == "ours").mean_rank
        assert rank.value == pytest.approx(2)
        assert rank.low < 2 < rank.high
        widths.append(rank.high - rank.low)
    assert widths[0] == pytest.approx(2)
    # The mean of 20 draws of 1 or 3 has a standard error of 1 / sqrt(20).
    assert widths[1] == pytest.approx(2 * 1.96 / math.sqrt(20), rel=0.2)


def test_equal_ranks_share_their_places():
    for given in ([1, 1, 3], [2, 2, 2], [5, 1, 5], [1, 2, 3]):
        named = dict(zip("abc", map(float, given), strict=True))
        assert list(shared_places(named).values()) == list(np.asarray(rankdata(given)))


def test_a_participant_counts_once(tmp_path):
    short = answers(tmp_path, "anna", [(1, 2, 3)])
    long = answers(tmp_path, "anna", [(1, 2, 3), (3, 2, 1)])
    for files in ([short, long], [long, short, long]):
        result = score(read_answers(files, KEY), KEY)
        assert (result.participants, result.answers) == (1, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "something"},
        {"answers": [{"question": "unknown", "ranks": {}}]},
        {"answers": [{"question": KEY.question("photo0"), "ranks": {KEY.option("photo0", "ours"): 1}}]},
        {"answers": [{"question": KEY.question("photo0"), "ranks": {"x": 1, "y": 2, "z": 3}}]},
        {"answers": 5},
    ],
)
def test_what_are_no_answers_is_refused(tmp_path, changes):
    with pytest.raises(InpaintError, match="holds no answers of this study"):
        read_answers([answers(tmp_path, "anna", [], **changes)], KEY)


def test_files_that_do_not_belong_are_refused(tmp_path):
    with pytest.raises(InpaintError, match="another study"):
        read_answers([answers(tmp_path, "anna", [(1, 2, 3)], study="other")], KEY)
    with pytest.raises(InpaintError, match="no file"):
        read_answers([tmp_path / "nothing.json"], KEY)
    (tmp_path / "torn.json").write_text('{"format": "inpaint-stu')
    with pytest.raises(InpaintError, match="export them"):
        read_answers([tmp_path / "torn.json"], KEY)
    twice = answers(tmp_path, "bert", [(1, 2, 3)])
    record = json.loads(twice.read_text())
    record["answers"] *= 2
    twice.write_text(json.dumps(record))
    with pytest.raises(InpaintError, match="twice"):
        read_answers([twice], KEY)
    with pytest.raises(InpaintError, match="no answers yet"):
        score([], KEY)


def test_a_key_comes_back_and_nothing_else_is_one(tmp_path):
    KEY.write(tmp_path / "key.json")
    assert Key.read(tmp_path / "key.json") == KEY
    for content in ("{}", "[", '{"format": "inpaint-study-key", "salt": "no hex"}'):
        (tmp_path / "wrong.json").write_text(content)
        with pytest.raises(InpaintError, match="not the key"):
            Key.read(tmp_path / "wrong.json")
    with pytest.raises(InpaintError, match="no file"):
        Key.read(tmp_path / "nothing.json")
