"""The studio as people use it: `inpaint studio` on real files, and a real Chromium with a mouse and a keyboard."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "docs" / "demo"
INPAINT = [sys.executable, "-c", "import sys; sys.argv[0] = 'inpaint'; from inpaint.cli.app import main; main()"]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(DEMO / "photo.jpg", folder / "rocket.jpg")
    picture = np.asarray(Image.open(DEMO / "photo.jpg"))
    Image.fromarray(picture[100:400, 200:400]).save(folder / "other.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    return folder


@pytest.fixture
def start(folder):
    """`start("rocket.jpg")`: the process and the address of its page."""
    processes = []

    def start_one(name="rocket.jpg"):
        command = [*INPAINT, "studio", str(folder / name), "--no-browser", "--device", "cpu"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+/", line)
        assert found, line + process.stderr.read()
        return process, found[0]

    yield start_one
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


@pytest.fixture
def visit(chromium):
    """`visit(address)`: a page whose photograph is open; at the end no script may have failed."""
    contexts, wrong = [], []

    def visit_one(address):
        context = chromium.new_context(viewport={"width": 1200, "height": 800}, accept_downloads=True)
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        page.wait_for_selector("html[data-ready=yes]")
        return page

    yield visit_one
    for context in contexts:
        context.close()
    assert wrong == []


def at(page, x, y, size=(640, 427)):
    """Return where a pixel of a photograph that fits the window is on the page."""
    frame = page.locator("#view").bounding_box()
    scale = min(frame["width"] / size[0], frame["height"] / size[1])
    left = frame["x"] + (frame["width"] - size[0] * scale) / 2
    top = frame["y"] + (frame["height"] - size[1] * scale) / 2
    return left + x * scale, top + y * scale


def drag(page, *points):
    page.mouse.move(*at(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*at(page, *point), steps=8)
    page.mouse.up()


def shown(page, version):
    page.wait_for_selector(f"html[data-shown='{version}']")


def save(page, folder, name):
    page.locator("summary", has_text="Save").click()
    page.fill("#name", name)
    page.click("#save")
    page.locator("#status", has_text="Saved as").wait_for()
    return np.asarray(Image.open(folder / name))


def test_painting_a_tower_out_is_the_command(start, visit, folder, tmp_path):
    _, address = start()
    page = visit(address)
    page.locator("summary", has_text="Fill settings").click()
    page.uncheck("#auto")
    drag(page, (200, 115), (195, 250), (180, 330))
    with page.expect_download() as download:
        page.click("#mask")
    mask = tmp_path / "mask.png"
    download.value.save_as(mask)
    page.click("#fill")
    shown(page, 1)
    result = save(page, folder, "by-page.png")

    covered = np.asarray(Image.open(mask)) > 127
    assert 5_000 < covered.sum() < 30_000
    done = subprocess.run(
        [
            *INPAINT,
            "fill",
            str(folder / "rocket.jpg"),
            "--mask",
            str(mask),
            "-o",
            str(tmp_path / "out.png"),
            "--device",
            "cpu",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(result, np.asarray(Image.open(tmp_path / "out.png")))
    before = np.asarray(Image.open(folder / "rocket.jpg"))
    np.testing.assert_array_equal(result[~covered], before[~covered])
    assert (result[covered] != before[covered]).any()

    # Another page sees the same, and the first one sees what the other undoes.
    second = visit(address)
    second.keyboard.press("Control+z")
    shown(page, 2)
    assert page.locator("#undo").is_disabled()
    assert page.locator("#redo").is_enabled()


def test_letting_go_fills_and_a_reload_keeps_it(start, visit, folder):
    _, address = start()
    page = visit(address)
    drag(page, (500, 60), (520, 80))
    shown(page, 1)
    page.reload()
    page.wait_for_selector("html[data-ready=yes]")
    assert page.locator("#undo").is_enabled()
    page.uncheck("#auto")
    page.keyboard.press("r")
    drag(page, (20, 20), (60, 60))
    page.reload()
    page.wait_for_selector("html[data-ready=yes]")
    page.click("#fill")  # the paint has come back, too
    shown(page, 2)


def test_finding_an_object_and_placing_another(start, visit, folder):
    _, address = start()
    page = visit(address)
    page.keyboard.press("o")
    drag(page, (295, 115), (365, 420))
    page.locator("#status", has_text=re.compile("Mend the mask|Only")).wait_for()
    page.click("#fill")
    shown(page, 1)

    page.locator("summary", has_text="Put an object in").click()
    page.select_option("#source", "other.png")
    page.locator("#source-view").scroll_into_view_if_needed()
    box = page.locator("#source-view").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.05)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.95, steps=5)
    page.mouse.up()
    page.click("#place")
    shown(page, 2)


def test_a_broken_file_is_told_and_nothing_is_lost(start, visit):
    _, address = start()
    page = visit(address)
    page.select_option("#photo", "broken.jpg")
    page.locator("#status.bad").wait_for()
    assert "broken.jpg" in page.inner_text("#status")
    page.select_option("#photo", "other.png")
    page.locator("#size", has_text=re.compile("200 . 300")).wait_for()


def test_the_studio_ends_with_its_last_page(start, visit, chromium):
    process, address = start()
    page = visit(address)
    wrong = page.context.request.get(address[:-2] + "x/")
    assert wrong.status == 403
    page.close()
    assert process.wait(30) == 0


def test_a_hundred_megapixels(start, visit, folder):
    large = np.zeros((10_000, 10_000, 3), np.uint8)
    large[4_000:6_000, 4_000:6_000] = (30, 120, 200)
    cv2.imwrite(str(folder / "large.tif"), large[:, :, ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 5])
    _, address = start("large.tif")
    page = visit(address)
    page.locator("#size", has_text=re.compile("10000 . 10000")).wait_for()
    page.click("#full")
    page.mouse.move(*[side + 400 for side in (page.locator("#view").bounding_box()[k] for k in ("x", "y"))])
    page.mouse.down()
    page.mouse.move(900, 500, steps=3)
    page.mouse.up()
    shown(page, 1)
