import re

import numpy as np
import pytest

from inpaint.training.evaluation.gallery import encode
from inpaint.training.evaluation.metrics import columns
from inpaint.training.evaluation.report import report_page
from inpaint.training.evaluation.results import Evaluation, Scored
from inpaint.training.evaluation.tables import Conditions

METHODS = ("red", "<b>blue</b>")
COLOURS = {"g": (40, 160, 60), "r": (200, 30, 30), "b": (30, 30, 200)}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Three photographs of one green; one method fills all of the picture red, the other blue."""
    found = tuple(columns(["l1", "ssim", "fid"]))
    pictures, cases = [], []
    hole = np.zeros((64, 64), bool)
    hole[16:48, 32:64] = True
    plain = {name: np.full((64, 64, 3), colour, np.uint8) for name, colour in COLOURS.items()}
    for number, (red, blue) in enumerate([(0.2, 0.6), (0.5, 0.1), (0.3, 0.4)]):
        rows = {
            method: dict.fromkeys(("l1", "l1_hole"), value) | {"l1_sum": 100 * value, "ssim": 1 - value, "ssim_hole": 0}
            for method, value in zip(METHODS, (red, blue), strict=True)
        }
        scored = Scored(f"<i>photo-{number}", 0.05 + 0.1 * number, rows)
        pictures.append(scored)
        cases.append(encode(scored, plain["g"], hole, dict(zip(METHODS, (plain["r"], plain["b"]), strict=True))))
    together = {METHODS[0]: {"fid": 12.5}, METHODS[1]: {"fid": float("nan")}}
    evaluation = Evaluation(METHODS, found, tuple(pictures), together)
    conditions = Conditions("0.1", "val", 3, 64, "mixed", 0, (0.1, 0.35), "f" * 64, None)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_page(evaluation, conditions, dict.fromkeys(METHODS, "a method"), cases), "utf-8")
    return path


def test_the_file_names_no_address(report):
    assert re.findall(r"(?:https?:)?//[a-z]", re.sub(r"base64,[^\")]*", "", report.read_text("utf-8"))) == []


def names(page):
    return page.locator(".case .name b").all_inner_texts()


def colour_at(page, slider, x, y=0.5):
    """Return the name of the colour that is really painted at a fraction of a slider."""
    import io

    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(slider.screenshot())).convert("RGB")).astype(int)
    height, width = pixels.shape[:2]
    pixel = pixels[int(height * y), min(int(width * x), width - 1)]
    return min(COLOURS, key=lambda name: np.abs(pixel - COLOURS[name]).sum())


def test_the_worst_case_comes_first_by_the_chosen_metric_and_method(report, open_page):
    page = open_page(report)
    assert names(page) == ["<i>photo-1", "<i>photo-2", "<i>photo-0"]
    assert page.locator("#sort-metric").input_value() == "l1_hole"
    page.select_option("#sort-method", METHODS[1])
    assert names(page) == ["<i>photo-0", "<i>photo-2", "<i>photo-1"]
    page.select_option("#sort-metric", "ssim")
    assert names(page) == ["<i>photo-0", "<i>photo-2", "<i>photo-1"]
    assert page.locator(".case").first.locator(".score").all_inner_texts() == ["0.8000", "0.4000"]


def test_the_divider_follows_mouse_and_keyboard(report, open_page):
    page = open_page(report)
    slider = page.locator(".slider").first
    # It starts over the middle of the hole.
    assert slider.locator("input").input_value() == "75"
    assert (colour_at(page, slider, 0.6), colour_at(page, slider, 0.9)) == ("g", "r")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 30, steps=8)
    page.mouse.up()
    assert 20 <= int(slider.locator("input").input_value()) <= 30
    assert (colour_at(page, slider, 0.1), colour_at(page, slider, 0.5)) == ("g", "r")
    slider.locator("input").focus()
    page.keyboard.press("End")
    assert colour_at(page, slider, 0.9) == "g"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert slider.locator("input").input_value() == "1"
    assert colour_at(page, slider, 0.1) == "r"
    assert slider.locator("input").get_attribute("aria-valuetext") == "1% photograph, the rest red"


def test_the_divider_follows_a_finger(report, open_page):
    page = open_page(report, has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800})
    slider = page.locator(".slider").first
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    devtools = page.context.new_cdp_session(page)
    y = box["y"] + 0.3 * box["height"]
    for kind, share in [("touchStart", 0.75), *(("touchMove", 0.75 - 0.05 * n) for n in range(1, 10)), ("touchEnd", 0)]:
        points = [] if kind == "touchEnd" else [{"x": box["x"] + share * box["width"], "y": y}]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert 20 <= int(slider.locator("input").input_value()) <= 40
    assert colour_at(page, slider, 0.6, 0.8) == "r"
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, "the page is wider than the telephone"


def test_both_sides_can_be_chosen(report, open_page):
    page = open_page(report)
    first, second = page.locator(".case").nth(0), page.locator(".case").nth(1)
    first.locator(".chips button").nth(1).click()
    assert colour_at(page, first.locator(".slider"), 0.95) == "b"
    assert colour_at(page, second.locator(".slider"), 0.95) == "r"
    assert first.locator(".chips button").nth(1).get_attribute("aria-pressed") == "true"
    page.select_option("#left", METHODS[1])
    assert colour_at(page, second.locator(".slider"), 0.2) == "b"
    page.select_option("#right", "photograph")
    assert colour_at(page, second.locator(".slider"), 0.95) == "g"


def test_the_holes_can_be_marked(report, open_page):
    page = open_page(report)
    overlay = page.locator(".slider .overlay").first
    before = page.locator(".slider").first.screenshot()
    assert not overlay.is_visible()
    page.check("#mark")
    assert overlay.is_visible()
    assert page.locator(".slider").first.screenshot() != before
    # Only over the hole: the left half stays as it was.
    assert colour_at(page, page.locator(".slider").first, 0.2) == "g"


def test_the_table_sorts_by_every_column(report, open_page):
    page = open_page(report)
    methods = page.locator("table.sortable tbody th")
    assert methods.all_inner_texts() == list(METHODS)
    page.get_by_role("button", name="l1 ↓").last.click()
    assert methods.all_inner_texts() == ["red", METHODS[1]]
    heading = page.locator("th[aria-sort]")
    assert heading.get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="l1 ↓").last.click()
    assert methods.all_inner_texts() == [METHODS[1], "red"]
    page.get_by_role("button", name="FID").click()
    assert methods.all_inner_texts() == ["red", METHODS[1]]
    assert "n/a" in page.locator("table.sortable").inner_text()


def test_the_bins_show_the_chosen_metric(report, open_page):
    page = open_page(report)
    bodies = page.locator("tbody[data-metric]")
    assert [body.get_attribute("data-metric") for body in bodies.all() if body.is_visible()] == ["l1_hole"]
    assert page.locator("tbody[data-metric=l1_hole] th").all_inner_texts() == ["0-10%", "10-20%", "20-30%"]
    page.select_option("#area-metric", "ssim")
    assert [body.get_attribute("data-metric") for body in bodies.all() if body.is_visible()] == ["ssim"]


def test_names_are_text_and_not_markup(report, open_page):
    page = open_page(report)
    assert page.locator(".case i, table b b, table th b").count() == 0


def test_everything_has_a_name_for_those_who_do_not_see_it(report, open_page):
    page = open_page(report)
    unnamed = page.evaluate(
        """[...document.querySelectorAll("img, input, select, button")].filter((e) =>
        !(e.alt || e.getAttribute("aria-label") || e.labels?.length || e.textContent.trim())).length"""
    )
    assert unnamed == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(report, open_page, scheme):
    """Contrast of at least 4.5 to 1 (WCAG AA) for text on the page, on cards and on the marked cells."""
    page = open_page(report, color_scheme=scheme)
    ratio = page.evaluate(
        """(pairs) => {
        const style = getComputedStyle(document.documentElement);
        const light = (name) => {
          const hex = style.getPropertyValue(name).trim();
          const part = (i) => parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16) / 255;
          const linear = (x) => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
          return 0.2126 * linear(part(0)) + 0.7152 * linear(part(1)) + 0.0722 * linear(part(2));
        };
        return pairs.map(([a, b]) => {
          const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
          return (high + 0.05) / (low + 0.05);
        });
        }""",
        [
            ["--ink", "--paper"],
            ["--faint", "--paper"],
            ["--faint", "--card"],
            ["--accent", "--accent-soft"],
            ["--ink", "--accent-soft"],
            ["--paper", "--accent"],
        ],
    )
    assert min(ratio) >= 4.5
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background)[:3])) > 380) == (scheme == "light")
