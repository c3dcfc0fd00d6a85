"""A job: the switching times of a time-of-use tariff, by the meter's calendar and the rates by tier: the timetable.

Calendar 0x0707 (SE 1.4, D.9). What days look like is worked out by `days`.
"""

from micropython import const

from inkmeter import asking, days, timetable
from inkmeter.radio import CALENDAR
from inkmeter.rounds import SCHEDULED

_EACH = const(21600)
_CLOCK_RETRY = const(60)
_DAY = const(86400)

_GET_CALENDAR = const(0x00)
_GET_DAY_PROFILES = const(0x01)
_GET_WEEK_PROFILES = const(0x02)
_GET_SEASONS = const(0x03)
_GET_SPECIAL_DAYS = const(0x04)
_PUBLISH_CALENDAR = const(0x00)
_PUBLISH_DAY_PROFILE = const(0x01)
_PUBLISH_WEEK_PROFILE = const(0x02)
_PUBLISH_SEASONS = const(0x03)
_PUBLISH_SPECIAL_DAYS = const(0x04)
_ANY = b"\xff\xff\xff\xff"
_DELIVERED = b"\x00"


async def run(rounds, commodity):
    utc = rounds.session.clock.now()
    if utc is None:
        return _CLOCK_RETRY
    now = utc.to_bytes(4, "little")
    payload = await asking.command(
        rounds, commodity, CALENDAR, _GET_CALENDAR, _PUBLISH_CALENDAR, now + _ANY + b"\x01" + _DELIVERED + _ANY
    )
    if payload is None:
        return None
    calendar = days.Calendar(payload)
    if calendar.start > utc:
        return min(calendar.start - utc, _EACH)
    rates = timetable.tiers(commodity)
    if not rates:
        # The tariff is asked for first; this comes again.
        return _EACH
    await _fill(rounds, commodity, calendar, now)
    today = utc - utc % _DAY
    slots = []
    tiers = calendar.switches(today - _DAY, today + 3 * _DAY)
    for i in range(len(tiers)):
        start, tier = tiers[i]
        end = tiers[i + 1][0] if i + 1 < len(tiers) else today + 3 * _DAY
        if end > utc:
            slots.append((start, end, rates[tier - 1] if 0 < tier <= len(rates) else None))
    timetable.enter(commodity, slots, utc)
    rounds.hurry(SCHEDULED, commodity)  # what is published by price goes above it
    return min(_EACH, _DAY - utc % _DAY + 5)


async def _fill(rounds, commodity, calendar, now):
    which = bytes(calendar.provider) + bytes(calendar.number)
    seasons = (
        await asking.parts(rounds, commodity, CALENDAR, _GET_SEASONS, _PUBLISH_SEASONS, which, 12)
        if calendar.seasons_count
        else []
    )
    for payload in seasons:
        calendar.add_seasons(payload)
    for week in range(1, calendar.weeks_count + 1):
        payload = await asking.command(
            rounds, commodity, CALENDAR, _GET_WEEK_PROFILES, _PUBLISH_WEEK_PROFILE, which + bytes((week, 1))
        )
        if payload is not None:
            calendar.add_week(payload)
    for day in range(1, calendar.days_count + 1):
        for payload in await asking.parts(
            rounds, commodity, CALENDAR, _GET_DAY_PROFILES, _PUBLISH_DAY_PROFILE, which + bytes((day, 1)), 14
        ):
            calendar.add_day(payload)
    for payload in await asking.parts(
        rounds,
        commodity,
        CALENDAR,
        _GET_SPECIAL_DAYS,
        _PUBLISH_SPECIAL_DAYS,
        now + b"\x01" + _DELIVERED + which,
        18,
    ):
        calendar.add_special_days(payload)
