"""Every named scenario, begun by its button in a real browser and told to its end."""

import re

import pytest
from hands import speed, tab

from host_tools.sim.scenarios import SCENARIOS

# Over three seconds each; only begun in the quick tests.
LONG = {
    "network-key-rotated-one-by-one", "behind-the-meter", "meter-in-between-gone",
    "insider-sends-readings-without-the-link-key",
    "hub-off-for-a-day", "hub-on-another-channel", "hub-with-another-pan-id", "hub-swapped",
    "hub-swapped-and-unknown-there", "hub-replaced-by-a-stranger", "house-moved", "counters-reset",
    "window-late-and-short", "address-conflict", "pan-id-conflict", "pan-id-conflict-reported", "attacker-replays",
}  # fmt: skip


def begin(page, name):
    page.locator(f"[data-scenario={name}]").click()
    page.locator("#scenario-says", has_text=f"{name.replace('-', ' ')}: ").wait_for()
    assert page.locator("[aria-current=true][data-scenario]").get_attribute("data-scenario") == name


def told(page, name, seconds):
    """How a story ends, in the page's words."""
    begin(page, name)
    ended = re.compile(r": (all right after|not right|the story itself)")
    page.locator("#scenario-says", has_text=ended).wait_for(timeout=seconds * 1000)
    return page.locator("#scenario-says").inner_text()


def stories(page):
    tab(page, "Scenarios")
    names = page.eval_on_selector_all("[data-scenario]", "all => all.map(one => one.dataset.scenario)")
    assert names == list(SCENARIOS) and set(names) >= LONG
    speed(page, "max")
    return names


def test_short_stories_are_told_to_their_end_and_long_ones_begun(home, browse):
    page = browse(home.url)
    for name in stories(page):
        if name in LONG:
            begin(page, name)
        else:
            assert f"{name.replace('-', ' ')}: all right after" in told(page, name, 60)
    # One that goes wrong says so: the display has lost its power before it has paired.
    begin(page, "pairing")
    page.get_by_role("switch", name="Power").click()
    page.locator("#scenario-says", has_text="pairing: not right").wait_for()


@pytest.mark.slow
def test_every_story_is_told_to_its_end(home, browse):
    page = browse(home.url)
    ends = [told(page, name, 900) for name in stories(page)]
    assert [end for end in ends if ": all right after" not in end] == []
