"""The pages for who has a damaged link, a keyboard, a screen reader, a small screen, or looks at night."""

import base64
import contextlib
import json

import pytest
from hands import overflow, speed, tab
from served import RIGHT, serving

from host_tools.web import view

FOCUS = "document.activeElement.id || document.activeElement.textContent"


@contextlib.contextmanager
def reading_home(folder):
    with serving(folder, "--start", "2026-10-25T06:30") as home:
        home.do("speed", 10)
        home.until(lambda now: "P02" in now["words"])
        home.do("pair-for-me")
        home.do("speed", 60)
        home.until(lambda now: now["stage"] == 5)
        for down in (True, False):
            home.do("button", {"name": "ok", "down": down})
        home.until(lambda now: now["stage"] == 6 and not now["device"]["outcome"])
        home.do("speed", 1)
        yield home


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """A home before seven in the morning, whose display reads the meters; for tests that leave it as it is."""
    with reading_home(tmp_path_factory.mktemp("reading")) as home:
        yield home


@pytest.fixture
def early(tmp_path):
    """The same, for a test that lets the day begin."""
    with reading_home(tmp_path / "run") as home:
        yield home


def packed(what):
    """What a replay link has behind its `#replay=`."""
    return base64.urlsafe_b64encode(json.dumps(what).encode()).decode().rstrip("=")


def test_a_damaged_replay_link_says_so(waiting, browse):
    right = waiting.replay()
    good = packed(right)
    page = browse(f"{waiting.url}/#replay={good[:-7]}")
    damaged, button = page.get_by_text("This link is damaged"), page.locator("#replay-offer button")
    wrong = (None, [], 1, {"a": 1}, right | {"inkmeter": 2}, right | {"steps": None}, right | {"settings": {}},
             {name: right[name] for name in right if name != "until_us"})  # fmt: skip
    for link in ("", good[:-7], good[:-8], f"{good}.", f"{good}=", *map(packed, wrong)):
        damaged.wait_for()
        page.evaluate("link => { location.hash = `replay=${link}`; }", link)
        damaged.wait_for()
        assert not any(one.is_visible() for one in button.all()), link
        # A whole one after it is offered.
        page.evaluate("link => { location.hash = `replay=${link}`; }", good)
        page.get_by_role("button", name="Replay it").wait_for()
        assert not damaged.is_visible()
        page.evaluate("location.hash = 'replay=AAAA'")
    damaged.wait_for()
    # One that has none says nothing.
    page.evaluate("location.hash = 'wall'")
    damaged.wait_for(state="hidden")


def shop(home, browse, page):
    """A page of the supplier's website, signed in."""
    site = browse(home.url + "/supplier")
    site.get_by_role("button", name="Sign in").click()
    site.get_by_role("heading", name="Hello").wait_for()
    site.evaluate("hash => { location.hash = hash; }", page)
    return site


def test_a_request_says_how_far_it_is_and_what_it_waits_for(home, browse):
    home.do("speed", 10)
    home.until(lambda now: "P02" in now["words"])
    site = shop(home, browse, "#request-R1001")
    home.do("speed", 1)
    home.do("trouble-unknown-model", True)
    home.do("pair-for-me")
    address = site.locator("li.now", has_text="Checking your address")
    address.wait_for()
    assert "person" not in address.inner_text() and "second" in address.inner_text()
    site.locator("#outcome", has_text="allow one or two days").wait_for()
    model = site.locator("li.now")
    assert "a day or two if someone must check it by hand" in model.inner_text()
    # In words, for who does not see the dots.
    said = [words.split(",")[1].strip() for words in site.locator("#steps li").evaluate_all(
        "all => all.map(one => one.children[0].textContent)")]  # fmt: skip
    assert said == ["done", "done", "now", "to come", "to come", "to come", "to come"]
    assert site.locator("#steps [aria-current=step]").evaluate_all("all => all.map(one => one.className)") == ["now"]
    # Nothing of it is left in another home.
    home.do("change-house-moved", "")
    site.locator("#outcome", has_text="There is no such request.").wait_for()
    assert site.locator("#steps li").count() == 0
    assert site.locator("#outcome").get_attribute("class") == ""


def test_a_request_that_has_failed_says_where(home, browse):
    home.do("speed", 10)
    home.until(lambda now: "P02" in now["words"])
    home.do("trouble-address", True)
    home.do("pair-for-me")
    site = shop(home, browse, "#request-R1001")
    stuck = site.locator("li.stuck[aria-current=step]", has_text="Checking your address")
    stuck.wait_for()
    assert "stuck" in stuck.text_content()


