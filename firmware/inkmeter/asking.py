"""What the jobs of `rounds` share: attributes into facts, commands and what answers them, money and text."""

import asyncio

from micropython import const

from inkmeter import metering, units, zcl
from inkmeter.log import uptime
from inkmeter.radio import METERING

# Marks of an attribute's name (type << 16 | identifier) in a table: its value is money, or energy that may be in BCD.
MONEY = const(1 << 24)
ENERGY = const(1 << 25)
_NAME = const(0xFFFFFF)

_PARTS_WAIT = const(2000)
_PARTS_LOOK = const(100)
_PARTS = const(8)
_MONEY_DIGITS = const(5)
ANY = b"\xff\xff\xff\xff"  # as an event or a provider


class Another(zcl.ZclError):
    """Another command than the one that answers. args: its number and payload."""


def endpoint(server, cluster):
    """Where a server has a cluster: Metering at its own endpoint, all else where its prices are."""
    if cluster == METERING or server.price_endpoint is None:
        return server.endpoint
    return server.price_endpoint


async def read(rounds, commodity, cluster, identifiers):
    """metering.read_attributes() of a commodity's server, with the polls that are due in between; empty where the
    server refuses the cluster. Raises NoReply, ZclError.
    """
    server = rounds.session.servers[commodity]
    where = endpoint(server, cluster)
    try:
        return await metering.read_attributes(
            rounds.session.radio, server.node_id, where, cluster, identifiers, rounds.turn
        )
    except metering.Refusal:
        return {}


def file(rounds, commodity, found, table, digits: int | None = _MONEY_DIGITS):
    """Puts what was found into facts; `table` is a flat tuple of attribute (with its marks), fact, ... Money is scaled
    from `digits` to the right of the point (None: not known). Says whether the server has any of them. What it does not
    know, or lost, becomes None if it ever was known.
    """
    session = rounds.session
    some = False
    for i in range(0, len(table), 2):
        key = table[i] & _NAME
        fact = table[i + 1] | commodity << 2
        value = found.get(key)
        some = some or key in found
        if table[i] & ENERGY:
            value = units.plain(value, session.home.meter(commodity).unit_of_measure)
        elif table[i] & MONEY:
            value = money(value, digits)
        elif isinstance(value, bytes):
            value = text(value) or None
        if value is not None or session.home.heard_at(fact) is not None:
            session.home.put(fact, value, uptime())
    return some


async def put(rounds, commodity, cluster, table, digits=_MONEY_DIGITS):
    """read() and file() of one table."""
    found = await read(rounds, commodity, cluster, [key & _NAME for key in table[::2]])
    return file(rounds, commodity, found, table, digits)


async def command(rounds, commodity, cluster, number, expected, payload=b""):
    """Sends a command to a commodity's server. Returns the payload of the command `expected`; None where the server
    has no such thing or does not know the command. Raises NoReply, Another, ZclError.
    """
    await rounds.turn()
    session = rounds.session
    server = session.servers[commodity]
    frame = bytes((zcl.CLUSTER_SPECIFIC, session.radio.next_sequence(), number)) + payload
    header = zcl.Header(await session.radio.request(server.node_id, endpoint(server, cluster), cluster, frame))
    if header.is_general(zcl.DEFAULT_RESPONSE):
        return None
    if header.control & 3 != zcl.CLUSTER_SPECIFIC:
        raise zcl.ZclError("another answer")
    if header.command != expected:
        raise Another(header.command, header.payload)
    return header.payload


async def parts(rounds, commodity, cluster, number, expected, payload, at):
    """command() for an answer of several commands, whose index and total stand at octet `at` of each. Returns their
    payloads in order; empty for none. Raises ZclError where one is missing.
    """
    first = await command(rounds, commodity, cluster, number, expected, payload)
    if first is None:
        return []
    if len(first) < at + 2 or not 0 < first[at + 1] <= _PARTS:
        raise zcl.ZclError("parts")
    total = first[at + 1]
    found = {first[at]: first}
    server = rounds.session.servers[commodity]
    published = rounds.session.radio.published
    left = _PARTS_WAIT if total > 1 else 0
    while True:
        for message in published[:]:
            body = message[11]
            if (message[8], message[2], body[2]) == (server.node_id, cluster, expected) and len(body) >= at + 5:
                published.remove(message)
                found[body[3 + at]] = memoryview(body)[3:]
        if len(found) >= total or left <= 0:
            break
        await asyncio.sleep_ms(_PARTS_LOOK)
        left -= _PARTS_LOOK
    if sorted(found) != list(range(total)):
        raise zcl.ZclError("parts")
    return [found[i] for i in range(total)]


def money(raw, digits):
    """An amount in 1/100,000 of the currency unit, of one with `digits` to the right of the point (below 0: zeros to
    its left). None stays None.
    """
    if raw is None or digits is None:
        return None
    return units.scale(raw, 1, 10**digits, _MONEY_DIGITS) if digits >= 0 else raw * 10 ** (_MONEY_DIGITS - digits)


def text(raw):
    """An octet or character string as text: UTF-8 where it is that, else its ASCII; control characters are blanks."""
    raw = bytes([32 if c < 32 or c == 127 else c for c in raw])
    try:
        return raw.decode().strip()
    except UnicodeError:
        return bytes([c for c in raw if c < 127]).decode().strip()


def string_at(payload, at):
    """(text, where the next thing begins) of an octet string within a command. Raises ZclError."""
    if at >= len(payload):
        raise zcl.ZclError("short string")
    size = payload[at] if payload[at] != 0xFF else 0
    end = at + 1 + size
    if end > len(payload):
        raise zcl.ZclError("short string")
    return text(payload[at + 1 : end]), end


def number(payload, at, size):
    """A little-endian number within a command; None for all ones. Raises ZclError where it is cut."""
    if at + size > len(payload):
        raise zcl.ZclError("short command")
    value = int.from_bytes(payload[at : at + size], "little")
    return None if value == (1 << 8 * size) - 1 else value
