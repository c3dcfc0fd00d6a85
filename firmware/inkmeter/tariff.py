"""A job: what the tariff is made of: standing charge, label, rates by tier and by block, where the blocks end.

Price 0x0700 (SE 1.4, D.4) by its attributes, as GBCS reads them; `matrix` does it by the publish commands.
"""

from micropython import const

from inkmeter import asking, fields, timetable
from inkmeter.asking import MONEY
from inkmeter.facts import BLOCK_RATE, BLOCK_THRESHOLD, PRICE_DIGITS, STANDING_CHARGE, TARIFF_FROM, TARIFF_LABEL, TIERS
from inkmeter.log import uptime
from inkmeter.radio import PRICE
from inkmeter.rounds import SWITCHES

_EACH = const(21600)
_AT_ONCE = const(6)
_TIERS = const(48)

_PRICE_TRAILING_DIGIT = const(0x180617)
_NUMBER_OF_THRESHOLDS = const(0x200612)
_THRESHOLD_MULTIPLIER = const(0x220202)
_THRESHOLD_DIVISOR = const(0x220203)

TABLE = (MONEY | 0x230301, STANDING_CHARGE, 0x410610, TARIFF_LABEL, 0x200611, TIERS)


def tier_price(tier):
    """TierNBlock1Price as type << 16 | identifier."""
    return 0x230400 + 16 * tier if tier < 16 else 0x23050F + tier - 16


def block_price(block):
    """NoTierBlockNPrice."""
    return 0x230400 + block - 1


def block_threshold(block):
    """BlockNThreshold."""
    return 0x250100 + block - 1


async def run(rounds, commodity):
    home = rounds.session.home
    side = commodity << 2
    wanted = [TABLE[i] & 0xFFFFFF for i in range(0, len(TABLE), 2)]
    wanted += (_PRICE_TRAILING_DIGIT, _NUMBER_OF_THRESHOLDS, _THRESHOLD_MULTIPLIER, _THRESHOLD_DIVISOR)
    found = await asking.read(rounds, commodity, PRICE, wanted)
    digits = found.get(_PRICE_TRAILING_DIGIT)
    digits = home.fact(PRICE_DIGITS | side, uptime()) if digits is None else digits >> 4
    some = asking.file(rounds, commodity, found, TABLE, digits)
    if digits is not None:
        home.put(PRICE_DIGITS | side, digits, uptime())
        standing = home.fact(STANDING_CHARGE | side, uptime())
        if rounds.ledger and standing is not None:
            rounds.ledger.standing_charge(commodity, standing)
        tiers = await _several(rounds, commodity, tier_price, min(home.fact(TIERS | side, uptime()) or 0, _TIERS))
        if tiers:
            rates = [fields.rate(value, digits) for value in tiers]
            if rates != timetable.tiers(commodity):
                # Since when is for `matrix` to say.
                home.put(TARIFF_FROM | side, None, uptime())
            timetable.enter_tiers(commodity, rates)
            rounds.hurry(SWITCHES, commodity)
        await _blocks(rounds, commodity, found, digits)
    return _EACH if some else None


async def _several(rounds, commodity, name, count):
    # The attributes name(1), name(2) ... name(count) as a list of raw values; cut where the server has no more.
    values = []
    for first in range(1, count + 1, _AT_ONCE):
        keys = [name(n) for n in range(first, min(first + _AT_ONCE, count + 1))]
        found = await asking.read(rounds, commodity, PRICE, keys)
        values += [found.get(key) for key in keys]
        if values[-1] is None:
            break
    while values and values[-1] is None:
        values.pop()
    return values


async def _blocks(rounds, commodity, found, digits):
    ends = found.get(_NUMBER_OF_THRESHOLDS) or 0
    if not 0 < ends < 16:
        return
    home = rounds.session.home
    now = uptime()
    side = commodity << 2
    rates = await _several(rounds, commodity, block_price, ends + 1)
    for i in range(len(rates)):
        home.put(BLOCK_RATE + 8 * i | side, fields.rate(rates[i], digits), now)
    thresholds = await _several(rounds, commodity, block_threshold, ends)
    # In the meter's own units, where the Price cluster says that it counts in others.
    meter = home.meter(commodity)
    more = (found.get(_THRESHOLD_MULTIPLIER) or meter.multiplier) * meter.divisor
    less = (found.get(_THRESHOLD_DIVISOR) or meter.divisor) * meter.multiplier
    for i in range(len(thresholds)):
        value = None if thresholds[i] is None else thresholds[i] * more // less
        home.put(BLOCK_THRESHOLD + 8 * i | side, value, now)
