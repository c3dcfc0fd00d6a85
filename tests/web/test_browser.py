"""The pages in a real browser: what a newcomer does, what a developer does, and who has no mouse."""

import io
import os
import re
import signal

import pytest
from hands import PHONE, barriers, overflow, panel, speed, tab
from PIL import Image
from served import RIGHT, serving

from host_tools.sim.portal import TROUBLES


def supplier(page):
    """The supplier's website as the home's page opens it, signed in, at its form."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the supplier's website").click()
    site = opened.value
    site.get_by_role("button", name="Sign in").click()
    site.get_by_role("main").get_by_role("link", name="Add a device").click()
    return site


def send(site, home, **changes):
    """Fills the form in and sends it."""
    right = {**RIGHT, **home.code, "postcode": "zz9 9zz"}
    for name, value in {**right, **changes}.items():
        field = site.locator(f"#{name}")
        if name == "consent":
            field.set_checked(value)
        elif name == "device_type":
            field.select_option(value)
        else:
            field.fill(value)
    site.get_by_role("button", name="Add this device").click()


def test_a_newcomers_first_ten_minutes(home, browse):
    page = browse(home.url)
    speed(page, "10x")
    page.get_by_text("The panel shows two codes.").wait_for()
    home.code = home.label()
    site = supplier(page)
    groups = re.sub("(....)", r"\1 ", home.code["install_code"].lower())
    send(site, home, install_code=groups)
    site.get_by_role("heading", name="Request R1001").wait_for()
    site.locator("li.now", has_text="Your hub is open").wait_for()
    page.get_by_text("The hub is open for the display.").wait_for()
    page.get_by_role("button", name="OK", exact=True).click()
    speed(page, "60x")
    page.get_by_text("Compare the number on the panel").wait_for()
    site.get_by_text("Done. The device can now read your meters.").wait_for()
    speed(page, "10x")
    page.get_by_role("button", name="OK", exact=True).click()
    page.get_by_text("The display reads your meters").wait_for()
    page.locator("#story summary", has_text="Confirm Key Data Response").first.wait_for()
    # What does the kettle cost? With a car on the charger no sun covers it.
    for name in ("Kettle", "Car charger"):
        page.get_by_role("switch", name=name).click()
    speed(page, "60x")
    page.locator("#panel[aria-label*='an hour']").wait_for()
    assert "USING" in page.get_by_role("img", name="The panel").get_attribute("aria-label")
    assert any("an hour" in line for line in panel(home))
    site.get_by_role("link", name="My devices").click()
    site.get_by_role("cell", name="Reads your meters").wait_for()


def test_the_form_refuses_in_words(waiting, browse):
    page = browse(waiting.url)
    site = supplier(page)
    code = waiting.code["install_code"]
    for field, value, words in (
        ("device_type", "PPMID", "This page adds display or CAD devices only."),
        ("eui64", "", "Please fill this in."),
        ("eui64", "001122334455", "That looks like the Wi-Fi address. Use the 16-character Zigbee ID."),
        ("eui64", "00DB1234567890A", "16 characters are needed, you typed 15."),
        ("eui64", "00DB1234567890A01", "16 characters are needed, you typed 17."),
        ("eui64", "O0DB1234567890A0", "Did you mean 00DB1234567890A0?"),
        ("install_code", "", "Please fill this in."),
        ("install_code", code[:-1], "Install codes are 16, 20, 28 or 36 characters; you typed 35."),
        ("install_code", code[:8] + "FFFF" + code[12:], "One or more characters are wrong."),
        ("install_code", waiting.code["eui64"], "One or more characters are wrong."),
        ("mpan", "12345", "MPANs are 13 digits."),
        ("mpan", "1200000000012", "The last one is a check digit and does not agree."),
        ("mpan", "1012345678903", "We do not supply this meter."),
        ("mprn", "12", "MPRNs are 6 to 10 digits."),
        ("postcode", "NOWHERE", "That is not a valid postcode."),
        ("postcode", "AB1 2CD", "We do not have this meter at that postcode."),
        ("consent", False, "Without your consent"),
    ):
        send(site, waiting, **{field: value})
        site.locator(f"#{field}-error", has_text=words).wait_for()
        assert site.locator(f"#{field}").get_attribute("aria-invalid") == "true"
        assert site.locator("[aria-invalid=true]").count() == 1, field
        assert site.get_by_role("alert").locator("li").count() == 1
    # Gas is not everybody's; and all that is wrong is said at once.
    send(site, waiting, mprn="", eui64="", consent=False)
    site.get_by_role("heading", name="2 things to correct").wait_for()
    assert site.get_by_role("alert").locator("li").count() == 2
    assert waiting.state()["portal"]["requests"] == []


def test_the_back_office_refuses_in_words(home, browse):
    home.do("speed", 10)
    page = browse(home.url)
    page.get_by_text("The panel shows two codes.").wait_for()
    home.code = home.label()
    tab(page, "Supplier")
    site = supplier(page)
    speed(page, "60x")
    words = {
        "address": "We could not match your address.", "old-supplier": "still with your old supplier",
        "unknown-model": "We do not know this model.", "hub-offline": "We cannot reach your hub. Try again",
        "listed-elsewhere": "on another home's list",
    }  # fmt: skip
    assert {*words, "no-access"} == set(TROUBLES)
    for trouble, said in words.items():
        switch = page.locator(f"[data-control=trouble-{trouble}]")
        switch.click()
        send(site, home)
        site.locator("#outcome", has_text=said).wait_for()
        switch.click()
        site.locator("#nav").get_by_role("link", name="Add a device").click()
    tab(page, "Hub")
    full = page.get_by_role("switch", name="Device list is full")
    full.click()
    send(site, home)
    site.locator("#outcome.problem", has_text="Your hub is full.").wait_for()
    full.click()
    # Nobody comes while the hub is open: the display has no power.
    page.get_by_role("switch", name="Power", exact=True).click()
    tab(page, "Supplier")
    page.get_by_label("Hub stays open for").fill("1")
    site.locator("#nav").get_by_role("link", name="Add a device").click()
    send(site, home)
    site.locator("#outcome.problem", has_text="The device did not join in time.").wait_for()
    # It comes, and is kept from the meters.
    page.get_by_role("switch", name="No access to the meters").click()
    page.get_by_role("switch", name="Power", exact=True).click()
    page.get_by_text("The panel shows two codes.").wait_for()
    site.locator("#nav").get_by_role("link", name="Add a device").click()
    page.get_by_label("Hub stays open for").fill("10")
    send(site, home)
    site.locator("#nav").get_by_role("link", name="Devices").click()
    site.get_by_role("cell", name="Joined; no access to the meters yet").wait_for()
    page.get_by_role("switch", name="No access to the meters").click()
    site.get_by_role("cell", name="Reads your meters").wait_for()
    # Once it reads the meters it is not added again, but for who takes it off the list first.
    site.locator("#nav").get_by_role("link", name="Add a device").click()
    send(site, home)
    site.locator("#eui64-error", has_text="This device is already on your list.").wait_for()


def test_of_what_is_asked_for_while_a_home_starts_the_last_is_done(home, browse):
    page = browse(home.url)
    page.get_by_text("The panel shows two codes.").wait_for()
    first = home.state()["run"]
    tab(page, "Scenarios")
    names = page.evaluate("""() => { const all = [...document.querySelectorAll('[data-scenario]')].slice(0, 6);
        all.forEach(one => one.click()); return all.map(one => one.dataset.scenario); }""")
    page.locator("#scenario-says", has_text=names[-1].replace("-", " ")).wait_for()
    home.until(lambda now: now["run"] > first and home.replay()["scenario"] == names[-1])
    tab(page, "New home")
    run = home.state()["run"]
    refused = page.evaluate("""async () => { document.querySelector('#new [type=submit]').click();
        document.querySelector("[data-speed='60']").click(); document.getElementById('reset').click();
        await null; await null; await null;
        return [document.getElementById('next').textContent, document.getElementById('refusal').textContent]; }""")
    assert refused == ["Another home is starting.", "Another home is starting: try again in a moment."]
    home.until(lambda now: now["run"] > run and now["speed"] == 60)
    assert home.replay()["scenario"] is None
    # What was refused meanwhile is not said any more.
    page.locator("#refusal", has_not_text="Another home").wait_for(state="attached")
    page.get_by_text("The panel shows two codes.").wait_for()


def test_of_two_browsers_orders_the_later_one_is_done(home, browse):
    one, two = (browse(home.url) for _ in range(2))
    for page in (one, two):
        page.get_by_text("The panel shows two codes.").wait_for()
        tab(page, "Scenarios")
    click = "name => document.querySelector(`[data-scenario=${name}]`).click()"
    for first, second in (("pairing", "hub-rebooted"), ("hub-rebooted", "pairing")) * 3:
        one.evaluate(click, first)
        two.evaluate(click, second)
        for page in (one, two):
            page.locator("#scenario-says", has_text=f"{second.replace('-', ' ')}: ").wait_for()
        assert home.replay()["scenario"] == second


def test_a_double_click_asks_the_supplier_once(home, browse):
    page = browse(home.url)
    page.get_by_text("The panel shows two codes.").wait_for()
    page.get_by_role("button", name="Fill it in for me").dblclick()
    page.locator("#refusal", has_text="Your supplier is already working on it: R1001.").wait_for()
    assert len(home.state()["portal"]["requests"]) == 1


def test_the_story_tells_of_each_switch(home, browse):
    page = browse(home.url)
    page.get_by_text("The panel shows two codes.").wait_for()
    for name, value, words in (("loss", 20, "Frames lost: 20 %"), ("shield", True, "Display in a steel box: on"),
                               ("hub-channel", 15, "Channel: 15"), ("trouble-address", True, "Wrong address: on"),
                               ("change-calorific-value", "385", "(38.5 MJ/m3)"), ("load-kettle", True, "Kettle on"),
                               ("ncp-watchdog", None, "Radio module restarts: watchdog")):  # fmt: skip
        home.do(name, value)
        page.locator("#story .what", has_text=words).wait_for()
        assert page.locator("#story .what", has_text=words).count() == 1, name


def test_a_story_begun_with_a_finger_on_a_button_keeps_the_speed(home, browse):
    page = browse(home.url)
    speed(page, "60x")
    page.get_by_text("The panel shows two codes.").wait_for()
    page.keyboard.down("o")
    run = home.until(lambda now: now["speed"] == 1)["run"]
    home.do("new", {})
    home.until(lambda now: now["run"] != run and now["speed"] == 60)
    page.keyboard.up("o")


def test_two_browsers_and_a_reload_in_the_middle(home, browse):
    home.do("speed", 10)
    one, two = browse(home.url), browse(home.url, **PHONE)
    one.get_by_text("The panel shows two codes.").wait_for()
    speed(one, "60x")
    two.get_by_role("button", name="Fill it in for me").tap()
    for page in (one, two):
        page.get_by_text("Compare the number on the panel").wait_for()
    assert one.locator("#supplier-says").inner_text() == two.locator("#supplier-says").inner_text()
    shown = one.locator("#story summary").count()
    one.reload()
    one.locator("#story summary", has_text="joinNetwork").first.wait_for()
    assert one.locator("#story summary").count() >= shown > 30
    two.get_by_role("button", name="OK", exact=True).tap()
    for page in (one, two):
        page.get_by_text("The display reads your meters").wait_for()
    # The device starts anew, and goes on where it was.
    one.get_by_role("switch", name="Power").click()
    two.get_by_text("The display has no power.").wait_for()
    two.get_by_role("switch", name="Power").tap()
    one.get_by_text("The display reads your meters").wait_for()
    one.get_by_role("button", name="Reset the display").click()
    one.locator("#story summary", has_text="Reset button").wait_for()
    two.get_by_text("The display reads your meters").wait_for()
    assert "done: the device can now" in two.locator("#supplier-says").inner_text()


def test_a_link_replays_the_run_and_asks_first(home, browse):
    home.do("speed", 10)
    page = browse(home.url)
    page.get_by_text("The panel shows two codes.").wait_for()
    page.get_by_role("switch", name="Kettle").click()
    speed(page, "60x")
    page.get_by_role("button", name="Fill it in for me").click()
    page.locator("#story summary", has_text="Confirm Key Data Response").first.wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    tab(page, "Downloads")
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("Link to this run")
    page.locator(".take [role=status]", has_text="Cop").wait_for()
    before = home.state()
    log = home.get("/download/firmware.log")[1]
    other = browse(link.input_value())
    other.get_by_text("This link holds a run: seed 1, 2 actions.").wait_for()
    assert home.state()["run"] == before["run"]
    other.get_by_role("button", name="Replay it").click()
    after = home.until(lambda now: now["held"] and now["run"] != before["run"])
    assert after["meters"] == before["meters"] and after["values"]["load-kettle"]
    assert home.get("/download/firmware.log")[1] == log
    other.get_by_text("This link holds a run").wait_for(state="hidden")
    assert "#" not in other.url


def test_by_keyboard_alone(waiting, browse):
    page = browse(waiting.url)
    page.get_by_text("The panel shows two codes.").wait_for()
    before = waiting.state()["steps"]
    page.keyboard.press("Enter")
    waiting.until(lambda now: now["steps"] == before + 2, what="a press and a letting go")
    page.keyboard.down("Enter")
    waiting.until(lambda now: now["steps"] == before + 3)
    assert page.locator("#button-ok.down").count() == 1
    page.keyboard.up("Enter")
    waiting.until(lambda now: now["steps"] == before + 4)
    page.keyboard.press("p")
    waiting.until(lambda now: now["held"])
    page.keyboard.press("p")
    waiting.until(lambda now: not now["held"])
    # After a click on a switch its keys are its own, and the display's letters the display's.
    kettle = page.get_by_role("switch", name="Kettle")
    kettle.click()
    page.keyboard.press("Space")
    page.keyboard.press("o")
    waiting.until(lambda now: now["steps"] == before + 8 and not now["values"]["load-kettle"])
    page.locator("summary", has_text="What the panel says").click()
    page.keyboard.press("n")
    waiting.until(lambda now: now["steps"] == before + 10)
    tab(page, "Wire")
    page.get_by_label("Custom faults", exact=True).press_sequentially("bonp")
    assert not waiting.state()["held"] and waiting.state()["steps"] == before + 10
    tab(page, "House")
    # The page goes with a finger on a button.
    steps = waiting.state()["steps"]
    page.keyboard.down("b")
    waiting.until(lambda now: now["steps"] == steps + 1)
    page.reload()
    waiting.until(lambda now: now["steps"] == steps + 2, what="the button let go")
    page.get_by_role("tab", name="House").focus()
    moves = ("ArrowRight", "Changes"), ("End", "New home"), ("ArrowRight", "House"), ("ArrowLeft", "New home")
    for key, name in (*moves, ("Home", "House")):
        page.keyboard.press(key)
        assert page.locator("#groups [aria-selected=true]").inner_text() == name, key
        page.get_by_role("tabpanel", name=name, exact=True).wait_for()
    assert page.get_by_role("img", name="The panel: Waiting for your supplier").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_can_be_read(waiting, browse, scheme):
    page = browse(waiting.url, color_scheme=scheme, **PHONE)
    page.get_by_text("The panel shows two codes.").wait_for()
    # Nobody reads a panel that is half as wide as the phone.
    for width, ratio in ((390, 2), (390, 3), (360, 2), (360, 3)):
        small = browse(waiting.url, viewport={"width": width, "height": 780}, device_scale_factor=ratio)
        small.get_by_text("The panel shows two codes.").wait_for()
        box = small.locator("#panel").bounding_box()
        assert box["width"] > 0.75 * width or (box["width"] * ratio / 296 + 1) * 296 / ratio > width - 40, box
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        small.context.close()
    names = page.get_by_role("tab").all_inner_texts()
    assert {"Changes", "New home", "Downloads"} < set(names)
    for name in names:
        tab(page, name)
        assert (overflow(page), barriers(page)) == (0, []), name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_suppliers_pages_fit_a_phone_and_can_be_read(waiting, browse, scheme):
    page = browse(waiting.url + "/supplier", color_scheme=scheme, **PHONE)

    def look():
        page.get_by_role("heading").first.wait_for()
        assert (overflow(page), barriers(page)) == (0, []), page.url

    look()
    page.get_by_role("button", name="Sign in").click()
    page.locator("#nav").get_by_role("link", name="My home").wait_for()
    look()
    page.locator("#nav").get_by_role("link", name="Devices").click()
    look()
    page.locator("#nav").get_by_role("link", name="Add a device").click()
    page.get_by_role("button", name="Add this device").click()
    page.locator("#consent-error", has_text="Without your consent").wait_for()
    look()
    page.evaluate("location.hash = '#request-R1001'")
    page.get_by_text("There is no such request.").wait_for()
    look()


def test_a_whole_code_is_to_be_seen_on_a_phone(waiting, browse):
    page = browse(waiting.url + "/supplier#add", **PHONE)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Scan the code with your phone").click()
    page.locator("#scanned", has_text="The code has been read").wait_for()
    for name in ("eui64", "install_code"):
        field = page.locator(f"#{name}")
        assert field.input_value().replace(" ", "") == waiting.code[name]
        hidden = "one => [one.scrollWidth - one.clientWidth, one.scrollHeight - one.clientHeight]"
        assert field.evaluate(hidden) == [0, 0], name
    # And Enter sends the form, as in the fields of one line.
    page.locator("#install_code").press("Enter")
    page.locator("#consent-error", has_text="Without your consent").wait_for()


@pytest.mark.parametrize("ratio", [1, 1.5, 3])
def test_the_panel_is_crisp(waiting, browse, ratio):
    page = browse(waiting.url, device_scale_factor=ratio)
    page.get_by_text("The panel shows two codes.").wait_for()
    page.locator("#panel[data-screen]").wait_for()  # the picture comes after the words
    for button in (None, "Smaller", "Larger"):
        if button:
            page.get_by_role("button", name=button).click()
        wide, high, columns, rows = page.evaluate("""(() => { const p = document.getElementById('panel');
            const box = p.getBoundingClientRect(); return [box.width, box.height, p.width, p.height]; })()""")
        assert (columns, rows) == (296, 128)
        factor = wide * ratio / columns
        assert abs(factor - round(factor)) < 0.01 and abs(high * ratio / rows - factor) < 0.01
    # It shows the picture itself, pixel for pixel.
    shades = page.evaluate("""(() => { const p = document.getElementById('panel');
        const { data } = p.getContext('2d').getImageData(0, 0, p.width, p.height);
        return [...data].filter((_, i) => i % 4 === 0); })()""")
    image = Image.open(io.BytesIO(waiting.get("/screen.png")[1]))
    assert [shade < 128 for shade in shades] == [value < 128 for value in image.tobytes()]


_COUNT_FILLS = """(() => { window.fills = 0; const fill = CanvasRenderingContext2D.prototype.fillRect;
    CanvasRenderingContext2D.prototype.fillRect = function (...box) { window.fills += 1; fill.apply(this, box); };
})()"""


def test_a_full_refresh_flashes_but_for_who_wants_no_motion(waiting, browse):
    pages = [browse(waiting.url, reduced_motion=motion) for motion in ("no-preference", "reduce")]
    for page in pages:
        page.locator("#panel[data-screen]").wait_for()
        page.evaluate(_COUNT_FILLS)
    refreshes = waiting.state()["health"]["panel"]["full refreshes"]
    waiting.do("reset")
    waiting.until(lambda now: now["health"]["panel"]["full refreshes"] > refreshes)
    pages[0].wait_for_function("() => window.fills >= 4")
    waiting.until(lambda now: "P02" in now["words"])
    assert pages[1].evaluate("window.fills") == 0


def test_who_serves_it_to_others_is_told(tmp_path, browse):
    with serving(tmp_path, "--host", "0.0.0.0") as home:
        address = home.url.removeprefix("http://")
        assert f"Anyone who can reach {address} can watch" in home.said
        page = browse(f"http://127.0.0.1:{address.rpartition(':')[2]}")
        page.get_by_role("alert").get_by_text("there is no password").wait_for()
        page.context.close()


def test_the_firmwares_end_is_said_and_survived(home, browse):
    """A device that stops is no end of the page."""
    home.do("speed", 10)
    page = browse(home.url)
    page.get_by_text("The panel shows two codes.").wait_for()
    (child,) = home.children()
    os.kill(child, signal.SIGKILL)
    page.get_by_text("Switch it off and on again.").wait_for()
    page.get_by_role("switch", name="Power").click()
    page.get_by_role("switch", name="Power").click()
    page.get_by_text("The panel shows two codes.").wait_for()
