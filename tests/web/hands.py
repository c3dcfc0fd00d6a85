"""What a hand does on the pages, and what an eye sees there."""

import io

from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from host_tools import screen_reader

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}


def overflow(page):
    """By how many pixels the page is wider than its window."""
    return page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")


def barriers(page):
    """What axe-core finds that would keep somebody out: names that are missing, pale words and the like."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], node["target"], node["html"]) for one in found for node in one["nodes"]]


def panel(home):
    """The lines on the panel."""
    return screen_reader.read(Image.open(io.BytesIO(home.get("/screen.png")[1])).convert("1"))


def speed(page, words):
    page.locator(f"[data-speed='{'null' if words == 'max' else words.rstrip('x')}']").click()


def tab(page, name):
    page.get_by_role("tab", name=name, exact=True).click()


def read_meters(page):
    """From a device that shows its code to one that reads, as fast as it goes."""
    speed(page, "60x")
    page.get_by_role("button", name="Fill it in for me").click()
    page.get_by_text("Compare the number on the panel").wait_for()
    page.get_by_role("button", name="OK", exact=True).click()
    page.get_by_text("The display reads your meters").wait_for()


def turn_to(page, words, pages=12):
    """Turns the panel's pages until one has these words, which it waits for a while on each."""
    for _ in range(pages):
        if words in page.locator("#panel").get_attribute("aria-label"):
            return
        shown = page.locator("#panel").get_attribute("aria-label")
        page.get_by_role("button", name="Next", exact=True).click()
        turned = "shown => document.getElementById('panel').getAttribute('aria-label') !== shown"
        page.wait_for_function(turned, arg=shown)
    raise AssertionError(f"no page says {words!r}")
