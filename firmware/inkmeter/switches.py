"""A job: when the rate changes in the next days, by the calendar and the rates by tier that are kept in flash."""

from micropython import const

from inkmeter import days, timetable
from inkmeter.facts import TARIFF_FROM
from inkmeter.lazy import module
from inkmeter.log import uptime
from inkmeter.rounds import SCHEDULED, STRIP
from inkmeter.zcl import ZclError

_EACH = const(21600)
_SOON = const(300)
_A_DAY = const(86400)
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


def _look_back(rounds, commodity, start, until, rate):
    # A time that is over, in which the tariff with these rates was in force: where nobody has told a price.
    known = _over(commodity, start, until) if start < until else []
    for i in range(len(known)):
        if known[i][1] is None:
            rounds.ledger.rate(commodity, known[i][0], rate, known[i + 1][0] if i + 1 < len(known) else until)


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
    in_force = rounds.session.home.fact(TARIFF_FROM | commodity << 2, uptime())
    for i in range(len(slots)):
        start, tier = slots[i]
        until = slots[i + 1][0] if i + 1 < len(slots) else end
        if not 0 < tier <= len(rates):
            continue
        if in_force is not None and start < utc:
            _look_back(rounds, commodity, max(start, in_force, calendar.start), min(until, utc), rates[tier - 1])
        if until > utc:
            rounds.ledger.rate(commodity, _unpriced(commodity, start, utc), rates[tier - 1], until)
    rounds.hurry(STRIP, commodity)
    # What is published price by price goes above it.
    rounds.known[commodity] = 0
    rounds.hurry(SCHEDULED, commodity)
    return min(_EACH, _A_DAY - utc % _A_DAY + 5)
