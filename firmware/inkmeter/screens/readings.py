"""The home screen: direction, size, money, and the meters' registers."""

from micropython import const

from inkmeter import home as h
from inkmeter import units
from inkmeter.clock import hours_and_minutes

_POUNDS = const(826)
_UNKNOWN = const("--")
_LINE = const(17)
_MARGIN = const(3)


def picture(view, now):
    home, width, height = view.home, view.width, view.height
    electricity = home.meter(h.ELECTRICITY)
    watts = None if view.settings.away else electricity.watts(now)
    right = width - _MARGIN
    sending = watts is not None and watts < 0
    marks = [
        ("head", _MARGIN, 1, "SENDING OUT" if sending else "USING", "<"),
        ("body", right, 3, "at " + hours_and_minutes(electricity.instantaneous_demand.utc), ">"),
        ("large", 126, 24, _UNKNOWN if watts is None else _kilowatts(abs(watts)), ">"),
        ("head", 128, 43, "kW", "<"),
    ]
    price = home.price(h.ELECTRICITY)
    rate = price.rate.current(now)
    # What is sent out is paid at a price that the meter does not know.
    if rate is not None and price.currency == _POUNDS and not sending:
        marks.append(("body", right, 47, _money(rate, 2) + "/kWh", ">"))
        if watts is not None:
            marks.append(("body", right, 28, _money(rate * watts // 1000, 1) + " an hour", ">"))
    y = height - 3 * _LINE
    marks.append((0, y - 3, width, 1, 0))
    if view.settings.away:
        return marks
    marks += _register(right, y, "Meter", electricity, electricity.current_summation_delivered, now)
    if electricity.current_summation_received.value:
        marks += _register(right, y + _LINE, "Sent out", electricity, electricity.current_summation_received, now)
    gas = home.meters.get(h.GAS)
    if gas:
        marks += _register(right, y + 2 * _LINE, "Gas", gas, gas.current_summation_delivered, now)
    return marks


def _kilowatts(watts):
    # Three figures fit; no fuse of a home's lets more through.
    if watts >= 1000000:
        return _UNKNOWN
    digits = 2 if watts < 10000 else 1 if watts < 100000 else 0
    return units.decimal(watts // 10 ** (3 - digits), digits)


def _money(value, digits):
    # In 1/100,000 of a pound: pence with so many digits below a pound, pounds from there.
    if value >= 100000:
        return "£" + units.decimal(value // 1000, 2)
    return units.decimal(value // 10 ** (3 - digits), digits) + "p"


def _register(right, y, name, meter, value, now):
    text = _UNKNOWN
    if value.value is not None:
        text = units.summation(value.value, meter.multiplier, meter.divisor, meter.summation_formatting)
        text += " " + units.unit_name(meter.unit_of_measure)
        if meter.commodity == h.GAS or value.state(now) == h.STALE:
            text += " at " + hours_and_minutes(value.utc)
    return ("body", _MARGIN, y, name, "<"), ("body", right, y, text, ">")
