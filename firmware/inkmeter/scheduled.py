"""A job: prices that are to come, one by one, by Get Scheduled Prices (SE 1.4, D.4.2.3.3), for the ledger.

What is known already is asked for again four times a day; news come unasked, too.
"""

from micropython import const

from inkmeter import commands, price
from inkmeter.radio import PRICE

_EACH = const(1800)
_CLOCK_RETRY = const(60)
_ALL_ANEW = const(21600)
_HORIZON = const(48 * 3600)
_AT_ONCE = const(8)

_GET_SCHEDULED_PRICES = const(0x01)
_PUBLISH_PRICE = const(0x00)


async def run(rounds, commodity):
    utc = rounds.session.clock.now()
    if utc is None:
        return _CLOCK_RETRY
    after = max(rounds.known[commodity], utc)
    some = after > utc
    for _ in range(_AT_ONCE):
        # The time is one at which a price must not have ended.
        payload = await commands.command(
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
        await price.acknowledge(rounds, commodity, published)
        price.enter(rounds, commodity, published)
        if published.end is None or not after < published.end < utc + _HORIZON:
            break
        after = published.end
    else:
        # There is more; others are to have their turn.
        rounds.known[commodity] = after
        return 1
    rounds.known[commodity] = 0 if utc % _ALL_ANEW < _EACH else after
    return _EACH if some else None
