"""The page on the wall most of the time: direction, size, money."""

from micropython import const

from inkmeter import facts
from inkmeter import home as h
from inkmeter import words as w
from inkmeter.people import kilowatts, rate, supply

_POUNDS = const(826)
_DOTS = const(b"\5\6\6\5\5\6\5\5\5")  # for low, medium and high


def draw(page):
    view = page.view
    home = view.home
    now = page.now
    meter = home.meter(h.ELECTRICITY)
    demand = meter.instantaneous_demand
    watts = meter.watts(now)
    sending = watts is not None and watts < 0
    left = page.say(w.ELECTRICITY if watts is None else w.SENDING_OUT if sending else w.USING)
    if watts is not None:
        arrow = "\2 " if sending else "\1 "
        left = arrow + left.replace(";", ";" + arrow)
    at = page.when(demand.utc)
    state = demand.state(now)
    age = page.say((w.NOT_HEARD, w.AT, w.NO_NEWS)[state], at)
    page.title(left, age + ";" + at if state == h.LIVE else age)
    figure, unit, other, each = kilowatts(watts), "kW", "", ""
    price = home.price(h.ELECTRICITY)
    # What is sent out is paid at a price that the meter need not know.
    cost = home.fact(facts.EXPORT_RATE, now) if sending else price.rate.current(now)
    if cost is not None and price.currency == _POUNDS:
        each = rate(cost, 2) + "/kWh"
        if watts is not None:
            cost = rate(cost * abs(watts) // 1000, 1)
            other = cost + " " + page.say(w.AN_HOUR)
            if view.money:
                other = figure + " kW"
                figure, unit = cost, page.say(w.AN_HOUR)
    elif not sending:
        each = page.say(w.PRICE_UNKNOWN)
    level = home.fact(facts.AMBIENT, now)
    ambient = ""
    # The meter says it of what is used.
    if level is not None and level < 3 and not sending:
        ambient = _DOTS[3 * level : 3 * level + 3].decode() + " " + page.say((w.LOW, w.MEDIUM, w.HIGH)[level])
    until = home.fact(facts.RATE_UNTIL, now)
    until = page.say(w.UNTIL, page.when(until)) if until and not sending else ""
    high = (view.height - page.y) * (3 if page.large else 2) // 5
    # Where something is used, the supply has come back since the meter was asked.
    beside = [] if watts else supply(page, 0)
    beside = beside or [other, each, ambient, until]
    return "figure", figure, unit, page.width - 2 * page.edge, high, beside, ("today",)
