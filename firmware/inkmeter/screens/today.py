"""Under the figure of the page `now`: what today has cost, and the day as a strip of bars."""

from micropython import const

from inkmeter import home as h
from inkmeter import words as w
from inkmeter.people import UNKNOWN, energy, pounds

_STRIP = const(18)
_TALL_STRIP = const(60)


def draw(page):
    view = page.view
    rows = []
    wh, sent, cost, _ = _so_far(view, h.ELECTRICITY)
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
    if not strip:
        return "rows", rows
    levels, downs = view.past[:2]
    labels = ()
    if page.tall:
        # Clocks change between one and two: half-hours after that count from the day's end.
        labels = [(0, "0")] + [(2 * i + len(levels) - 48, str(i)) for i in (6, 12, 18)]
    known = sorted([level for level in levels if level <= 250])
    bars = ("bars", levels, downs, page.bottom, labels, known[len(known) // 2] if known else 0)
    return "rows", rows, page.y + min(room, line * len(rows) * 5 // 4), None, bars


def _so_far(view, commodity):
    return view.ledger and view.ledger.today(commodity) or (None, None, None, 0)
