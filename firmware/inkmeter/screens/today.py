"""Under the figure of the page `now`: what today has cost, and the day as a strip of bars."""

from micropython import const

from inkmeter import facts
from inkmeter import home as h
from inkmeter import words as w
from inkmeter.ledger import MISSING, UNPRICED
from inkmeter.people import about, energy, pounds, supply

_STRIP = const(18)
_TALL_STRIP = const(60)
_PRIVATE = const(0x100)  # of MESSAGE_FLAGS


def draw(page):
    view = page.view
    rows = []
    wh, sent, cost, flags = _so_far(view, h.ELECTRICITY)
    value = about(energy(wh), flags)
    money = about(pounds(cost), flags)
    rows.append((page.say(w.TODAY), value if cost is None else "%s, %s;%s" % (money, value, money)))
    gas = view.home.meters.get(h.GAS)
    if gas:
        cost, flags = _so_far(view, h.GAS)[2:]
        register = gas.current_summation_delivered
        at = " " + page.say(w.AS_OF, page.when(register.utc)).split(";")[0]
        off = supply(page, facts.GAS_SIDE)
        value = off[0].split(";")[-1] if off else about(pounds(cost), flags)
        rows.append((page.say(w.GAS), page.say(w.NOT_HEARD) if register.value is None else value + at))
    if sent:
        earned = view.ledger.earned(h.ELECTRICITY)
        value = energy(sent)
        rows.append((page.say(w.SENT_OUT), "%s, %s;%s" % (pounds(earned), value, value) if earned else value))
    if page.tall:
        _message(page)
        month = view.past and view.past[6]
        # One of which some is not known is no month's cost.
        if month and not month[3] & (MISSING | UNPRICED):
            value = "%s, %s;%s" % (pounds(month[2]), energy(month[0]), pounds(month[2]))
            rows.append((page.say(w.MONTH_SO_FAR), value))
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


def _message(page):
    # Along the lower edge: the supplier's words if they fit, else that there are some.
    home = page.view.home
    side = 0 if home.fact(facts.MESSAGE, page.now) else facts.GAS_SIDE
    message = home.fact(facts.MESSAGE | side, page.now)
    if not message or (home.fact(facts.MESSAGE_FLAGS | side, page.now) or 0) & _PRIVATE:
        return
    top = page.y
    text = page.say(w.MESSAGES) + ": " + message.replace(";", ",") + ";" + page.say(w.FROM_SUPPLIER)
    size, text = page.fit(text, page.width - 2 * page.edge, page.texts[-1:])
    page.bottom -= page.font(size).height + 6
    page.y = page.bottom
    page.rule()
    page.text(size, page.edge, page.y, text)
    page.y = top


def _so_far(view, commodity):
    found = view.ledger and view.ledger.today(commodity)
    # What lacks half-hours, which the meter's log may still tell, is no day's cost.
    return found if found and not found[3] & MISSING else (None, None, None, 0)
