"""`inpaint study`: a page, a key, and the score of what people answered."""

import json

import pytest
from PIL import Image
from typer.testing import CliRunner

from inpaint.cli.app import app
from inpaint.training.study.blinding import Key
from inpaint.training.study.sheet_key import SheetKey


def inpaint(*words, code=0):
    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return done.stdout, " ".join(done.stderr.split())


@pytest.fixture
def folders(tmp_path, picture):
    for number, method in enumerate(("ours", "theirs")):
        (tmp_path / method).mkdir()
        for name in range(3):
            Image.fromarray(picture(48, 64, 10 * name + number)).save(tmp_path / method / f"{name}.png")
    return [tmp_path / "ours", tmp_path / "theirs"]


@pytest.mark.parametrize("verb", [[], ["make"]])
def test_from_folders_to_a_score(folders, tmp_path, verb):
    page = tmp_path / "study.html"
    printed, _ = inpaint("study", *verb, *folders, "-o", page, "--questions", 2)
    assert "2 questions of 2 pictures; send this" in printed
    key = Key.read(tmp_path / "study.key.json")
    answers = [
        {"question": key.question(name), "ranks": {key.option(name, "ours"): 2, key.option(name, "theirs"): 1}}
        for name in key.questions
    ]
    record = {"format": "inpaint-study-answers", "study": key.study, "participant": "a", "answers": answers}
    (tmp_path / "answers.json").write_text(json.dumps(record))
    words = ("study", "score", tmp_path / "answers.json", "--key", tmp_path / "study.key.json")
    printed, _ = inpaint(*words)
    lines = [line for line in printed.splitlines() if "ours" in line or "theirs" in line]
    assert "1 participants, 2 answers" in printed
    assert "theirs" in lines[0]
    assert "1.00 (1.00 to 1.00)" in lines[0]
    assert "100.0% (34.2 to 100.0)" in lines[0]
    result = json.loads(inpaint(*words, "--json")[0])
    assert [method["name"] for method in result["methods"]] == ["theirs", "ours"]
    assert result["duels"][0]["losses"] == 2


def test_what_is_wrong_is_said_in_one_sentence(folders, tmp_path):
    assert "at least two" in inpaint("study", folders[0], "-o", tmp_path / "s.html", code=1)[1]
    assert "does not exist" in inpaint("study", *folders, "-o", tmp_path / "no" / "s.html", code=6)[1]
    (tmp_path / "key.json").write_text("{}")
    assert "not the key" in inpaint("study", "score", tmp_path / "a.json", "--key", tmp_path / "key.json", code=1)[1]


def test_from_blind_sheets_to_a_score(tmp_path, picture):
    (tmp_path / "val").mkdir()
    for name in ("001", "002"):
        Image.fromarray(picture(96, 96, int(name))).save(tmp_path / "val" / f"{name}.png")
    words = ("eval", "telea", "navier-stokes", "--data", tmp_path / "val", "--size", 64, "--metrics", "l1")
    printed, _ = inpaint(*words, "--sheet", tmp_path / "sheets", "--blind", "--seed", 3)
    assert "sheets.key.json: the key" in printed
    key = SheetKey.read(tmp_path / "sheets.key.json")
    for judge in ("anna", "ben"):
        rows = [
            f"{name},{judge},A>B,A" if letters["A"] == "telea" or judge == "ben" else f"{name},{judge},B>A,B"
            for name, letters in key.photographs.items()
        ]
        (tmp_path / f"{judge}.csv").write_text("\n".join(["photograph,judge,order,kept", *rows]))
    (tmp_path / "groups.csv").write_text("photograph,group\n001,calm\n")
    files = (tmp_path / "anna.csv", tmp_path / "ben.csv")
    score = ("study", "score", *files, "--key", tmp_path / "sheets.key.json", "--groups", tmp_path / "groups.csv")
    printed, _ = inpaint(*score)
    assert "2 participants, 4 answers" in printed
    assert "anna and ben order" in printed
    assert "calm" in printed
    result = json.loads(inpaint(*score, "--json")[0])
    assert sum(method["kept"] for method in result["methods"]) == 4
    assert result["groups"]["calm"]["answers"] == 2
    assert "has ranked 001 before" in inpaint(*score[:3], files[0], *score[3:], code=1)[1]
    assert "not the key of a study" in inpaint("study", "score", "a.json", "--key", score[5], code=1)[1]
    assert "one study" in inpaint("study", "score", files[0], "a.json", "--key", score[5], code=2)[1]
    _, complaint = inpaint(*words, "--blind", code=2)
    assert "--sheet DIR" in complaint


def test_help_names_both():
    printed, _ = inpaint("study", "--help")
    assert "make" in printed
    assert "score" in printed
