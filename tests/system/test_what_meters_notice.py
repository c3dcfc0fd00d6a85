"""What the meters noticed: what the wall says of it, against the meters' own logs."""

import datetime
import zoneinfo

import pytest

from host_tools.sim.changes import change
from host_tools.sim.clock import START_US
from host_tools.sim.homes import HOMES
from host_tools.sim.prepayment import CreditStatus

PAGES = ("now", "day", "week", "price", "meters", "prepay", "messages", "events", "status", "pair", "zero", "settings")
# As the page says it, by GBCS's number: in larger letters a shorter wording; "" for what is no household's business.
WORDS = {
    0x8145: "Clock was changed;Clock changed;Clock moved",
    0x8F57: "Power went off;Power off",
    0x8F35: "Power came back;Power back",
    0x8F74: "Meter's cover opened;Cover opened",
    0x8F3F: "Meter was tampered with;Tampered with;Tampering",
    0x810D: "Credit was low;Low credit",
    0x8F0F: "Credit ran out;No credit",
    0x81AB: "Emergency credit begun;Emergency begun;Borrowing",
    0x81AA: "Emergency credit used up;Emergency over;Borrowed all",
    0x810E: "Topped up",
    0x8F32: "Can be switched on;Can go on",
    0x8F1F: "Meter's battery is low;Low battery",
    0x8F43: "Meter's program changed;New program",
    0x9ABC: "Event 9abc",
    0x8161: "",
    0x8154: "",
}
_EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


def local(utc):
    return (_EPOCH + datetime.timedelta(seconds=utc)).astimezone(zoneinfo.ZoneInfo("Europe/London"))


def logged(home):
    """(whose, what the wall is to say, its time) of the newest eight of both meters' logs, newest first."""
    world = home.world
    found = [(one.time, one.event_id, False) for one in world.meter.events.log]
    found += [(one.time, one.event_id, True) for one in world.gas.events.log] if world.gas else []
    said = []
    for utc, number, gas in sorted(set(found), reverse=True):
        words = WORDS[number]
        if words:
            said.append(("Gas: " * gas, words, f"{local(utc):%H:%M}"))
    return said[:8]


async def turn_to_events(home):
    """Whether there is such a page."""
    await home.hold("back", 2.2)
    for _ in PAGES:
        await home.hold("next", 0.1)
        page = PAGES[(await home.held())["page"]]
        if page == "events":
            await home.sleep(4)
            return True
        if page == "now":
            break
    return False


def shows(home, of, words):
    return any(home.shows(of + one) for one in words.split(";"))


async def check_the_wall(home, fits=5):
    """Every event that the meters have logged is there once, in their order, with its time; and nothing else."""
    expected = logged(home)
    assert expected and await turn_to_events(home)
    if len(expected) <= fits:
        fits = len(expected)
    for first in range(0, len(expected), fits):
        part = expected[first : first + fits]
        for _, _, time in part:
            assert home.shows(time), (time, expected)
        for one in expected:
            assert shows(home, *one[:2]) == any(one[:2] == other[:2] for other in part), (one, part)
        await home.hold("ok", 0.1)
        await home.sleep(4)
    await home.hold("back", 2.2)


@pytest.mark.slow
def test_the_wall_says_what_the_meters_log(tell):
    async def story(home):
        await home.pair()
        await home.sleep(60)
        assert not await turn_to_events(home)
        for words in ("event:clock-adjusted", "event:0x8154", "gas-event:low-battery"):
            change(home.world, words)
            await home.sleep(61)
        await check_the_wall(home)
        change(home.world, "power-cut:30")
        await home.sleep(130)
        await check_the_wall(home)
        for words in ("event:0x9ABC", "event:cover-opened", "tamper", "gas-event:firmware-changed", "event:0x9ABC"):
            change(home.world, words)
            await home.sleep(61)
        assert len(home.world.meter.events.log) + len(home.world.gas.events.log) == 10
        await check_the_wall(home)

        # The power of the device itself goes: all is there, and nothing twice.
        home.power_off()
        home.power_on()
        await home.until_held(lambda held: held["stage"] == 6, 120, "reading again")
        await home.sleep(120)  # the logs have been read by now
        await check_the_wall(home)
        held = await home.held()
        assert held["radio"]["discarded"] == 0 and not any(held["restarts"].values())

    tell(story, home="credit-flat")


@pytest.mark.slow
def test_a_meter_that_says_nothing_unasked_is_asked_for_its_log(tell):
    assert not HOMES["demo"].publishes

    async def story(home):
        home.world.meter.events.note("clock adjusted")
        for _ in range(20):
            home.world.meter.events.note("0x8154")  # commands of the supplier's, in several parts
        home.world.meter.events.note("cover opened")
        await home.pair()
        await home.sleep(120)
        await check_the_wall(home)
        change(home.world, "event:supply-interrupted")
        await home.sleep(3700)
        await check_the_wall(home)

    tell(story, home="demo")


def test_another_household_does_not_see_what_happened_before(tell):
    async def story(home):
        await home.pair()
        await home.sleep(60)
        change(home.world, "event:low-credit")
        await home.sleep(5)
        assert await turn_to_events(home)
        change(home.world, "change-of-tenancy")
        await home.sleep(30)
        assert not await turn_to_events(home)
        home.world.meter.events.log.clear()
        change(home.world, "event:cover-opened")
        await home.sleep(5)
        await check_the_wall(home)
        # The log as it was is read, and left alone.
        home.world.meter.events.note("low credit", home.clock.now_us - 3_600_000_000)
        home.reset()
        await home.until_held(lambda held: held["stage"] == 6, 120, "reading again")
        await home.sleep(120)
        assert await turn_to_events(home)
        assert shows(home, "", WORDS[0x8F74]) and not shows(home, "", WORDS[0x810D])

    tell(story, home="credit-flat")


@pytest.mark.slow
def test_credit_that_runs_out_is_told_step_by_step(tell):
    async def story(home):
        await home.pair()
        world = home.world
        world.household.set_load("test", 9000)
        await home.until(
            lambda: world.meter.account.status(world.meter.state()) & CreditStatus.EXHAUSTED, 3600, "the end"
        )
        await home.sleep(90)
        change(world, "top-up:2000")
        await home.sleep(70)
        change(world, "arm")
        await home.sleep(70)
        numbers = [one.event_id for one in world.meter.events.log]
        assert numbers[0] == 0x81AB and sorted(numbers[1:3]) == [0x81AA, 0x8F0F], numbers
        assert numbers[3:] == [0x810E, 0x8F32, 0x8161], numbers
        await check_the_wall(home)

    tell(story, home="prepaid-in-emergency", start_us=START_US // 86_400_000_000 * 86_400_000_000 + 11 * 3_600_000_000)
