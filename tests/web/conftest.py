"""Homes as `make run` serves them, and a headless Chromium to look at them."""

import shutil

import pytest
from served import serving


@pytest.fixture
def home(tmp_path):
    """A home with a new device, in real time."""
    with serving(tmp_path / "run") as served:
        yield served


# No longer than a module: while Playwright runs, no other event loop does in this process.
@pytest.fixture(scope="module")
def chromium():
    """The system's Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "these tests need Chromium: make test brings it"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium):
    """browse(url, **context) opens a page of its own browser profile; whatever its console complains of fails."""
    complaints, contexts = [], []

    def open_page(url, **options):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, complaints
