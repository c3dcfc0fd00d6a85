"""A job: enters what was heard of prices to come into the timetable, and says which comes next."""

from micropython import const

from inkmeter import timetable
from inkmeter.facts import NEXT_RATE, NEXT_RATE_AT
from inkmeter.log import uptime

_EACH = const(1800)


async def run(rounds, commodity):
    utc = rounds.session.clock.now()
    if utc is None:
        return _EACH
    coming, rounds.coming = rounds.coming, [one for one in rounds.coming if one[0] != commodity]
    timetable.enter(commodity, [one[1:] for one in coming if one[0] == commodity], utc)
    changes = timetable.slots(utc, 2, commodity)
    at, rate = changes[1] if len(changes) > 1 else (None, None)
    home = rounds.session.home
    side = commodity << 2
    if rate is not None or home.heard_at(NEXT_RATE | side) is not None:
        home.put(NEXT_RATE | side, rate, uptime())
        home.put(NEXT_RATE_AT | side, None if rate is None else at, uptime())
    return _EACH if at is None else max(min(_EACH, at - utc + 1), 1)
