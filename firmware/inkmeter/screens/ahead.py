"""Under the price now: the hours ahead with the cheapest ones filled, and the other prices."""

from micropython import const

from inkmeter import facts
from inkmeter import home as h
from inkmeter import words as w
from inkmeter.clock import hours_and_minutes
from inkmeter.people import rate

_HALF_HOUR = const(1800)
_FILL_NONE = const(251)


def draw(page):
    home = page.view.home
    rows = []
    charge = home.fact(facts.STANDING_CHARGE, page.now)
    if charge is not None:
        rows.append((page.say(w.STANDING_CHARGE), rate(charge, 2)))
    if h.GAS in home.meters:
        gas = home.price(h.GAS).rate.current(page.now)
        rows.append((page.say(w.GAS_PRICE), page.say(w.UNKNOWN) if gas is None else rate(gas, 2) + "/kWh"))
    paid = home.fact(facts.EXPORT_RATE, page.now)
    if paid is not None:
        rows.append((page.say(w.SENT_PRICE), rate(paid, 2) + "/kWh"))
    if not page.view.past:
        return "rows", rows
    sizes = page.texts[-2:-1] if page.tall and not page.large else page.texts[-1:]
    line = page.font(sizes[0]).height
    rows = rows[: 3 if page.tall else 1]
    bottom = page.bottom - (line + 2) * len(rows)
    then = ("rows", rows, None, sizes)
    if bottom - page.y < line + 20:
        return then
    levels, marks, first, start, end, mean = page.view.past
    start, end = [hours_and_minutes(first + _HALF_HOUR * i) for i in (start, end)]
    page.title(page.say(w.CHEAPEST, start + "-" + end), rate(mean, 2) + "/kWh", sizes)
    labels = ()
    if page.tall:
        count = len(levels)
        labels = [(i, hours_and_minutes(first + i * _HALF_HOUR)) for i in range(2, count - 1, count // 4 or 1)]
    return "bars", levels, marks, bottom, labels, _FILL_NONE, then
