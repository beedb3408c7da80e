import json

import numpy as np
import pytest
from PIL import Image

from inpaint.training.study.page import make_study
from inpaint.training.study.score import read_answers, score

METHODS = {"red": (200, 30, 30), "green": (30, 160, 60), "blue": (30, 30, 200)}
"""Each method's pictures have a colour of their own, so that a test can see which is which."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    (folder / "holes").mkdir()
    hole = np.zeros((48, 64), bool)
    hole[10:30, 20:50] = True
    for name in range(4):
        Image.fromarray(hole).save(folder / "holes" / f"{name}.png")
        for method, colour in METHODS.items():
            (folder / method).mkdir(exist_ok=True)
            Image.new("RGB", (64, 48), colour).save(folder / method / f"{name}.png")
    return make_study([folder / method for method in METHODS], folder / "study.html", masks=folder / "holes")


def cards(page):
    """Return the cards on the screen by the method that their pictures show."""
    found = {}
    for card in page.locator(".card").all():
        data = card.locator("img").evaluate(
            """(image) => { const c = new OffscreenCanvas(1, 1).getContext("2d"); c.drawImage(image, 0, 0);
            return [...c.getImageData(0, 0, 1, 1).data]; }"""
        )
        found[min(METHODS, key=lambda method: sum(abs(a - b) for a, b in zip(METHODS[method], data, strict=False)))] = (
            card
        )
    assert set(found) == set(METHODS)
    return found


def order(page):
    """Return the methods from left to right."""
    found = cards(page)
    return sorted(found, key=lambda method: found[method].bounding_box()["x"])


def ranks(page):
    return {
        method: [b.inner_text() for b in card.locator("button[aria-checked=true]").all()]
        for method, card in cards(page).items()
    }


def export(page, folder):
    with page.expect_download() as download:
        page.click("#save")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_person_answers_and_the_score_is_what_they_meant(study, open_page, tmp_path):
    page = open_page(study.page)
    assert "4 photographs" in " ".join(page.locator("#intro").inner_text().split())
    page.click("#start")
    assert page.locator("#where").inner_text() == "Photograph 1 of 4"
    assert page.locator("#next").is_disabled()

    # 1: digits, under the pointer.
    for method, place in (("green", "1"), ("blue", "2")):
        cards(page)[method].hover()
        page.keyboard.press(place)
    assert page.locator("#next").is_disabled()
    assert page.locator("#missing").inner_text() == "1 still without a place"
    cards(page)["red"].hover()
    page.keyboard.press("3")
    assert ranks(page) == {"red": ["3"], "green": ["1"], "blue": ["2"]}
    page.keyboard.press("Enter")

    # 2: digits by keyboard focus alone, with the pointer resting on another card.
    assert page.locator("#where").inner_text() == "Photograph 2 of 4"
    cards(page)["red"].hover()
    for method, place in (("green", "1"), ("blue", "2"), ("red", "2")):
        cards(page)[method].focus()
        page.keyboard.press(place)
    assert ranks(page) == {"red": ["2"], "green": ["1"], "blue": ["2"]}
    page.click("#next")

    # 3: dragged into order.
    for place, method in enumerate(("blue", "green", "red")):
        box = cards(page)[method].locator("img").bounding_box()
        wanted = cards(page)[order(page)[place]].bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(wanted["x"] + 0.2 * wanted["width"], box["y"] + box["height"] / 2, steps=12)
        page.mouse.up()
    if any(not place for place in ranks(page).values()):  # it stood in that order from the beginning
        for place, method in enumerate(("blue", "green", "red"), 1):
            cards(page)[method].locator("button").nth(place - 1).click()
    assert order(page) == ["blue", "green", "red"]
    assert ranks(page) == {"blue": ["1"], "green": ["2"], "red": ["3"]}
    page.click("#next")

    # 4: the buttons.
    for method, place in (("green", 1), ("red", 2), ("blue", 3)):
        cards(page)[method].get_by_role("radio", name=str(place)).click()
    page.click("#next")
    assert page.locator("#end").is_visible()

    result = score(read_answers([export(page, tmp_path)], study.key), study.key)
    assert (result.participants, result.answers) == (1, 4)
    places = {method.name: method.mean_rank.value for method in result.methods}
    assert places == pytest.approx({"green": 5 / 4, "blue": 8.5 / 4, "red": 10.5 / 4})
    duel = next(duel for duel in result.duels if {duel.one, duel.other} == {"red", "blue"})
    assert duel.ties == 1


def test_dragging_moves_the_card_and_ranks_all(study, open_page):
    page = open_page(study.page)
    page.click("#start")
    before = order(page)
    first, last = (cards(page)[method].locator("img").bounding_box() for method in (before[0], before[2]))
    page.mouse.move(last["x"] + 20, last["y"] + 20)
    page.mouse.down()
    page.mouse.move(first["x"] + 10, first["y"] + 20, steps=15)
    page.mouse.up()
    assert order(page) == [before[2], before[0], before[1]]
    assert ranks(page) == {before[2]: ["1"], before[0]: ["2"], before[1]: ["3"]}
    cards(page)[before[2]].focus()
    page.keyboard.press("ArrowRight")
    assert order(page) == before[:1] + before[2:] + before[1:2]


def test_work_is_kept_in_the_browser(study, open_page):
    page = open_page(study.page)
    page.click("#start")
    for place, card in enumerate(cards(page).values(), 1):
        card.locator("button").nth(place - 1).click()
    kept, seen = ranks(page), order(page)
    page.click("#next")
    page.reload()
    assert page.locator("#where").inner_text() == "Photograph 2 of 4"
    page.click("#back")
    assert (ranks(page), order(page)) == (kept, seen)
    assert page.locator("#progress").evaluate("(bar) => bar.value") == 1


def test_another_person_sees_another_order(study, open_page):
    seen = set()
    for _ in range(5):
        page = open_page(study.page)
        page.click("#start")
        picture = page.evaluate("current().id + [...document.querySelectorAll('.card')].map((c) => c.dataset.option)")
        seen.add(picture)
        page.context.close()
    assert len(seen) > 1


def test_two_people_are_two_participants(study, open_page, tmp_path):
    page = open_page(study.page)
    page.on("dialog", lambda dialog: dialog.accept())
    files = []
    for _ in range(2):
        page.click("#start")
        for _ in range(4):
            for place, method in enumerate(METHODS, 1):
                cards(page)[method].locator("button").nth(place - 1).click()
            page.click("#next")
        files.append(export(page, tmp_path))
        page.click("#another")
    participants = {json.loads(file.read_text())["participant"] for file in files}
    assert len(participants) == 2
    result = score(read_answers(files, study.key), study.key)
    assert [method.name for method in result.methods] == list(METHODS)
    assert result.methods[0].first.value == 1


def test_the_hole_can_be_shown(study, open_page):
    page = open_page(study.page)
    page.click("#start")
    assert not page.locator(".overlay").first.is_visible()
    page.keyboard.press("h")
    assert page.locator(".overlay").first.is_visible()
    page.uncheck("#hole")
    assert not page.locator(".overlay").first.is_visible()


def test_a_finger_is_enough(study, open_page):
    page = open_page(study.page, has_touch=True, is_mobile=True, viewport={"width": 390, "height": 780})
    page.tap("#start")
    for place, card in enumerate(cards(page).values(), 1):
        card.locator("button").nth(place - 1).tap()
    assert page.locator("#next").is_enabled()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_nothing_on_the_page_names_a_method(study, open_page):
    page = open_page(study.page)
    page.click("#start")
    seen = page.evaluate("document.body.innerHTML.replaceAll(/data:[^\"]*/g, '')")
    assert not [method for method in METHODS if f'"{method}"' in seen or f">{method}<" in seen]
    assert page.locator("img").first.get_attribute("alt") in ("Picture A", "Picture B", "Picture C")
