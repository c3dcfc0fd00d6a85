"""What a hand does to the wall, and what the wall does by itself: buttons, light, PIN, night, refreshes."""

import itertools

import pytest

from host_tools import screen_reader
from host_tools.demo import demo
from host_tools.sim.clock import START_US
from host_tools.sim.run import firmware
from host_tools.sim.world import Settings

PAGES = ("now", "day", "week", "price", "meters", "prepay", "messages", "events", "status", "pair", "zero", "settings")
CLOSED, ENTER_PIN, CHOOSE_PIN, LIST = range(4)
LANGUAGE, AWAY, NIGHT_FROM = 0, 3, 5
OFF, LOW, MEDIUM, HIGH, SENDING, ATTENTION = range(6)


async def page(home):
    return PAGES[(await home.held())["page"]]


async def press(home, *names):
    for name in names:
        await home.hold(name, 0.1)


async def enter(home, pin):
    for digit in pin:
        await press(home, *["next"] * int(digit), "ok")


async def open_settings(home, pin="1234"):
    while await page(home) != "settings":
        await press(home, "back")
    await press(home, "ok")
    await enter(home, pin)
    assert (await home.held())["mode"] == LIST


def clock_at(hour, minute):
    """Such a time by the kitchen clock, on a day in May."""
    return START_US // 86_400_000_000 * 86_400_000_000 + ((hour - 1) * 60 + minute) * 60_000_000


def load(home, watts):
    """Makes the household use so much."""
    household = home.world.household
    household.set_load("test", 0)
    household.set_load("test", watts - household.demand_w)


def lit(home, since_s):
    """The light's changes since then, as (seconds, brightness, what it says)."""
    start = home.clock.start_us
    return [((one.at_us - start) / 1e6, one.level, one.state) for one in home.world.device.lights
            if one.at_us - start >= since_s * 1e6]  # fmt: skip


@pytest.mark.parametrize("name", ["next", "ok", "back"])
def test_a_press_is_answered_within_a_blink(tell, name):
    async def story(home):
        await home.until_shows("Enter the code", 60)
        await home.sleep(3)
        for _ in range(5):
            pressed = home.clock.elapsed_s
            home.press(name)
            await home.sleep(0.05)
            # 50 ms later the light is another: from dark to bright, or from bright to dark.
            assert lit(home, pressed), "no answer"
            assert lit(home, pressed)[0][0] - pressed <= 0.05
            await home.sleep(1.7)

    tell(story)


def test_a_press_is_answered_while_the_panel_works(tell):
    async def story(home):
        await home.until(lambda: home.world.panel.busy(home.clock.now_us), 60, "a refresh")
        pressed = home.clock.elapsed_s
        home.press("ok")
        await home.sleep(0.05)
        assert lit(home, pressed)[0][0] - pressed <= 0.05 and home.world.panel.busy(home.clock.now_us)

    tell(story)


def test_pages_turn_both_ways_and_home(tell):
    async def story(home):
        await home.pair()
        await home.sleep(10)
        for wanted in ("day", "week", "price", "meters", "status", "pair", "zero", "settings", "now"):
            await press(home, "next")
            assert await page(home) == wanted
        await press(home, "back", "back")
        assert await page(home) == "zero"
        await home.hold("back", 2.2)
        assert await page(home) == "now"
        await home.hold("ok", 5.2)
        assert await page(home) == "status"
        # Nobody looks any more.
        await home.sleep(320)
        assert await page(home) == "now"
        assert not home.world.panel.complaints

    tell(story)


def test_ok_turns_power_into_money(tell):
    async def story(home):
        await home.pair()
        await home.sleep(5)
        assert (await home.held())["money"] == 0
        await press(home, "ok")
        assert (await home.held())["money"] == 1

    tell(story)


def test_zero_it(tell):
    async def story(home):
        await home.pair()
        await home.sleep(20)
        await home.hold("ok", 2.4)
        held = await home.held()
        assert PAGES[held["page"]] == "zero" and held["zero"][3] == pytest.approx(home.clock.utc, abs=5)
        await home.hold("ok", 2.4)
        assert (await home.held())["zero"] is None

    tell(story)


def test_one_button_does_everything(tell):
    async def story(home):
        await home.pair()
        await home.sleep(5)
        for wanted in ("day", "week"):
            await home.hold("ok", 0.2)
            assert await page(home) == wanted
        await home.hold("ok", 1.0)
        assert (await home.held())["cursor"] == 1
        await home.hold("ok", 3.0)
        assert await page(home) == "day"

    tell(story, buttons=1)


