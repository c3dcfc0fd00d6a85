"""The page on the wall most of the time: direction, size, money; what today has cost; the day as a strip of bars."""

from micropython import const

from inkmeter import facts
from inkmeter import home as h
from inkmeter import words as w
from inkmeter.people import UNKNOWN, energy, kilowatts, pounds, rate
from inkmeter.screens.layout import Page

_POUNDS = const(826)
_STRIP = const(18)
_TALL_STRIP = const(60)
_FULL = const(b"\5\6\6\5\5\6\5\5\5")  # dots for low, medium and high


def picture(view, now):
    page = Page(view)
    home = view.home
    electricity = home.meter(h.ELECTRICITY)
    demand = electricity.instantaneous_demand
    watts = electricity.watts(now)
    sending = watts is not None and watts < 0
    at = page.when(demand.utc)
    state = demand.state(now)
    age = (w.NOT_HEARD, w.AT, w.NO_NEWS)[state]
    left = page.say(w.ELECTRICITY if watts is None else w.SENDING_OUT if sending else w.USING)
    if watts is not None:
        left = ("\2 " if sending else "\1 ") + left.replace(";", ";\2 " if sending else ";\1 ")
    age = page.say(age, at)
    page.title(left, age + ";" + at if state == h.LIVE else age)
    top = page.y
    price, an_hour = _money(page, home, now, watts, sending)
    figure, unit, other = kilowatts(watts), "kW", an_hour
    if view.money and an_hour:
        figure, unit, other = an_hour.split(" ", 1)[0], an_hour.split(" ", 1)[1], figure + " kW"
    high = (view.height - top) * (3 if page.large else 2) // 5
    right = page.figure(figure, unit, page.width - 2 * page.edge, high)
    level = home.fact(facts.AMBIENT, now)
    if level is not None and level < 3:
        level = _FULL[3 * level : 3 * level + 3].decode() + " " + page.say((w.LOW, w.MEDIUM, w.HIGH)[level])
    else:
        level = ""
    until = home.fact(facts.RATE_UNTIL, now)
    until = page.say(w.UNTIL, page.when(until)) if until and not sending else ""
    page.column(right, top, page.y, [other, price, level, until])
    page.rule()
    _today(page, view, now)
    return page.done()


def _money(page, home, now, watts, sending):
    # What is sent out is paid at a price that the meter need not know.
    price = home.price(h.ELECTRICITY)
    each = price.rate.current(now)
    if sending:
        return "", ""
    if each is None or price.currency != _POUNDS:
        return page.say(w.PRICE_UNKNOWN), ""
    an_hour = rate(each * watts // 1000, 1) + " " + page.say(w.AN_HOUR) if watts is not None else ""
    return rate(each, 2) + "/kWh", an_hour


def _so_far(view, commodity):
    return view.ledger and view.ledger.today(commodity) or (None, None, None, 0)


def _today(page, view, now):
    rows = []
    wh, sent, cost, _ = _so_far(view, h.ELECTRICITY)
    if wh is None:
        rows.append((page.say(w.TODAY), UNKNOWN))
    else:
        value = energy(wh)
        rows.append((page.say(w.TODAY), value if cost is None else "%s, %s;%s" % (pounds(cost), value, pounds(cost))))
    gas = view.home.meters.get(h.GAS)
    if gas:
        cost = _so_far(view, h.GAS)[2]
        register = gas.current_summation_delivered
        at = " " + page.say(w.AS_OF, page.when(register.utc)).split(";")[0]
        value = UNKNOWN if cost is None else pounds(cost)
        rows.append((page.say(w.GAS), page.say(w.NOT_HEARD) if register.value is None else value + at))
    if sent:
        rows.append((page.say(w.SENT_OUT), energy(sent)))
    strip = view.past and (_TALL_STRIP if page.tall else _STRIP)
    room = page.bottom - page.y - (strip or 0)
    line = page.font(page.texts[-2 if page.tall else -1]).height
    if room < line:
        strip, room = None, page.bottom - page.y
    rows = rows[: max(room // line, 1)]
    page.rows(rows, page.y + min(room, line * len(rows) * 5 // 4) if strip else None)
    if strip:
        levels, downs = view.past[:2]
        labels = ()
        if page.tall:
            labels = [(i * len(levels) // 24, str(i)) for i in (0, 6, 12, 18)]
        known = sorted([level for level in levels if level <= 250])
        page.y += 2
        page.bars(levels, downs, page.bottom, labels, known[len(known) // 2] if known else 0)
