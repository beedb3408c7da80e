import json
import re

import numpy as np
import pytest
from PIL import Image

from inpaint.core.errors import ImageError, InpaintError, MaskError, OutputError
from inpaint.training.study.blinding import Key
from inpaint.training.study.page import make_study


@pytest.fixture
def folders(tmp_path, picture):
    """Three methods with five pictures in common; one of them has a sixth."""
    made = []
    for number, method in enumerate(("btgmi-secret", "telea-secret", "patch-secret")):
        folder = tmp_path / method
        folder.mkdir()
        for name in range(5 + (number == 0)):
            Image.fromarray(picture(64, 80, 10 * name + number)).save(folder / f"photo{name}.png")
        made.append(folder)
    return made


def payload(page):
    return json.loads(re.search(r'id="study">(.*?)</script>', page.read_text("utf-8"), re.DOTALL).group(1))


def test_the_page_does_not_know_the_methods(folders, tmp_path):
    study = make_study(folders, tmp_path / "study.html")
    text = study.page.read_text("utf-8")
    for word in ("secret", "btgmi", "telea", "photo0", study.key.salt):
        assert word not in re.sub(r"base64,[^\"\\]*", "", text)
    assert study.key_file == tmp_path / "study.key.json"
    assert re.findall(r"(?:https?:)?//[a-z]", re.sub(r"base64,[^\")]*", "", text)) == []


def test_the_key_finds_every_picture_again(folders, tmp_path):
    study = make_study(folders, tmp_path / "study.html")
    assert Key.read(study.key_file) == study.key
    options = study.key.options()
    questions = payload(study.page)["questions"]
    assert {question["id"]: {o["id"] for o in question["options"]} for question in questions} == {
        question: set(names) for question, names in options.items()
    }
    assert len(questions) == 5
    assert all(question["hole"] is None for question in questions)
    # The same method never has the same name twice, and no two studies share one.
    names = [name for known in options.values() for name in known]
    assert len(set(names)) == 15
    other = make_study(folders, tmp_path / "other.html").key.options()
    assert set(names).isdisjoint(name for known in other.values() for name in known)


def test_neither_order_gives_a_method_away(folders, tmp_path):
    """Over a few studies every method stands in every place."""
    places = {folder.name: set() for folder in folders}
    for number in range(6):
        study = make_study(folders, tmp_path / f"{number}.html")
        options = study.key.options()
        for question in payload(study.page)["questions"]:
            for place, option in enumerate(question["options"]):
                places[options[question["id"]][option["id"]]].add(place)
    assert set(map(frozenset, places.values())) == {frozenset({0, 1, 2})}


def test_the_seed_chooses_the_questions(folders, tmp_path):
    chosen = [
        make_study(folders, tmp_path / f"{n}.html", questions=3, seed=seed).key.questions
        for n, seed in enumerate((0, 0, 1, 2, 3))
    ]
    assert chosen[0] == chosen[1]
    assert len(set(chosen)) > 1
    assert all(len(questions) == 3 for questions in chosen)


def test_masks_come_along(folders, tmp_path, hole):
    masks = tmp_path / "holes"
    masks.mkdir()
    for name in range(5):
        Image.fromarray(hole(64, 80, 10, 10, 30, 40)).save(masks / f"photo{name}.png")
    study = make_study(folders, tmp_path / "study.html", masks=masks)
    assert all(q["hole"].startswith("data:image/png;base64,") for q in payload(study.page)["questions"])
    (masks / "photo3.png").unlink()
    with pytest.raises(MaskError, match=r"photo3\.png"):
        make_study(folders, tmp_path / "again.html", masks=masks)
    assert not (tmp_path / "again.html").exists()
    assert not (tmp_path / "again.key.json").exists()


def test_an_earlier_key_is_never_lost(folders, tmp_path):
    study = make_study(folders, tmp_path / "study.html")
    before = study.page.read_bytes(), study.key_file.read_bytes()
    with pytest.raises(OutputError, match="key of another study"):
        make_study(folders, tmp_path / "study.html")
    assert (study.page.read_bytes(), study.key_file.read_bytes()) == before


def test_what_cannot_be_compared_is_refused(folders, tmp_path):
    page = tmp_path / "study.html"
    with pytest.raises(InpaintError, match="at least two"):
        make_study(folders[:1], page)
    with pytest.raises(InpaintError, match="not a folder"):
        make_study([folders[0], tmp_path / "nothing"], page)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InpaintError, match="no picture in common"):
        make_study([folders[0], tmp_path / "empty"], page)
    (tmp_path / "x" / folders[0].name).mkdir(parents=True)
    with pytest.raises(InpaintError, match="Two folders are called"):
        make_study([folders[0], tmp_path / "x" / folders[0].name], page)
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(folders[1] / "photo2.png")
    with pytest.raises(ImageError, match="photo2 differ in size"):
        make_study(folders, page)
    with pytest.raises(OutputError):
        make_study(folders[::2], tmp_path / "no-folder" / "study.html")
    assert not page.exists()
