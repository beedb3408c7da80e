"""A real Chromium: the system's, driven by playwright. Every page is opened from its file, with the network watched."""

import os
import shutil
from pathlib import Path

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium():
    """A running browser. Without one the tests are skipped, or fail where INPAINT_CHROMIUM=required says so."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        if os.environ.get("INPAINT_CHROMIUM") == "required":
            pytest.fail("there is no Chromium, and INPAINT_CHROMIUM=required; run tests/browser/install.sh")
        pytest.skip("there is no Chromium here (tests/browser/install.sh installs Debian's)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, which is who CI is; the pages are our own.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, tmp_path):
    """`open_page(path, **context)`: the page; at the end nothing may have been requested, and no script have failed."""
    contexts, wrong = [], []

    def open_one(path: Path, **settings):
        context = chromium.new_context(**{"viewport": {"width": 1100, "height": 800}, **settings})
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: _watch(request.url, path, wrong))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.goto(path.as_uri())
        return page

    yield open_one
    results = Path(os.environ.get("INPAINT_SCREENSHOTS", tmp_path))
    results.mkdir(parents=True, exist_ok=True)
    for number, context in enumerate(contexts):
        for page in context.pages:
            name = os.environ["PYTEST_CURRENT_TEST"].split("::")[-1].split(" ")[0]
            page.screenshot(path=results / f"{name}-{number}.png", full_page=True)
        context.close()
    assert wrong == []


def _watch(url: str, path: Path, wrong: list[str]) -> None:
    if not url.startswith(("data:", "blob:")) and url != path.as_uri():
        wrong.append(url)
