"""What the jobs of `rounds` share that read attributes: groups of them into facts."""

from micropython import const

from inkmeter import fields, metering, units
from inkmeter.log import uptime

# Marks of an attribute's name (type << 16 | identifier) in a table: its value is money, or energy that may be in BCD.
MONEY = const(1 << 24)
ENERGY = const(1 << 25)
_NAME = const(0xFFFFFF)
_MONEY_DIGITS = const(5)


async def read(rounds, commodity, cluster, identifiers):
    """metering.read_attributes() of a commodity's server, with the polls that are due in between; empty where the
    server refuses the cluster. Raises NoReply, ZclError.
    """
    server = rounds.session.servers[commodity]
    where = metering.endpoint(server, cluster)
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
            value = fields.money(value, digits)
        elif isinstance(value, bytes):
            value = fields.text(value) or None
        if value is not None or session.home.heard_at(fact) is not None:
            session.home.put(fact, value, uptime())
    return some


async def put(rounds, commodity, cluster, table, digits=_MONEY_DIGITS):
    """read() and file() of one table."""
    found = await read(rounds, commodity, cluster, [table[i] & _NAME for i in range(0, len(table), 2)])
    return file(rounds, commodity, found, table, digits)
