"""A job: prices that are to come, one by one, by Get Scheduled Prices (SE 1.4 D.4.2.3.3), into the timetable.

What the timetable knows already is asked for again four times a day; news come unasked, too.
"""

from micropython import const

from inkmeter import asking, price, timetable
from inkmeter.log import uptime
from inkmeter.radio import PRICE

_EACH = const(1800)
_CLOCK_RETRY = const(60)
_ALL_ANEW = const(21600)
_HORIZON = const(48 * 3600)
_MOST = const(100)

_GET_SCHEDULED_PRICES = const(0x01)
_PUBLISH_PRICE = const(0x00)


async def run(rounds, commodity):
    utc = rounds.session.clock.now()
    if utc is None:
        return _CLOCK_RETRY
    after = utc
    if utc % _ALL_ANEW >= _EACH:
        for start, rate in timetable.slots(utc, _MOST, commodity):
            if rate is None:
                after = start
                break
    some = False
    for _ in range(_MOST):
        # The number is that of prices that end at this time or later.
        payload = await asking.command(
            rounds,
            commodity,
            PRICE,
            _GET_SCHEDULED_PRICES,
            _PUBLISH_PRICE,
            (after + 1).to_bytes(4, "little") + b"\x01",
        )
        if payload is None:
            break
        published = price.PublishedPrice(payload)
        some = True
        price.scheduled(rounds, commodity, (published,))
        if published.end is None or not after < published.end < utc + _HORIZON:
            break
        after = published.end
    next_rate(rounds, commodity, utc)
    return _EACH if some or after > utc else None


def next_rate(rounds, commodity, utc):
    """The first change of price in the timetable, as facts."""
    home = rounds.session.home
    changes = timetable.slots(utc, 2, commodity)
    rate, at = (changes[1][1], changes[1][0]) if len(changes) > 1 else (None, None)
    side = commodity << 2
    if rate is not None or home.heard_at(price.NEXT_RATE | side) is not None:
        home.put(price.NEXT_RATE | side, rate, uptime())
        home.put(price.NEXT_RATE_AT | side, None if rate is None else at, uptime())
