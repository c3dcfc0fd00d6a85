"""A job: the meter's registers by rate (tier) and by block (Metering 0x0702, attribute sets 0x01 and 0x07)."""

from micropython import const

from inkmeter import asking, units
from inkmeter.facts import BLOCK_REGISTER, TIER_REGISTER, TIERS
from inkmeter.log import uptime
from inkmeter.radio import METERING

_EACH = const(900)
_EACH_MIRRORED = const(1800)
_AT_ONCE = const(6)
_TIERS = const(48)
_BLOCKS = const(16)


def tier_register(tier):
    """CurrentTierNSummationDelivered as type << 16 | identifier."""
    return 0x250100 + 2 * (tier - 1)


def block_register(block):
    """CurrentNoTierBlockNSummationDelivered as type << 16 | identifier."""
    return 0x250700 + block - 1


async def run(rounds, commodity):
    tiers = rounds.session.home.fact(TIERS | commodity << 2, uptime()) or 0
    some = await _read(rounds, commodity, tier_register, TIER_REGISTER, _TIERS, tiers)
    some = await _read(rounds, commodity, block_register, BLOCK_REGISTER, _BLOCKS, 0) or some
    if not some:
        return None
    return _EACH_MIRRORED if commodity else _EACH


async def _read(rounds, commodity, name, fact, count, used):
    # A meter has more registers than its tariff uses: those that count nothing are not kept, and the search ends with
    # a group of them.
    session = rounds.session
    unit = session.home.meter(commodity).unit_of_measure
    some = False
    for first in range(1, count + 1, _AT_ONCE):
        wanted = range(first, min(first + _AT_ONCE, count + 1))
        found = await asking.read(rounds, commodity, METERING, [name(n) for n in wanted])
        moved = False
        for n in wanted:
            value = units.plain(found.get(name(n)), unit)
            some = some or value is not None
            at = fact + 8 * (n - 1) | commodity << 2
            if value or (value == 0 and n <= used) or session.home.heard_at(at) is not None:
                session.home.put(at, value, uptime())
                moved = True
        if not moved:
            break
    return some
