"""Pictures of the pages for the documents, taken by a headless Chromium from homes that really run."""

from __future__ import annotations

import io
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

_COLOURS = 128
_PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


class NoBrowser(Exception):
    """What is missing to take pictures; the message is for the person."""


@contextmanager
def _served() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "host_tools.cli", "run", "--port", "0", "--folder", folder]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        try:
            yield next(found[0] for line in process.stdout if (found := re.search(r"http://\S+?(?=/\s)", line)))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(15)


def _save(shot: bytes, path: Path) -> Path:
    picture = Image.open(io.BytesIO(shot)).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
    return path


def take(folder: Path) -> list[Path]:
    """Writes the pictures into a folder; returns their paths. Raises NoBrowser."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if not chromium:
        raise NoBrowser("pictures of the pages need Chromium and Playwright: `make pictures` brings them")
    with _served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            return _story(browser, url, folder)
        finally:
            browser.close()


def _story(browser: Any, url: str, folder: Path) -> list[Path]:
    page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
    page.goto(url)
    page.locator("#panel[aria-label*='Install code']").wait_for()
    paths = [_save(page.screenshot(), folder / "web-waiting.png")]
    site = browser.new_context(viewport={"width": 760, "height": 900}).new_page()
    site.goto(f"{url}/supplier")
    site.locator("#sign-in").click()
    site.locator("main a[href='#add']").click()
    site.locator("#scan").click()
    site.wait_for_function("() => document.getElementById('eui64').value")
    code = site.locator("#install_code").input_value()
    site.locator("#install_code").fill(code[:10] + "FFFF" + code[14:])
    site.locator("#consent").check()
    site.locator("#send").click()
    site.locator("#install_code[aria-invalid=true]").wait_for()
    paths.append(_save(site.screenshot(full_page=True), folder / "web-supplier.png"))
    site.locator("#install_code").fill(code)
    site.locator("#send").click()
    page.locator("[data-speed='60']").click()
    page.get_by_text("Compare the number on the panel").wait_for(timeout=60_000)
    page.locator("[data-speed='1']").click()
    page.locator("#button-ok").click()
    page.locator(".road .done", has_text="Reading your meters").wait_for()
    page.locator("[data-speed='60']").click()
    # Until it has fetched the morning.
    page.get_by_role("img", name=re.compile(r"Today\s+[£\d]")).wait_for(timeout=60_000)
    page.get_by_role("switch", name="Kettle").click()
    page.get_by_role("switch", name="Car charger").click()
    page.locator("[data-speed='10']").click()
    page.locator("#panel[aria-label*='USING']").wait_for(timeout=60_000)
    page.locator("[data-speed='1']").click()
    page.locator("[data-speed='1'][aria-pressed=true]").wait_for()
    page.evaluate("document.activeElement.blur()")
    paths.append(_save(page.screenshot(), folder / "web-reading.png"))
    page.locator("#story").evaluate("""box => { const all = [...box.querySelectorAll('summary')];
        const one = all.find(row => row.textContent.includes('Initiate Key Establishment Request'));
        one.click(); box.scrollTop = one.offsetTop - box.offsetTop - 40; }""")
    page.wait_for_timeout(300)
    paths.append(_save(page.locator(".wide").screenshot(), folder / "web-story.png"))
    phone = browser.new_context(**_PHONE).new_page()
    phone.goto(url)
    phone.locator(".road .done", has_text="Reading your meters").wait_for()
    phone.locator("#panel[aria-label*='USING']").wait_for()
    paths.append(_save(phone.screenshot(), folder / "web-phone.png"))
    return paths
