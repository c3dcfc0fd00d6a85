"""Figures as people read them: kW, kWh, pounds and pence."""

from micropython import const

from inkmeter.units import decimal

UNKNOWN = "--"
_MOST_W = const(1000000)
_POUND = const(100000)
_PENNY = const(1000)


def kilowatts(watts):
    """Three figures of a power, without its sign or unit: no home's fuse lets more through."""
    if watts is None or abs(watts) >= _MOST_W:
        return UNKNOWN
    watts = abs(watts)
    digits = 2 if watts < 10000 else 1 if watts < 100000 else 0
    return decimal(watts // 10 ** (3 - digits), digits)


def energy(wh):
    """'8.42 kWh', with fewer decimals from 100 kWh on."""
    if wh is None:
        return UNKNOWN
    digits = 2 if wh < 100000 else 1 if wh < _MOST_W else 0
    scale = 10 ** (3 - digits)
    return decimal((wh + scale // 2) // scale, digits) + " kWh"


def rate(value, digits):
    """A price in 1/100,000 of a pound: pence with so many digits below a pound, pounds from there."""
    if value is None:
        return UNKNOWN
    sign = "-" if value < 0 else ""
    if abs(value) >= _POUND:
        return sign + "£" + decimal(abs(value) // _PENNY, 2)
    return sign + decimal(abs(value) // 10 ** (3 - digits), digits) + "p"


def pounds(value):
    """'£1.92' of 1/100,000 of a pound, to the nearest penny, the sign first."""
    if value is None:
        return UNKNOWN
    sign = "-" if value < 0 else ""
    return sign + "£" + decimal((abs(value) + _PENNY // 2) // _PENNY, 2)