def test_who_removes_a_device_by_keyboard_keeps_the_place_and_hears_of_it(home, browse):
    home.do("speed", 10)
    home.until(lambda now: "P02" in now["words"])
    code = home.label()
    for eui64 in (code["eui64"], "00DB1234567890A1"):
        home.do("add-device", {**RIGHT, "eui64": eui64, "install_code": code["install_code"]})
    home.until(lambda now: len(now["portal"]["devices"]) == 2)
    site = shop(home, browse, "#devices")
    home.do("speed", 1)
    for left in (1, 0):
        button = site.get_by_role("button", name="Remove").first
        name = button.get_attribute("aria-label").removeprefix("Remove ")
        button.focus()
        site.keyboard.press("Enter")
        says = site.get_by_role("main").get_by_role("status")
        says.get_by_text(f"Removing {name} …").wait_for()
        says.get_by_text(f"{name} has been removed.").wait_for()
        assert site.locator("[data-remove]").count() == left
        assert site.evaluate(FOCUS) == ("Remove" if left else "Devices")


def test_a_new_home_leaves_the_keyboard_where_it_was(home, browse):
    page = browse(home.url)
    page.get_by_text("The panel shows two codes.").wait_for()
    tab(page, "New home")
    button = page.get_by_role("button", name="Start this home")
    for one in (button, page.locator("#button-next"), page.locator("[data-speed='60']"), page.get_by_label("Seed")):
        run = home.state()["run"]
        # That the page has drawn the new one is seen by this mark's going.
        page.evaluate("document.getElementById('new').dataset.old = 'yes'")
        one.focus()
        if one is button:
            page.keyboard.press("Enter")
        else:
            home.do("new", {})
        home.until(lambda now, run=run: now["run"] > run)
        page.locator("#new:not([data-old])").wait_for()
        page.wait_for_function("() => document.activeElement !== document.body")
        assert one.evaluate("one => one === document.activeElement"), one
    # What is not there any more gives it to the display.
    page.get_by_role("button", name="Next", exact=True).focus()
    home.do("new", {"buttons": 1})
    page.get_by_role("button", name="Button", exact=True).wait_for()
    page.wait_for_function("() => document.activeElement.id === 'wall'")


@pytest.mark.slow
def test_a_sample_days_figures_are_not_read_out(home, browse):
    page = browse(home.url)
    page.get_by_text("The panel shows two codes.").wait_for()
    page.evaluate("""(() => { window.heard = [];
        new MutationObserver(all => all.forEach(({ target }) => {
            const one = target.nodeType === 1 ? target : target.parentElement;
            const region = one.closest('[role=status], [role=alert], [aria-live]:not([aria-live=off])');
            if (region) window.heard.push(region.textContent); })).observe(document.getElementById('group'),
        { childList: true, characterData: true, subtree: true }); })()""")
    speed(page, "300x")
    page.get_by_role("switch", name="Play a typical day").click()
    words = page.locator("#in-sample-day-says")
    shown = set()
    for _ in range(12):
        page.wait_for_timeout(500)
        shown.add(words.text_content())
    assert len(shown) > 4
    assert len(page.evaluate("heard")) == 1, page.evaluate("heard")
    page.get_by_role("switch", name="Play a typical day").click()
    page.wait_for_function("() => heard.some(one => one.startsWith('The day was stopped.'))")
    assert len(page.evaluate("heard")) == 2