def test_five_wrong_pins_lock_it_and_a_restart_does_not_help(tell):
    async def story(home):
        await home.pair()
        await home.sleep(5)
        await open_settings(home, "1234")
        await press(home, "back", "ok")
        for _ in range(4):
            await enter(home, "0000")
        assert (await home.held())["locked_for"] == 0
        await enter(home, "0000")
        await home.sleep(1)
        assert 25 <= (await home.held())["locked_for"] <= 30
        # The right one is no use now.
        await enter(home, "1234")
        assert (await home.held())["mode"] == ENTER_PIN

        home.power_off()
        home.power_on()
        await home.until_held(lambda held: held["stage"] == 6, 120, "reading again")
        while await page(home) != "settings":
            await press(home, "back")
        await press(home, "ok")
        held = await home.held()
        assert held["mode"] == ENTER_PIN and held["locked_for"] > 0
        await enter(home, "1234")
        assert (await home.held())["mode"] == ENTER_PIN
        await home.until_held(lambda held: held["locked_for"] == 0, 60, "the wait is over")
        # One more wrong one costs twice as much.
        await enter(home, "9999")
        await home.sleep(1)
        assert (await home.held())["locked_for"] > 50
        await home.sleep(61)
        await enter(home, "1234")
        assert (await home.held())["mode"] == LIST
        assert "1234" not in home.log()

    tell(story)


def test_choices_survive_a_restart(tell):
    async def story(home):
        await home.pair()
        await home.sleep(5)
        await open_settings(home)
        await press(home, "ok")  # the language
        assert (await home.held())["settings"][LANGUAGE] == 1
        home.power_off()
        home.power_on()
        held = await home.until_held(lambda held: held["stage"] == 6, 120, "reading again")
        assert held["settings"][LANGUAGE] == 1

    tell(story)


def test_away_blanks_the_wall_and_the_light(tell):
    async def story(home):
        await home.pair()
        await home.sleep(30)
        await open_settings(home)
        await press(home, *["next"] * AWAY, "ok")
        await home.hold("back", 2.2)
        await home.sleep(15)
        assert (await home.held())["settings"][AWAY] == 1
        assert not home.shows("kW")
        begun, drawn = home.clock.elapsed_s, len(home.world.panel.refreshes)
        for watts in (5000, 100, 3000):
            load(home, watts)
            await home.sleep(60)
        assert lit(home, begun) == [] and home.world.device.light.level == 0
        # The price may change, and gas come in; power is no reason.
        assert len(home.world.panel.refreshes) - drawn <= 2

    tell(story)


