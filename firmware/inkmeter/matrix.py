"""A job: the tariff by the publish commands, for servers that do not have it as attributes.

Price 0x0700 (SE 1.4, D.4): Get Tariff Information, Get Price Matrix, Get Block Thresholds.
"""

from micropython import const

from inkmeter import commands, fields, parts, timetable, zcl
from inkmeter.facts import (
    BLOCK_RATE,
    BLOCK_THRESHOLD,
    PRICE_DIGITS,
    STANDING_CHARGE,
    TARIFF_FROM,
    TARIFF_LABEL,
    TIERS,
)
from inkmeter.log import uptime
from inkmeter.radio import PRICE
from inkmeter.rounds import SWITCHES

_EACH = const(21600)

_GET_TARIFF_INFORMATION = const(0x06)
_PUBLISH_TARIFF_INFORMATION = const(0x04)
_GET_PRICE_MATRIX = const(0x07)
_PUBLISH_PRICE_MATRIX = const(0x05)
_GET_BLOCK_THRESHOLDS = const(0x08)
_PUBLISH_BLOCK_THRESHOLDS = const(0x06)
_PART = const(16)  # where index and total of the commands stand
_NOW_DELIVERED = b"\x00\x00\x00\x00\xff\xff\xff\xff\x01\x00"


def tariff_information(payload):
    """(issuer tariff id as on the air, start in UTC, label, tiers, block thresholds, digits, standing charge, the
    thresholds' multiplier and divisor, 0 for not said) of a Publish Tariff Information. Raises ZclError.
    """
    label, at = fields.string_at(payload, 17)
    standing = fields.number(payload, at + 6, 4)
    scale = [int.from_bytes(payload[n : n + 3], "little") for n in (at + 11, at + 14)]
    start = int.from_bytes(payload[12:16], "little")
    return (bytes(payload[8:12]), start, label, payload[at], payload[at + 1], payload[at + 5] >> 4, standing) + tuple(
        [0 if one == 0xFFFFFF else one for one in scale]
    )


def price_matrix(payloads):
    """({tier: price}, {block: price}) of Publish Price Matrix commands, raw. Raises ZclError."""
    tiers, blocks = {}, {}
    for payload in payloads:
        if len(payload) < 19 or (len(payload) - 19) % 5:
            raise zcl.ZclError("short matrix")
        for at in range(19, len(payload), 5):
            which, value = payload[at], fields.number(payload, at + 1, 4)
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
        return [fields.number(payload, 20 + 6 * i, 6) for i in range(payload[19] & 15)]
    return []


async def run(rounds, commodity):
    home = rounds.session.home
    side = commodity << 2
    whose = rounds, commodity, PRICE
    payload = await commands.command(*whose, _GET_TARIFF_INFORMATION, _PUBLISH_TARIFF_INFORMATION, _NOW_DELIVERED)
    if payload is None:
        return None
    tariff, start, label, tiers, ends, digits, standing, more, less = tariff_information(payload)
    now = uptime()
    for fact, value in (
        (PRICE_DIGITS, digits),
        (STANDING_CHARGE, fields.money(standing, digits)),
        (TARIFF_LABEL, label or None),
        (TIERS, tiers),
    ):
        home.put(fact | side, value, now)
    if rounds.ledger and standing is not None:
        rounds.ledger.standing_charge(commodity, fields.money(standing, digits), start)
    found = await parts.parts(*whose, _GET_PRICE_MATRIX, _PUBLISH_PRICE_MATRIX, tariff, _PART)
    by_tier, by_block = price_matrix(found)
    if by_tier:
        rates = [fields.rate(by_tier.get(n), digits) for n in range(1, max(by_tier) + 1)]
        timetable.enter_tiers(commodity, rates[:48])
        # Prices may be newer than their tariff. A start of 0 is "now", whenever that was; with blocks, which one was in
        # force is not known.
        starts = [start] + [int.from_bytes(one[8:12], "little") for one in found]
        home.put(TARIFF_FROM | side, max(starts) if min(starts) and not ends else None, now)
        rounds.hurry(SWITCHES, commodity)
    for block, price in by_block.items():
        home.put(BLOCK_RATE + 8 * (block - 1) | side, fields.rate(price, digits), now)
    if ends and by_block:
        thresholds = block_thresholds(
            await parts.parts(*whose, _GET_BLOCK_THRESHOLDS, _PUBLISH_BLOCK_THRESHOLDS, tariff, _PART)
        )
        # In the meter's own units, where the tariff counts in others.
        meter = home.meter(commodity)
        more = (more or meter.multiplier) * meter.divisor
        less = (less or meter.divisor) * meter.multiplier
        for i in range(len(thresholds)):
            value = None if thresholds[i] is None else thresholds[i] * more // less
            home.put(BLOCK_THRESHOLD + 8 * i | side, value, now)
    return _EACH
