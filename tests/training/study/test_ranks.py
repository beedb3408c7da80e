import pytest

from inpaint.core.errors import InpaintError
from inpaint.training.study.agreement import agreements
from inpaint.training.study.ranks import read_groups, read_ranks
from inpaint.training.study.score import score
from inpaint.training.study.sheet_key import SheetKey

LETTERS = {"A": "ours", "B": "theirs", "C": "none"}


@pytest.fixture
def key():
    return SheetKey("sheets", 0, ("ours", "theirs", "none"), {"001": LETTERS, "deep/2": LETTERS})


@pytest.fixture
def read(key, tmp_path):
    def make(*texts):
        files = [tmp_path / f"judge{number}.csv" for number in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            file.write_text(text)
        return read_ranks(files, key)

    return make


def test_letters_depend_on_seed_and_photograph_alone_and_favour_nobody():
    names = [f"{number:03d}" for number in range(600)]
    key = SheetKey.new("sheets", 3, ["a", "b", "c"], names)
    assert SheetKey.new("other", 3, ["a", "b", "c"], names[50:60]).photographs["055"] == key.photographs["055"]
    assert SheetKey.new("sheets", 4, ["a", "b", "c"], names).photographs != key.photographs
    for method in ("a", "b", "c"):
        assert 160 < sum(letters["A"] == method for letters in key.photographs.values()) < 240


def test_a_key_is_read_as_it_was_written(key, tmp_path):
    key.write(tmp_path / "key.json")
    assert SheetKey.read(tmp_path / "key.json") == key
    (tmp_path / "key.json").write_text("[]")
    with pytest.raises(InpaintError, match="not the key of blind sheets"):
        SheetKey.read(tmp_path / "key.json")


@pytest.mark.parametrize(
    "text",
    [
        "photograph,judge,order\n001,judge0,B > A=C\n",
        "photograph,order\n001,b a = c\n",
        'photograph,judge,order\n001.png,judge0,"B,A=C"\n',
        "photograph,judge,best,then\n001,judge0,B,A=C\n",
        "photograph,judge,A,B,C\n001,judge0,2,1,2\n",
        "photograph;judge".replace(";", ",") + ",C,B,A\r\n001,judge0,7,0.5,7\r\n\r\n",
    ],
)
def test_the_ways_to_write_ranks_mean_the_same(read, text):
    (ranking,) = read(text)
    assert ranking.participant == "judge0"
    assert ranking.question == "001"
    assert ranking.ranks == {"theirs": 1, "ours": 2.5, "none": 2.5}
    assert ranking.kept is None


def test_kept_letters_are_counted(read, key):
    rankings = read("photograph,order,kept\n001,B>A>C,A B\ndeep-2,A>B>C,\n", "photograph,order\n001,A>B>C\n")
    result = score(rankings, key)
    assert {method.name: method.kept for method in result.methods} == {"ours": 1, "theirs": 1, "none": 0}
    assert score(rankings[2:], key).methods[0].kept is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("photograph,order\n003,A>B>C\n", "line 2: no sheet has this name"),
        ("photograph,order\n001,A>B\n", "each of A, B, C has to stand there once"),
        ("photograph,order\n001,A>B>B=C\n", "each of A, B, C"),
        ("photograph,order\n001,A>B>D\n", "each of A, B, C"),
        ("photograph,order,kept\n001,A>B>C,E\n", "kept may have no other letters"),
        ("photograph,A,B,C\n001,1,2,x\n", "each of A, B, C"),
        ("photograph,order\n001,A>B>C\n001,A>B>C\n", "line 3: judge0 has ranked 001 before"),
        ("photograph,order\n001,A,B,C\n", "more cells than columns"),
        ("photo,order\n001,A>B>C\n", "no column photograph"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(read, text, sentence):
    with pytest.raises(InpaintError, match=sentence):
        read(text)


def test_agreement_is_of_the_pairs_that_both_order(read):
    one, other = "photograph,order\n001,A>B>C\ndeep/2,A>B=C\n", "photograph,order\n001,A>C>B\ndeep/2,B>A>C\n"
    (pair,) = agreements(read(one, other))
    # On 001 two of three pairs; on deep/2 B and C are alike for one, A over B is turned round, A over C is the same.
    assert (pair.photographs, pair.pairs, pair.same) == (2, 5, 3)
    assert pair.share == pytest.approx(0.6)
    assert agreements(read(one)) == ()


def test_two_judges_of_one_photograph_are_not_two_photographs(read, key):
    once = score(read("photograph,order\n001,A>B>C\n"), key)
    twice = score(read("photograph,order\n001,A>B>C\n", "photograph,order\n001,A>B>C\n"), key)
    assert twice.answers == 2
    assert twice.duels[0].rate == once.duels[0].rate


def test_groups_name_photographs_of_these_sheets(key, tmp_path):
    (tmp_path / "g.csv").write_text("photograph,group\n001,calm\n999,calm\ndeep/2,anywhere\n")
    assert read_groups(tmp_path / "g.csv", key) == {"anywhere": {"deep/2"}, "calm": {"001"}}
    (tmp_path / "g.csv").write_text("photograph,group\n999,calm\n")
    with pytest.raises(InpaintError, match="names no photograph"):
        read_groups(tmp_path / "g.csv", key)