def test_the_light_says_how_much(tell):
    async def story(home):
        await home.pair()
        await home.sleep(5)
        # The meter says where low ends and high begins.
        medium, high = home.world.meter.management.thresholds
        for watts, state in ((medium // 2, LOW), (medium * 2, MEDIUM), (high * 2, HIGH), (-1500, SENDING)):
            load(home, watts)
            await home.until(lambda state=state: home.world.device.light.state == state, 30, f"it says {state}")
            since = home.clock.elapsed_s
            await home.sleep(6)
            seen = lit(home, since)
            if state == LOW:
                assert seen == [] and home.world.device.light.level > 0
            if state == MEDIUM:
                assert len(seen) > 30 and len({level for _, level, _ in seen}) >= 16
            if state == HIGH:
                on = [at for at, level, _ in seen if level]
                assert 3 <= len(on) <= 5 and min(b - a for a, b in itertools.pairwise(on)) < 0.3
            if state == SENDING:
                assert 2 <= len(seen) <= 4

    tell(story)


def test_the_light_is_off_by_night_but_answers(tell):
    async def story(home):
        await home.pair()
        await home.until(lambda: home.clock.utc % 86400 > 21 * 3600, 3600, "ten by the kitchen clock", every=1)
        await home.sleep(15)
        begun = home.clock.elapsed_s
        await home.sleep(600)
        assert lit(home, begun) == []
        pressed = home.clock.elapsed_s
        await press(home, "next")
        assert lit(home, pressed)[0][0] - pressed <= 0.05
        await home.sleep(5)
        assert home.world.device.light.level == 0

    tell(story, start_us=clock_at(21, 52))


@pytest.mark.slow
def test_a_quiet_night_and_a_clean_morning(tell):
    async def story(home):
        await home.pair()
        await home.sleep(5)
        await open_settings(home)
        # From three to five, for the test's sake.
        await press(home, *["next"] * NIGHT_FROM, *["ok"] * 5, "next", *["ok"] * 22)
        await home.hold("back", 2.2)
        assert (await home.held())["settings"][NIGHT_FROM : NIGHT_FROM + 2] == [3, 5]
        panel = home.world.panel
        await home.until(lambda: home.clock.utc % 86400 >= 2 * 3600, 3600, "night", every=20)
        await home.sleep(60)
        before = len(panel.refreshes)
        await home.until(lambda: home.clock.utc % 86400 >= 4 * 3600 - 60, 8000, "the night's end", every=20)
        night = panel.refreshes[before:]
        assert 2 <= len(night) <= 5 and not any(one.full for one in night)
        await home.sleep(600)
        assert [one.full for one in panel.refreshes[before + len(night) :]].count(True) == 1
        assert not panel.complaints and panel.ghost() <= 15

    tell(story, start_us=clock_at(2, 50))


@pytest.mark.slow
def test_refreshes_of_an_hour(tell):
    async def story(home):
        await home.pair()
        await home.sleep(60)
        panel = home.world.panel
        before = len(panel.refreshes)
        household = home.world.household
        begun = home.clock.elapsed_s
        turn = 0
        while home.clock.elapsed_s < begun + 3600:
            turn += 1
            household.set_load("test", 500 * (turn % 2))
            await home.sleep(20)
        done = panel.refreshes[before:]
        gaps = [(b.at_us - a.at_us) / 1e6 for a, b in itertools.pairwise(done)]
        # Figures no more often than each half minute; a change of price or gas may come between.
        assert sum(gap < 28 for gap in gaps) <= 4, sorted(gaps)[:8]
        assert 60 <= len(done) <= 124
        fulls = [i for i, one in enumerate(done) if one.full]
        assert all(b - a == 9 for a, b in itertools.pairwise(fulls))  # one after eight partial ones
        held = await home.held()
        assert held["panel"]["full"] == panel.full_refreshes and held["panel"]["partial"] == panel.partial_refreshes
        assert panel.ghost() <= 8 and not panel.complaints

    tell(story)


def test_a_home_where_nothing_happens_is_left_alone(tell):
    async def story(home):
        await home.pair()
        home.world.household.set_main_switch(False)
        await home.sleep(700)
        before = len(home.world.panel.refreshes)
        await home.sleep(1500)
        # The time of the reading each ten minutes, and the gas meter's half-hour.
        assert len(home.world.panel.refreshes) - before <= 4

    tell(story)


@pytest.mark.parametrize(("panel", "plane"), [("2.9", 296 * 16), ("2.13", 250 * 16), ("4.2", 50 * 300)])
def test_a_partial_refresh_writes_only_what_changed(tell, panel, plane):
    async def story(home):
        await home.pair()
        await home.sleep(40)
        load(home, 1500)
        await home.sleep(60)
        before = len(home.world.panel.refreshes)
        for watts in (2600, 1400, 2700):
            load(home, watts)
            await home.sleep(45)
        done = [one for one in home.world.panel.refreshes[before:] if not one.full]
        assert len(done) >= 2
        # The rows of the figures, the time and the day so far, once before and in both planes after; a whole picture
        # would be three planes.
        assert all(0 < one.ram_bytes < 3 * plane * 9 // 10 for one in done), done
        assert all(one.driven < plane for one in done)  # an eighth of the pixels
        assert not home.world.panel.complaints

    tell(story, panel=panel, heap="96k")


@pytest.mark.slow
def test_the_4_2_inch_panel_from_the_code_to_the_readings(tmp_path):
    assert demo(Settings(panel="4.2"), tmp_path)


def test_a_factory_reset_forgets_everything(tell):
    async def story(home):
        await home.pair()
        await home.sleep(5)
        await open_settings(home)
        await press(home, "ok")
        await home.hold("back", 2.2)
        # Let go too early, nothing happens, though it was said what would.
        home.press("back+next", 5.5)
        await home.sleep(4)
        assert home.shows("Clirio popeth ymhen")  # in Welsh, as chosen
        await home.sleep(8)
        assert (await home.held())["stage"] == 6 and (await home.held())["settings"][LANGUAGE] == 1

        # What the jobs keep of the tariff and of the household's past
        await home.until(lambda: (home.flash / "figures0").exists() and (home.flash / "tiers0").exists(), 300, "files")
        drawn = len(home.screens)
        home.press("back+next", 10.5)
        await home.sleep(12)
        assert home.world.ncp.stack.flash.network is None
        held = await home.until_held(lambda held: held["stage"] == 1, 60, "pairing again")
        assert held["settings"][LANGUAGE] == 0 and held["meters"] == {}
        kept = {path.relative_to(home.flash).as_posix() for path in home.flash.rglob("*") if path.is_file()}
        kept -= {path.relative_to(firmware()).as_posix() for path in firmware().rglob("*") if path.is_file()}
        assert kept == {"state.json"} and (home.flash / "state.json").read_text() == "{}"
        await home.until_shows("Enter the code", 30)
        # Nobody has removed it.
        said = [line for one in home.screens[drawn:] for line in screen_reader.read(one.picture)]
        assert not [line for line in said if "removed" in line]
        assert "off the network" not in home.log()

    tell(story)
