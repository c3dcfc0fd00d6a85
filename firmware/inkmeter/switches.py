"""A job: when the rate changes in the next days, by the calendar and the rates by tier that are kept in flash."""

import asyncio

from micropython import const

from inkmeter import days, timetable
from inkmeter.facts import TARIFF_FROM
from inkmeter.lazy import module
from inkmeter.log import uptime
from inkmeter.rounds import SCHEDULED, STRIP
from inkmeter.zcl import ZclError

_EACH = const(21600)
_A_DAY = const(86400)
_HOURS = const(28800)
_LONGEST = const(1536)


def _calendar(commodity):
    # The Calendar that `calendars` kept; None for none.
    try:
        with open("calendar%d" % commodity, "rb") as file:
            held = file.read(_LONGEST)
    except OSError:
        return None
    return days.read(held)


def _over(commodity, start, utc):
    with module("rates") as rates:
        return rates.over(commodity, start, utc)


def _unpriced(commodity, start, utc):
    # From when on, between two times, nothing has a price: the rates may be newer than the switch, and what was used
    # before them keeps its own.
    if start >= utc:
        return start
    at, rate = _over(commodity, start, utc)[-1]
    return at if rate is None else utc


def _untold(rounds, commodity, start, utc):
    # [(from, until)] of times that are over, in which the tariff with these rates was in force, and nobody has told a
    # price.
    since = rounds.session.home.fact(TARIFF_FROM | commodity << 2, uptime())
    found = []
    start = utc if since is None else max(since, start)
    while start < utc:
        # Some hours at once: half-hourly rates are many.
        end = min(start + _HOURS, utc)
        known = _over(commodity, start, end) + [(end, None)]
        found += [(known[i][0], known[i + 1][0]) for i in range(len(known) - 1) if known[i][1] is None]
        start = end
    return found


async def run(rounds, commodity):
    utc = rounds.session.clock.now()
    try:
        calendar = _calendar(commodity)
    except ZclError:
        calendar = None
    rates = timetable.tiers(commodity)
    if calendar is None or utc is None or not rates or not rounds.ledger:
        return _EACH
    if calendar.start > utc:
        return min(calendar.start - utc, _EACH)
    today = utc - utc % _A_DAY
    end = today + 3 * _A_DAY
    slots = calendar.switches(today - _A_DAY, end)
    untold = _untold(rounds, commodity, max(today - _A_DAY, calendar.start), utc)
    for i in range(len(slots)):
        start, tier = slots[i]
        until = slots[i + 1][0] if i + 1 < len(slots) else end
        if not 0 < tier <= len(rates):
            continue
        for first, last in untold:
            if start < last and first < until:
                rounds.ledger.rate(commodity, max(start, first), rates[tier - 1], min(until, last))
                # Half-hourly rates take a while.
                await asyncio.sleep_ms(0)
        if until > utc:
            rounds.ledger.rate(commodity, _unpriced(commodity, start, utc), rates[tier - 1], until)
    rounds.hurry(STRIP, commodity)
    # What is published price by price goes above it.
    rounds.known[commodity] = 0
    rounds.hurry(SCHEDULED, commodity)
    return min(_EACH, _A_DAY - utc % _A_DAY + 5)
