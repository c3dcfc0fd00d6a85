"""A job: what turns gas into kWh, what an exported kWh earns, how much CO2 a kWh means (Price 0x0700, SE 1.4 D.4)."""

from micropython import const

from inkmeter import asking, commands, fields, units
from inkmeter.facts import CALORIFIC_VALUE, CO2, CONVERSION_FACTOR, EXPORT_RATE, PRICE_DIGITS
from inkmeter.log import uptime
from inkmeter.radio import PRICE

_EACH = const(21600)

_CONVERSION = const((0x230302, 0x180303, 0x230304, 0x300305, 0x180306))
_CO2 = const((0x230620, 0x300621, 0x180622))
_RECEIVED = const((0x238400, 0x238410))  # ReceivedTierN- and ReceivedNoTierBlock1Price
_MJ_PER_M3 = const(1)
_KG_PER_KWH = const(1)
_EXPORT = const(2)  # to the ledger, export is a commodity of its own

_GET_CONVERSION_FACTOR = const(0x04)
_PUBLISH_CONVERSION_FACTOR = const(0x02)
_GET_CALORIFIC_VALUE = const(0x05)
_PUBLISH_CALORIFIC_VALUE = const(0x03)
_GET_CO2_VALUE = const(0x09)
_PUBLISH_CO2_VALUE = const(0x07)
_NOW = b"\x00\x00\x00\x00\xff\xff\xff\xff\x01"
_DELIVERED = b"\x00"


def calorific_value(raw, unit, digit):
    """MJ/m3 * 1,000; None where it is not known, is said in another unit, or is no fuel gas's (natural gas has some 39,
    propane 93).
    """
    if raw is None or digit is None or unit != _MJ_PER_M3:
        return None
    value = units.scale(raw, 1, 10 ** (digit >> 4), 3)
    return value if 20000 < value < 120000 else None


def conversion_factor(raw, digit):
    """The volume's correction * 100,000; None for what cannot be one, such as the documents' default."""
    if raw is None or digit is None:
        return None
    value = units.scale(raw, 1, 10 ** (digit >> 4), 5)
    return value if 50000 < value < 200000 else None


def co2(raw, unit, digit):
    """g/kWh of a CO2 Value."""
    if raw is None or digit is None or unit != _KG_PER_KWH:
        return None
    return units.scale(raw, 1, 10 ** (digit >> 4), 3)


async def run(rounds, commodity):
    some = await (_gas(rounds, commodity) if commodity else _export(rounds, commodity))
    found = await asking.read(rounds, commodity, PRICE, _CO2)
    value = co2(*[found.get(key) for key in _CO2])
    if value is None:
        payload = await commands.command(
            rounds, commodity, PRICE, _GET_CO2_VALUE, _PUBLISH_CO2_VALUE, _NOW + _DELIVERED
        )
        if payload is not None:
            value = co2(fields.number(payload, 13, 4), fields.number(payload, 17, 1), fields.number(payload, 18, 1))
    some = _known(rounds, commodity, CO2, value) or some
    return _EACH if some else None


def _known(rounds, commodity, fact, value):
    home = rounds.session.home
    if value is not None or home.heard_at(fact | commodity << 2) is not None:
        home.put(fact | commodity << 2, value, uptime())
    return value is not None


async def _export(rounds, commodity):
    found = await asking.read(rounds, commodity, PRICE, _RECEIVED)
    digits = rounds.session.home.fact(PRICE_DIGITS, uptime())
    rate = None
    for key in _RECEIVED:
        rate = rate or fields.rate(found.get(key), digits)
    utc = rounds.session.clock.now()
    if rounds.ledger and rate is not None and utc is not None:
        rounds.ledger.rate(_EXPORT, utc, rate, None)
    return _known(rounds, commodity, EXPORT_RATE, rate)


async def _gas(rounds, commodity):
    found = await asking.read(rounds, commodity, PRICE, _CONVERSION)
    factor, factor_digit, heat, unit, heat_digit = [found.get(key) for key in _CONVERSION]
    factor = conversion_factor(factor, factor_digit)
    heat = calorific_value(heat, unit, heat_digit)
    if factor is None:
        payload = await commands.command(
            rounds, commodity, PRICE, _GET_CONVERSION_FACTOR, _PUBLISH_CONVERSION_FACTOR, _NOW
        )
        if payload is not None:
            factor = conversion_factor(fields.number(payload, 8, 4), fields.number(payload, 12, 1))
    if heat is None:
        payload = await commands.command(rounds, commodity, PRICE, _GET_CALORIFIC_VALUE, _PUBLISH_CALORIFIC_VALUE, _NOW)
        if payload is not None:
            heat = calorific_value(*[fields.number(payload, at, size) for at, size in ((8, 4), (12, 1), (13, 1))])
    some = _known(rounds, commodity, CONVERSION_FACTOR, factor)
    some = _known(rounds, commodity, CALORIFIC_VALUE, heat) or some
    if rounds.ledger and factor is not None and heat is not None:
        rounds.ledger.gas_factors(heat, factor)
    return some
