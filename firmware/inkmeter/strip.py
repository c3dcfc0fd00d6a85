"""A job: which price comes next, by the ledger's log of rates."""

from micropython import const

from inkmeter import timetable
from inkmeter.facts import NEXT_RATE, NEXT_RATE_AT
from inkmeter.log import uptime

_EACH = const(1800)
_CLOCK_RETRY = const(60)


async def run(rounds, commodity):
    utc = rounds.session.clock.now()
    if utc is None or not rounds.ledger:
        return _CLOCK_RETRY
    changes = timetable.slots(utc, 2, commodity)
    at, rate = changes[1] if len(changes) > 1 else (None, None)
    home = rounds.session.home
    side = commodity << 2
    if rate is not None or home.heard_at(NEXT_RATE | side) is not None:
        home.put(NEXT_RATE | side, rate, uptime())
        home.put(NEXT_RATE_AT | side, None if rate is None else at, uptime())
    return _EACH if at is None else max(min(_EACH, at - utc + 1), 1)
