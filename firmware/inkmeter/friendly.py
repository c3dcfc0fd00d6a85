"""A job: the hours in which credit that runs out switches nothing off, for those who pay beforehand.

The meter counts them down (Prepayment 0x0705, SE 1.4 D.7); one that does not publishes them as a calendar (Calendar
0x0707, type "friendly credit"; its days' tiers are 1 and 0).
"""

from micropython import const

from inkmeter import asking, calendars, days
from inkmeter.facts import FRIENDLY_FROM, FRIENDLY_UNTIL, PREPAID
from inkmeter.log import uptime
from inkmeter.radio import PREPAYMENT

_EACH = const(900)
_EACH_CALENDAR = const(21600)
_CLOCK_RETRY = const(60)
_A_DAY = const(86400)
_AHEAD = const(8 * 86400)

_REMAINING_FRIENDLY_CREDIT_TIME = const(0x210034)
_NEXT_FRIENDLY_CREDIT_PERIOD = const(0xE20035)
_FRIENDLY_CREDIT = b"\x03"


async def run(rounds, commodity):
    home = rounds.session.home
    side = commodity << 2
    utc = rounds.session.clock.now()
    prepaid = home.fact(PREPAID | side, uptime())
    if not prepaid:
        return prepaid if prepaid is None else _EACH_CALENDAR
    if utc is None:
        return _CLOCK_RETRY
    found = await asking.read(
        rounds, commodity, PREPAYMENT, (_REMAINING_FRIENDLY_CREDIT_TIME, _NEXT_FRIENDLY_CREDIT_PERIOD)
    )
    minutes = found.get(_REMAINING_FRIENDLY_CREDIT_TIME)
    after = found.get(_NEXT_FRIENDLY_CREDIT_PERIOD)
    again = _EACH
    if minutes is not None:
        until = utc + 60 * minutes if minutes else 0
    else:
        calendar = days.read(await calendars.read(rounds, commodity, utc, _FRIENDLY_CREDIT))
        if calendar is None or calendar.start > utc:
            return None
        until, after = _hours(calendar, utc)
        again = min((until or after or utc + _AHEAD) - utc + 1, _EACH_CALENDAR)
    for fact, value in ((FRIENDLY_UNTIL, until), (FRIENDLY_FROM, after)):
        home.put(fact | side, value, uptime())
    return again


def _hours(calendar, utc):
    # (until when the hours now are friendly, 0 if they are not; when they next begin to be, None for not in sight)
    until = 0
    friendly = False
    midnight = utc - utc % _A_DAY
    for start, tier in calendar.switches(midnight - _A_DAY, midnight + _AHEAD):
        if start <= utc:
            friendly = tier > 0
            until = midnight + _AHEAD if friendly else 0
        elif tier and not friendly:
            return until, start
        elif not tier and friendly:
            friendly = False
            until = start
    return until, None
