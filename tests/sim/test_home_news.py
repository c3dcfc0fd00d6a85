"""What the named homes say: messages, calendar, device management and events, asked over the air by a display."""

import asyncio

import pytest
from home_asked import (
    CALENDAR,
    DEVICE_MANAGEMENT,
    DONE,
    EVENTS,
    MESSAGING,
    METERING,
    NOT_FOUND,
    in_home,
    only,
    whole,
)

from host_tools.sim import smart_energy as se
from host_tools.sim.changes import ChangeError, change

# Messages


def test_a_message_is_shown_confirmed_and_taken_back():
    async def story(world, display):
        assert await display.ask(MESSAGING, 0x00) == NOT_FOUND
        change(world, "message:!?Please call us")
        await asyncio.sleep(5)
        ((cluster, command, payload),) = display.heard
        text = whole(se.DisplayMessage, payload)
        assert (cluster, command, text.text, text.control) == (MESSAGING, 0x00, b"Please call us", 0xAC)
        assert (text.start, text.duration, text.extended_control) == (world.clock.utc - 5, 0xFFFF, 0)
        assert only(await display.ask(MESSAGING, 0x00), 0x00, se.DisplayMessage) == text
        confirmation = se.MessageConfirmation(identifier=text.identifier, confirmed=world.clock.utc)
        assert await display.ask(MESSAGING, 0x01, confirmation.serialize()) == DONE
        assert world.meter.messages.texts[0].confirmed_by == [display.eui64]
        assert only(await display.ask(MESSAGING, 0x00), 0x00, se.DisplayMessage).extended_control == 1
        unknown = se.MessageConfirmation(identifier=5, confirmed=0)
        assert await display.ask(MESSAGING, 0x01, unknown.serialize()) == NOT_FOUND
        display.heard.clear()
        change(world, "cancel-message")
        await asyncio.sleep(5)
        assert display.heard == [(MESSAGING, 0x01, text.identifier.serialize() + b"\0")]
        assert await display.ask(MESSAGING, 0x00) == NOT_FOUND
        assert only(await display.ask(MESSAGING, 0x02, bytes(4)), 0x01, se.CancelMessage).identifier == text.identifier

    in_home("credit-flat", story)


def test_a_message_for_an_hour_and_one_behind_a_pin():
    async def story(world, display):
        messages = world.meter.messages
        messages.display("Short", minutes=60)
        assert only(await display.ask(MESSAGING, 0x00), 0x00, se.DisplayMessage).duration == 60
        await asyncio.sleep(3600)
        assert await display.ask(MESSAGING, 0x00) == NOT_FOUND
        messages.display("Private", protected=True)
        assert only(await display.ask(MESSAGING, 0x00), 0x02, se.DisplayMessage).text == b"Private"
        identifiers = [one.identifier for one in messages.texts]
        assert identifiers == sorted(set(identifiers))

    in_home("credit-flat", story)


def test_a_home_that_says_nothing_unasked():
    async def story(world, display):
        for words in ("message:Hello", "new-price:10", "change-of-tenancy", "tamper"):
            change(world, words)
        await asyncio.sleep(100)
        assert display.heard == []
        assert only(await display.ask(MESSAGING, 0x00), 0x00, se.DisplayMessage).text == b"Hello"

    in_home("demo", story)


# Calendar, device management, events


def test_the_calendar_of_the_rates():
    async def story(world, display):
        request = se.GetCalendar(earliest=0, minimum_event=0xFFFFFFFF, count=0, calendar_type=0, provider=0)
        calendar = only(await display.ask(CALENDAR, 0x00, request.serialize()), 0x00, se.PublishCalendar)
        assert (calendar.seasons, calendar.week_profiles, calendar.day_profiles) == (1, 1, 1)
        for calendar_id in (calendar.calendar_id, 0xFFFFFFFF):
            request = se.GetDayProfiles(provider=0, calendar_id=calendar_id, first=1, count=0).serialize()
            day = only(await display.ask(CALENDAR, 0x01, request), 0x01, se.PublishDayProfile)
            assert [(one.start, one.tier) for one in day.entries] == [(0, 1), (30, 2), (450, 1)]
            week = only(await display.ask(CALENDAR, 0x02, request), 0x02, se.PublishWeekProfile)
            assert week.monday == week.sunday == day.day_id
        seasons = only(await display.ask(CALENDAR, 0x03, request[:8]), 0x03, se.PublishSeasons)
        assert seasons.entries[0].week_id == week.week_id
        assert await display.ask(CALENDAR, 0x01, bytes(10)) == NOT_FOUND

    in_home("economy-7", story)


