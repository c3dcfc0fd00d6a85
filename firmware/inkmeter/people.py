"""Figures as people read them: kW, kWh, pounds and pence; and what is said of a supply that is off."""

from micropython import const

from inkmeter import facts
from inkmeter import words as w
from inkmeter.ledger import ESTIMATED, PARTIAL
from inkmeter.units import decimal

UNKNOWN = "--"
_MOST_W = const(1000000)
_POUND = const(100000)
_PENNY = const(1000)
_ARMED = const(1)


def kilowatts(watts):
    """A power to the nearest of three figures, without its sign or unit: no home's fuse lets more through."""
    if watts is None or abs(watts) >= _MOST_W:
        return UNKNOWN
    watts = abs(watts)
    digits = 2 if watts < 9995 else 1 if watts < 99950 else 0
    scale = 10 ** (3 - digits)
    return decimal((watts + scale // 2) // scale, digits)


def energy(wh):
    """'8.42 kWh', with fewer decimals from 100 kWh on."""
    if wh is None:
        return UNKNOWN
    digits = 2 if wh < 100000 else 1 if wh < _MOST_W else 0
    scale = 10 ** (3 - digits)
    return decimal((wh + scale // 2) // scale, digits) + " kWh"


def about(text, flags):
    """A day's figure, with a mark where the ledger's flags say that some of it is an estimate or not wholly seen."""
    return "~" + text if flags & (PARTIAL | ESTIMATED) and text != UNKNOWN else text


def rate(value, digits):
    """A price in 1/100,000 of a pound: pence with so many digits below a pound, pounds from there; the nearest."""
    if value is None:
        return UNKNOWN
    step = 10 ** (3 - digits)
    size = (abs(value) + step // 2) // step
    if size * step >= _POUND:
        return pounds(value)
    return ("-" if value < 0 and size else "") + decimal(size, digits) + "p"


def pounds(value):
    """'£1.92' of 1/100,000 of a pound, to the nearest penny, the sign first."""
    if value is None:
        return UNKNOWN
    pence = (abs(value) + _PENNY // 2) // _PENNY
    return ("-£" if value < 0 and pence else "£") + decimal(pence, 2)


def supply(page, side):
    """What to say of a supply that the meter has cut off, and what to do; nothing where it is on or not known. `side`
    is 0 or facts.GAS_SIDE.
    """
    known = page.view.home.fact
    status = known(facts.SUPPLY_STATUS | side, page.now)
    if status is None or status > _ARMED:
        return []
    if status:
        return [page.say(w.SUPPLY_OFF), page.say(w.SUPPLY_ARMED)]
    return [page.say(w.SUPPLY_OFF)] + ([page.say(w.TOP_UP_NOW)] if known(facts.PREPAID | side, page.now) else [])
