"""The meters' registers, to the digit as the meter writes them, and the numbers on the meters."""

from micropython import const

from inkmeter import facts, units
from inkmeter import home as h
from inkmeter import words as w

_TIERS = const(8)
_STEP = const(8)  # from one register's fact to the next one's


def draw(page):
    home = page.view.home
    now = page.now
    electricity = home.meter(h.ELECTRICITY)
    page.title(page.say(w.METERS))
    rows = [_row(page, w.ELECTRICITY, electricity, electricity.current_summation_delivered, now)]
    if electricity.current_summation_received.value:
        rows.append(_row(page, w.SENT_OUT, electricity, electricity.current_summation_received, now))
    gas = home.meters.get(h.GAS)
    if gas:
        rows.append(_row(page, w.GAS, gas, gas.current_summation_delivered, now))
    for first, name in ((facts.TIER_REGISTER, w.RATE_N), (facts.BLOCK_REGISTER, w.BLOCK_N)):
        for i in range(_TIERS):
            raw = home.fact(first + _STEP * i, now)
            if raw is not None:
                rows.append((page.say(name, str(i + 1)), _digits(electricity, raw)))
    if electricity.serial:
        rows.append((page.say(w.METER_NUMBER), electricity.serial))
    if gas and gas.serial:
        rows.append((page.say(w.GAS_NUMBER), gas.serial))
    return "rows", rows


def _digits(meter, raw):
    text = units.summation(raw, meter.multiplier, meter.divisor, meter.summation_formatting)
    return text + " " + units.unit_name(meter.unit_of_measure).replace("m3", "m³")


def _row(page, name, meter, register, now):
    text = page.say(w.NOT_HEARD)
    if register.value is not None:
        text = _digits(meter, register.value)
        if meter.commodity == h.GAS or register.state(now) == h.STALE:
            text = "%s %s;%s" % (text, page.say(w.AT, page.when(register.utc)), text)
    elif register.received is not None:
        text = page.say(w.UNKNOWN)
    return page.say(name), text
