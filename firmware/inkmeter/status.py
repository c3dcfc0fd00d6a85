"""A job: what state the supply and the meter are in (Metering 0x0702, attribute sets 0x00 and 0x02)."""

from micropython import const

from inkmeter import asking
from inkmeter.asking import ENERGY
from inkmeter.facts import (
    ACTIVE_TIER,
    AMBIENT,
    BATTERY_DAYS,
    BLOCK,
    BLOCK_LEFT,
    BLOCK_THRESHOLD,
    BLOCK_USED,
    METER_STATUS,
    SUPPLY_STATUS,
)
from inkmeter.log import uptime
from inkmeter.radio import METERING
from inkmeter.rounds import PRICE

_EACH = const(60)
_EACH_MIRRORED = const(900)

TABLE = (
    0x300014,
    SUPPLY_STATUS,
    0x180200,
    METER_STATUS,
    0x300020,
    ACTIVE_TIER,
    0x30000E,
    BLOCK,
    ENERGY | 0x25000C,
    BLOCK_USED,
)
_ELECTRICITY = (0x300207, AMBIENT)
_GAS = (0x210205, BATTERY_DAYS)


async def run(rounds, commodity):
    home = rounds.session.home
    side = commodity << 2
    before = home.fact(ACTIVE_TIER | side, uptime())
    some = await asking.put(rounds, commodity, METERING, TABLE + (_GAS if commodity else _ELECTRICITY))
    if not some:
        return None
    if before is not None and home.fact(ACTIVE_TIER | side, uptime()) != before:
        # Not every server says when its price ends.
        rounds.hurry(PRICE, commodity)
    _block_left(home, side)
    return _EACH_MIRRORED if commodity else _EACH


def _block_left(home, side):
    block, used = (home.fact(fact | side, uptime()) for fact in (BLOCK, BLOCK_USED))
    end = home.fact(BLOCK_THRESHOLD + 8 * (block - 1) | side, uptime()) if block else None
    if end is not None and used is not None:
        home.put(BLOCK_LEFT | side, max(end - used, 0), uptime())
    elif home.heard_at(BLOCK_LEFT | side) is not None:
        home.put(BLOCK_LEFT | side, None, uptime())