def test_who_supplies_and_who_lives_here():
    async def story(world, display):
        found = await display.read(DEVICE_MANAGEMENT, (0x0101, 0x0102, 0x0110, 0x0400, 0x0401))
        assert list(found.values()) == [b"Wren Energy", b"0330 111 0111", 0xFFFFFFFF, 500, 2000]
        site = only(await display.ask(DEVICE_MANAGEMENT, 0x03), 0x03, se.UpdateSiteId)
        assert site.site_id == await display.get(METERING, 0x0307) and len(site.site_id) == 13
        assert len(await display.get(METERING, 0x0307, mirror=True)) == 10
        customer = only(await display.ask(DEVICE_MANAGEMENT, 0x05), 0x06, se.UpdateCustomerId)
        assert customer.customer_id == await display.get(METERING, 0x0311)
        assert await display.ask(DEVICE_MANAGEMENT, 0x00) == NOT_FOUND == await display.ask(DEVICE_MANAGEMENT, 0x01)

        change(world, "change-of-tenancy")
        await asyncio.sleep(5)
        assert [one[:2] for one in display.heard] == [(DEVICE_MANAGEMENT, 0x00)] * 2
        tenancy = only(await display.ask(DEVICE_MANAGEMENT, 0x00), 0x00, se.PublishChangeOfTenancy)
        assert tenancy.control & 0x0300 == 0x0300
        found = await display.read(METERING, (0x0000, 0x0401, 0x0403, 0x0442))
        assert found[0x0000] > 4_000_000 and found[0x0401] < 100
        assert (found[0x0403], found[0x0442]) == (0xFFFFFF, 0xFFFFFFFF)

        change(world, "change-of-supplier:60")
        change(world, "message:From the old one")
        supplier = only(await display.ask(DEVICE_MANAGEMENT, 0x01), 0x01, se.PublishChangeOfSupplier)
        assert (supplier.name, supplier.proposed_provider) == (b"Kestrel Power", 2)
        assert (await display.get(DEVICE_MANAGEMENT, 0x0111), await display.get(DEVICE_MANAGEMENT, 0x0101)) == (
            b"Kestrel Power", b"Wren Energy"
        )  # fmt: skip
        await asyncio.sleep(100)
        assert await display.get(DEVICE_MANAGEMENT, 0x0101) == b"Kestrel Power"
        assert await display.ask(MESSAGING, 0x00) == NOT_FOUND

    in_home("credit-flat", story)


def test_events_are_logged_and_told():
    async def story(world, display):
        request = se.GetEventLog(control_and_log=0, event_id=0, start=0, end=0xFFFFFFFF, count=0, offset=0)
        assert await display.ask(EVENTS, 0x00, request.serialize()) == NOT_FOUND
        assert await display.get(METERING, 0x0200) == 0
        change(world, "tamper")
        await asyncio.sleep(10)
        change(world, "power-cut:30")
        assert world.household.demand_w == 0
        await asyncio.sleep(60)
        events = [whole(se.PublishEvent, payload) for cluster, _, payload in display.heard if cluster == EVENTS]
        assert [(one.log_id, one.event_id) for one in events] == [(1, 0x8F3F), (2, 0x8F57), (2, 0x8F35)]
        assert events[2].time - events[1].time == 30
        log = only(await display.ask(EVENTS, 0x00, request.serialize()), 0x01, se.PublishEventLog)
        assert [one.event_id for one in log.entries] == [one.event_id for one in events[::-1]]
        assert (log.found, log.count_and_log) == (3, 0x30)
        request.control_and_log = 1
        log = only(await display.ask(EVENTS, 0x00, request.serialize()), 0x01, se.PublishEventLog)
        assert len(log.entries) == 1
        assert await display.get(METERING, 0x0200) == 4
        for _ in range(20):
            world.meter.events.note("tamper")
        request.control_and_log = 0
        parts = [whole(se.PublishEventLog, one) for _, one in await display.ask(EVENTS, 0x00, request.serialize())]
        assert [one.index for one in parts] == list(range(parts[0].total))
        assert sum(len(one.entries) for one in parts) == parts[0].found == 23

    in_home("credit-flat", story)


def test_any_event_can_be_ordered():
    async def story(world, display):
        for words in ("event:cover-opened", "event:0x816E", "gas-event:valve-closed"):
            change(world, words)
            await asyncio.sleep(5)
        heard = [whole(se.PublishEvent, payload).event_id for cluster, _, payload in display.heard if cluster == EVENTS]
        assert heard == [0x8F74, 0x816E, 0x81BF]
        for wrong in ("event:nonsense", "event:0", "event:0x12345"):
            with pytest.raises(ChangeError):
                change(world, wrong)

    in_home("credit-flat", story)


@pytest.mark.parametrize(("watts", "level"), [(100, 0), (700, 1), (2500, 2), (-900, 0)])
def test_ambient_use(watts, level):
    async def story(world, display):
        world.household.set_load("test", watts - world.household.demand_w)
        assert await display.get(METERING, 0x0207) == level

    in_home("solar", story)
