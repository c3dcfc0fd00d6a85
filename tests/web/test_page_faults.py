"""The pages for who has a damaged link, a keyboard, a screen reader, a small screen, or looks at night."""

import base64
import json


def packed(what):
    """What a replay link has behind its `#replay=`."""
    return base64.urlsafe_b64encode(json.dumps(what).encode()).decode().rstrip("=")


def test_a_damaged_replay_link_says_so(waiting, browse):
    right = waiting.replay()
    good = packed(right)
    page = browse(f"{waiting.url}/#replay={good[:-7]}")
    damaged, button = page.get_by_text("This link to a run is damaged"), page.locator("#replay-offer button")
    wrong = (None, [], 1, {"a": 1}, right | {"inkmeter": 2}, right | {"steps": None}, right | {"settings": {}},
             {name: right[name] for name in right if name != "until_us"})  # fmt: skip
    for link in ("", good[:-7], good[:-8], f"{good}.", f"{good}=", *map(packed, wrong)):
        damaged.wait_for()
        page.evaluate("link => { location.hash = `replay=${link}`; }", link)
        damaged.wait_for()
        assert not any(one.is_visible() for one in button.all()), link
        # A whole one after it is offered.
        page.evaluate("link => { location.hash = `replay=${link}`; }", good)
        page.get_by_role("button", name="Play it again").wait_for()
        assert not damaged.is_visible()
        page.evaluate("location.hash = 'replay=AAAA'")
    damaged.wait_for()
    # One that has none says nothing.
    page.evaluate("location.hash = 'wall'")
    damaged.wait_for(state="hidden")
