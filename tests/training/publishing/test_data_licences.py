"""An index of licences, and the table that follows from it."""

import csv
from pathlib import Path

import pytest

from inpaint.core.errors import RecipeError
from inpaint.training.publishing.data_licences import DataLicences, read_data_licences, write_credits
from inpaint.training.publishing.disclosure import Disclosure
from inpaint.training.recipe import load_recipe

ROWS = [
    {"key": "a", "licence": "CC BY 2.0", "source": "one/repo", "author": "Ada", "evidence": "its list"},
    {"key": "sub/b.png", "licence": "CC0 1.0", "source": "one/repo", "author": "", "evidence": "LICENSE"},
    {"key": "c", "licence": "public domain", "source": "two/repo", "author": "Bo", "evidence": "LICENSE"},
]

FREE = ("CC BY", "CC BY-SA", "CC BY-SA 4.0", "CC-BY-4.0", "CC BY 2.1", "CC0", "CC0-1.0", "public domain", "MIT")
FREE += ("Apache-2.0", "CDLA-Permissive 1.0", "Unlicense")
UNFREE = ("CC BY-NC 4.0", "CC BY-ND 2.0", "CC BY-NC-SA 4.0", "research only", "all rights reserved")


@pytest.fixture
def photographs(tmp_path):
    from PIL import Image

    folder = tmp_path / "photographs"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.png", "sub/b.png", "c.png"):
        Image.new("RGB", (8, 8)).save(folder / name)
    return folder


def index(tmp_path, rows=ROWS, name="index.csv"):
    path = tmp_path / name
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)
    return path


def with_licence(licence):
    return [ROWS[0] | {"licence": licence}, *ROWS[1:]]


def table(licences, recipe="btgmi-default-open", limits=(), **origin):
    words = {"licence": "Apache-2.0", "recipe": load_recipe(recipe), "data": licences, "limits": limits}
    return dict(Disclosure(**words, origin=origin).rows())


def test_every_photograph_is_found_and_the_data_is_free(photographs, tmp_path):
    licences = read_data_licences(index(tmp_path), str(photographs))
    assert (licences.data_class, licences.notes, len(licences.rows)) == ("free", (), 3)
    assert licences.counts("source") == [("one/repo", 2), ("two/repo", 1)]
    said = table(licences)
    assert (said["OSAID v1.0"], said["MOF"]) == ("Open Source AI", "Class II (Open Tooling)")
    assert said["Training data licence"] == "CC BY 2.0 (1), CC0 1.0 (1), public domain (1)"
    assert (
        "3 photographs from 2 sources (one/repo (2), two/repo (1)); 2 authors are named"
        in said["Training data provenance"]
    )
    assert "SqueezeNet 1.1, trained on ImageNet" in said["Known limitations"]
    assert "Block-wise" in said["Published research"]


@pytest.mark.parametrize("licence", UNFREE)
def test_one_photograph_that_is_not_free_makes_all_of_it_research_only(photographs, tmp_path, licence):
    licences = read_data_licences(index(tmp_path, with_licence(licence)), str(photographs))
    assert (licences.data_class, licences.unfree) == ("research only", [licence])
    said = table(licences)
    assert (said["OSAID v1.0"], said["MOF"]) == ("Open Weights", "Class III (Open Model)")
    assert f"not free: training photographs under {licence}" in said["Known limitations"]


@pytest.mark.parametrize("licence", FREE)
def test_free_licences_are_known_however_they_are_written(licence):
    assert DataLicences(({"key": "a", "licence": licence},), compared=True).data_class == "free"


def test_what_else_the_model_is_made_of_is_said(photographs, tmp_path):
    licences = read_data_licences(index(tmp_path), str(photographs))
    begun = table(licences, start_from="default", shapes="segments/", limits=("Large holes are soft",))
    assert begun["OSAID v1.0"] == "Open Weights"
    assert "first weights are those of another model" in begun["Known limitations"]
    assert "outlines of some holes" in begun["Known limitations"]
    assert begun["Known limitations"].startswith("Large holes are soft; ")
    assert "Growing the Mask" in table(licences, "growing-gated")["Published research"]
    assert "ImageNet" not in table(licences, "debug")["Known limitations"]


def test_lines_of_photographs_that_were_not_trained_on_are_left_out(photographs, tmp_path):
    rows = [{"part": "train"} | row for row in ROWS] + [{"part": "val"} | ROWS[0] | {"key": "x", "licence": "secret"}]
    rows.append({"part": "train"} | ROWS[0] | {"key": "unused", "licence": "secret"})
    licences = read_data_licences(index(tmp_path, rows), str(photographs))
    assert [row["key"] for row in licences.rows] == ["a", "c", "sub/b.png"]
    write_credits(licences, tmp_path / "credits.csv")
    with (tmp_path / "credits.csv").open(newline="") as file:
        assert [row["author"] for row in csv.DictReader(file)] == ["Ada", "Bo", ""]


def test_photographs_that_are_gone_leave_it_unproved(tmp_path):
    for data in (None, str(tmp_path / "nowhere"), "https://example.org/train-{0000..0001}.tar"):
        licences = read_data_licences(index(tmp_path), data)
        assert (licences.data_class, licences.compared) == ("not known", False)
        assert "not compared" in licences.notes[0]
        assert table(licences)["OSAID v1.0"] == "Open Weights"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ROWS[:2], r"lacks 1 of the 3 training photographs, the first of them 'c'"),
        (with_licence(" "), "gives 1 photographs no licence, the first of them 'a'"),
        ([{"key": "a", "license": "MIT"}], "at least the columns key and licence"),
        ([{"part": "val"} | ROWS[0]], "lists no photograph"),
    ],
)
def test_what_is_wrong_with_an_index_is_one_sentence(photographs, tmp_path, rows, message):
    with pytest.raises(RecipeError, match=message) as caught:
        read_data_licences(index(tmp_path, rows), str(photographs))
    assert "\n" not in str(caught.value)


def test_what_is_no_index_is_said(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.csv", tmp_path / "x.csv", tmp_path):
        with pytest.raises(RecipeError, match="cannot be read"):
            read_data_licences(path, None)


def test_the_table_of_the_free_photographs():
    data = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "open"
    if not data.is_dir():
        pytest.skip("the free photographs are not part of the project")
    licences = read_data_licences(data / "index.csv", str(data / "train"))
    assert (licences.data_class, len(licences.rows), licences.compared) == ("free", 3813, True)
