"""Homes as `make run` serves them, and a headless Chromium to look at them."""

import shutil

import pytest
from served import serving


@pytest.fixture
def home(tmp_path):
    """A home with a new device, in real time."""
    with serving(tmp_path / "run") as served:
        yield served


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """A home that shows its code; for tests that leave it as it is."""
    with serving(tmp_path_factory.mktemp("waiting")) as home:
        home.do("speed", 10)
        home.until(lambda now: "P02" in now["words"])
        home.do("speed", 1)
        home.code = home.label()
        yield home


# For each test anew: one that hangs takes no other with it. While Playwright runs, no other event loop does here.
@pytest.fixture
def chromium():
    """The system's Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "these tests need Chromium: make test brings it"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Closed by Playwright's own end, which waits half a minute at most; browser.close() waits without one.
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])


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
