"""A job: what the tariff is made of: standing charge, label, rates by tier and by block, where the blocks end.

Price 0x0700 (SE 1.4, D.4): by its attributes, as GBCS reads them; where these are missing, by the publish commands.
"""

from micropython import const

from inkmeter import asking, timetable, zcl
from inkmeter.asking import MONEY
from inkmeter.facts import BLOCK_RATE, BLOCK_THRESHOLD, PRICE_DIGITS, STANDING_CHARGE, TARIFF_LABEL, TIERS
from inkmeter.log import uptime
from inkmeter.radio import PRICE

_EACH = const(21600)
_AT_ONCE = const(6)
_TIERS = const(48)

_PRICE_TRAILING_DIGIT = const(0x180617)
_NUMBER_OF_THRESHOLDS = const(0x200612)
_THRESHOLD_MULTIPLIER = const(0x220202)
_THRESHOLD_DIVISOR = const(0x220203)

_GET_TARIFF_INFORMATION = const(0x06)
_PUBLISH_TARIFF_INFORMATION = const(0x04)
_GET_PRICE_MATRIX = const(0x07)
_PUBLISH_PRICE_MATRIX = const(0x05)
_GET_BLOCK_THRESHOLDS = const(0x08)
_PUBLISH_BLOCK_THRESHOLDS = const(0x06)
_PART = const(16)  # where index and total of the commands stand
_NOW_DELIVERED = b"\x00\x00\x00\x00\xff\xff\xff\xff\x01\x00"

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


def tariff_information(payload):
    """(issuer tariff id as on the air, label, tiers, block thresholds, digits, standing charge) of a Publish Tariff
    Information. Raises ZclError.
    """
    label, at = asking.string_at(payload, 17)
    standing = asking.number(payload, at + 6, 4)
    return bytes(payload[8:12]), label, payload[at], payload[at + 1], payload[at + 5] >> 4, standing


def price_matrix(payloads):
    """({tier: price}, {block: price}) of Publish Price Matrix commands, raw. Raises ZclError."""
    tiers, blocks = {}, {}
    for payload in payloads:
        if len(payload) < 19 or (len(payload) - 19) % 5:
            raise zcl.ZclError("short matrix")
        for at in range(19, len(payload), 5):
            which, value = payload[at], asking.number(payload, at + 1, 4)
            if payload[18] & 1:
                tiers[which] = value
            elif not which >> 4:
                blocks[(which & 15) + 1] = value
            elif not which & 15:
                tiers[which >> 4] = value
    return tiers, blocks


def block_thresholds(payloads):
    """[where each block ends], raw, of Publish Block Thresholds commands: for all tiers, or for the first one told.
    Raises ZclError.
    """
    for payload in payloads:
        if len(payload) < 20:
            raise zcl.ZclError("short thresholds")
        return [asking.number(payload, 20 + 6 * i, 6) for i in range(payload[19] & 15)]
    return []


async def run(rounds, commodity):
    home = rounds.session.home
    side = commodity << 2
    wanted = [key & 0xFFFFFF for key in TABLE[::2]]
    wanted += (_PRICE_TRAILING_DIGIT, _NUMBER_OF_THRESHOLDS, _THRESHOLD_MULTIPLIER, _THRESHOLD_DIVISOR)
    found = await asking.read(rounds, commodity, PRICE, wanted)
    digits = found.get(_PRICE_TRAILING_DIGIT)
    digits = home.fact(PRICE_DIGITS | side, uptime()) if digits is None else digits >> 4
    some = asking.file(rounds, commodity, found, TABLE, digits)
    tariff = None
    if digits is None or home.heard_at(TIERS | side) is None or home.heard_at(STANDING_CHARGE | side) is None:
        payload = await asking.command(
            rounds, commodity, PRICE, _GET_TARIFF_INFORMATION, _PUBLISH_TARIFF_INFORMATION, _NOW_DELIVERED
        )
        if payload is not None:
            some = True
            tariff, label, tiers, thresholds, digits, standing = tariff_information(payload)
            for fact, value in (
                (STANDING_CHARGE, asking.money(standing, digits)),
                (TARIFF_LABEL, label or None),
                (TIERS, tiers),
            ):
                home.put(fact | side, value, uptime())
            found[_NUMBER_OF_THRESHOLDS] = thresholds
    if digits is None:
        return _EACH if some else None
    home.put(PRICE_DIGITS | side, digits, uptime())
    standing = home.fact(STANDING_CHARGE | side, uptime())
    if rounds.ledger and standing is not None:
        rounds.ledger.standing_charge(commodity, standing)
    await _rates(rounds, commodity, tariff, found, digits)
    return _EACH


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


async def _rates(rounds, commodity, tariff, found, digits):
    home = rounds.session.home
    side = commodity << 2
    count = min(home.fact(TIERS | side, uptime()) or 0, _TIERS)
    ends = found.get(_NUMBER_OF_THRESHOLDS) or 0
    tiers = blocks = ()
    if tariff:
        matrix = await asking.parts(rounds, commodity, PRICE, _GET_PRICE_MATRIX, _PUBLISH_PRICE_MATRIX, tariff, _PART)
        by_tier, by_block = price_matrix(matrix)
        tiers = [by_tier.get(n) for n in range(1, count + 1)] if by_tier else ()
        blocks = [by_block.get(n) for n in range(1, min(ends, 15) + 2)] if by_block else ()
    tiers = tiers or await _several(rounds, commodity, tier_price, count)
    timetable.enter_tiers(commodity, [asking.money(value, digits) for value in tiers])
    if not ends or ends > 15:
        return
    blocks = blocks or await _several(rounds, commodity, block_price, ends + 1)
    thresholds = await _several(rounds, commodity, block_threshold, ends)
    if tariff and not thresholds:
        thresholds = block_thresholds(
            await asking.parts(
                rounds, commodity, PRICE, _GET_BLOCK_THRESHOLDS, _PUBLISH_BLOCK_THRESHOLDS, tariff, _PART
            )
        )
    now = uptime()
    for i in range(len(blocks)):
        home.put(BLOCK_RATE + 8 * i | side, asking.money(blocks[i], digits), now)
    # In the meter's own units, where the Price cluster says that it counts in others.
    meter = home.meter(commodity)
    more = (found.get(_THRESHOLD_MULTIPLIER) or meter.multiplier) * meter.divisor
    less = (found.get(_THRESHOLD_DIVISOR) or meter.divisor) * meter.multiplier
    for i in range(len(thresholds)):
        value = None if thresholds[i] is None else thresholds[i] * more // less
        home.put(BLOCK_THRESHOLD + 8 * i | side, value, now)