_PLACEHOLDER = """one => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const linear = v => v / 255 <= .04045 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const words = getComputedStyle(one, '::placeholder');
  const a = light(parse(words.color)), b = light(parse(getComputedStyle(one).backgroundColor));
  return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), words.opacity, parse(words.color).length];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_placeholder_can_be_read(waiting, browse, scheme):
    page = browse(waiting.url, color_scheme=scheme)
    tab(page, "Wire")
    field = page.locator("input[placeholder]:not([placeholder=''])").first
    ratio, opacity, parts = field.evaluate(_PLACEHOLDER)
    assert ratio >= 4.5 and opacity == "1" and parts == 3, (ratio, opacity, parts)


@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_all_of_the_display_is_to_be_had_at_320_pixels(waiting, browse, ratio):
    page = browse(waiting.url, viewport={"width": 320, "height": 700}, device_scale_factor=ratio)
    page.get_by_text("The panel shows two codes.").wait_for()
    page.locator("#panel[data-screen]").wait_for()
    assert overflow(page) == 0
    for name in ("panel", "reset", "light", "button-back", "button-ok", "button-next", "larger", "make-new"):
        left, right, reach = page.locator(f"#{name}").evaluate("""one => {
            const wall = document.querySelector('.plaster'), { left, right } = wall.getBoundingClientRect();
            const scrolls = /auto|scroll/.test(getComputedStyle(wall).overflowX);
            const box = one.getBoundingClientRect();
            return [box.left - left, right - box.right, scrolls ? wall.scrollWidth - wall.clientWidth : 0]; }""")
        assert left >= 0 and right + reach >= 0, (name, left, right, reach)
    factor = page.locator("#panel").evaluate("one => one.getBoundingClientRect().width") * ratio / 296
    assert abs(factor - round(factor)) < 0.01 and factor >= 1
    before = waiting.state()["steps"]
    page.get_by_role("button", name="Next", exact=True).click()
    waiting.until(lambda now: now["steps"] == before + 2)


@pytest.mark.parametrize("width", [360, 320])
def test_who_says_what_does_not_scroll_sideways(reading, browse, width):
    page = browse(reading.url, viewport={"width": width, "height": 780})
    page.locator("#story", has_text="clearTemporaryDataMaybeStoreLinkKey").wait_for()
    sideways = "one => one.scrollWidth - one.clientWidth"
    assert page.locator("#story").evaluate(sideways) == 0
    page.evaluate("document.querySelectorAll('#story details').forEach(one => { one.open = true; })")
    page.locator("#story .layers dd").last.wait_for()
    assert page.locator("#story").evaluate(sideways) == 0
    tab(page, "All traffic")
    page.locator("#traffic summary").first.wait_for()
    assert page.locator("#traffic").evaluate(sideways) == 0


def test_a_seed_that_cannot_be_is_refused_in_words(home, browse):
    page = browse(home.url)
    page.get_by_text("The panel shows two codes.").wait_for()
    tab(page, "New home")
    run = home.state()["run"]
    seed, button = page.get_by_label("Seed"), page.get_by_role("button", name="Start this home")
    for value, words in (("", "A whole number, 0 or more."), ("-5", "A whole number, 0 or more."),
                         ("1.5", "A whole number, 0 or more."), ("1e30", "At most 9007199254740991.")):  # fmt: skip
        seed.fill("1")
        seed.fill(value)
        button.click()
        page.locator("#new-seed-error", has_text=words).wait_for()
        assert seed.get_attribute("aria-invalid") == "true"
        assert "new-seed-error" in seed.get_attribute("aria-describedby").split()
        assert page.locator("#refusal").text_content() == ""
        # The one wrong thing is said where it is, and is gone when it is another.
        day = page.get_by_label("Day", exact=True)
        kept = day.input_value()
        seed.fill("7")
        day.fill("2001-01-01")
        button.click()
        page.locator("#new-start-error", has_text="A home can begin from").wait_for()
        assert page.locator("#new-seed-error").text_content() == "" and seed.get_attribute("aria-invalid") == "false"
        day.fill(kept)
    assert home.state()["run"] == run
    # Noughts before it are no part of it.
    seed.fill("007")
    button.click()
    home.until(lambda now: now["run"] > run)
    assert home.replay()["settings"]["seed"] == 7


def test_the_hint_is_true_by_night(early, browse):
    page = browse(early.url)
    words = "From 22:00 to 07:00 the panel is quiet: it shows new figures every half hour at most"
    night = page.locator("#next", has_text=words)
    night.wait_for()
    assert "The display reads your meters every ten seconds." in night.inner_text()
    # What it says of a press: a turned page is a new picture, at once.
    seen = early.state()["screen"]
    page.get_by_role("button", name="Next", exact=True).click()
    early.until(lambda now: now["screen"] > seen, seconds=5)
    early.do("speed", None)
    page.locator("#next", has_text="Switch the kettle on and see what it costs.").wait_for(timeout=120_000)
    assert page.locator("#clock").inner_text() >= "07:00"
    early.do("speed", 1)


def test_who_has_no_quiet_nights_reads_nothing_of_them():
    settings = [0, 0, 0, 0, 1, 22, 7, 1, 8, 0, 5, 20]
    held = {"utc": 1, "settings": settings}
    for hour, quiet in ((21, None), (22, [22, 7]), (0, [22, 7]), (6, [22, 7]), (7, None), (12, None)):
        assert view.night(held, hour) == quiet, hour
    assert view.night({**held, "utc": None}, 23) is None
    assert view.night({**held, "settings": [0, 0, 0, 0, 0, *settings[5:]]}, 23) is None
    assert view.night({**held, "settings": [*settings[:5], 1, 4, *settings[7:]]}, 3) == [1, 4]
    assert view.night({**held, "settings": [*settings[:5], 1, 4, *settings[7:]]}, 23) is None
    assert view.night({}, 23) is None


def test_the_hint_says_when_the_meters_do_not_answer(reading, browse):
    # How long it takes from the last answer to the network's loss is the radio's affair: here the state says it.
    demand = {"instantaneous_demand": {"value": 500, "utc": 1, "state": "stale"}}
    assert view.is_silent({"meters": {"0": demand}})
    assert not view.is_silent({"meters": {"0": {"instantaneous_demand": {"state": "never"}}}})
    assert not view.is_silent({}) and not reading.state()["silent"]
    page = browse(reading.url)
    silent = [True]

    def between(socket):
        server = socket.connect_to_server()

        def told(message):
            said = json.loads(message)
            if said["type"] == "state":
                said["it"]["silent"] = silent[0]
            socket.send(json.dumps(said))

        server.on_message(told)

    page.route_web_socket("**/live", between)
    page.reload()
    page.locator("#next", has_text="The meters are not answering at the moment").wait_for()
    silent[0] = False
    page.locator("#next", has_text="The display reads your meters").wait_for()
