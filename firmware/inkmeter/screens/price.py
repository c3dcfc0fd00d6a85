"""What electricity costs now and next, the hours ahead with the cheapest one marked, and the daily charge."""

from micropython import const

from inkmeter import facts
from inkmeter import home as h
from inkmeter import words as w
from inkmeter.clock import hours_and_minutes
from inkmeter.people import rate
from inkmeter.screens.layout import Page

_HALF_HOUR = const(1800)


def picture(view, now):
    page = Page(view)
    fact = view.home.fact
    price = view.home.price(h.ELECTRICITY)
    each = price.rate.current(now)
    until = fact(facts.RATE_UNTIL, now)
    page.title(page.say(w.PRICE), page.say(w.UNTIL, page.when(until)) if until and each is not None else "")
    if each is None:
        page.y += 8
        page.paragraph(page.say(w.NO_PRICE), page.bottom)
        return page.done()
    top = page.y
    ahead = view.past
    share = 5 if page.large or not ahead else 3
    right = page.figure(
        rate(each, 2), page.say(w.A_KWH).split(";")[-1], page.width * 7 // 10, (view.height - top) * share // 10
    )
    following = fact(facts.NEXT_RATE, now)
    start = fact(facts.NEXT_RATE_AT, now)
    column = []
    if following is not None and start:
        column = [page.say(w.THEN, rate(following, 2)), page.say(w.FROM, page.when(start))]
    elif not until and not ahead:
        column = [page.say(w.NO_CHANGE)]
    page.column(right, top, page.y, column)
    page.rule()
    rows = []
    charge = fact(facts.STANDING_CHARGE, now)
    if charge is not None:
        rows.append((page.say(w.STANDING_CHARGE), rate(charge, 2)))
    if h.GAS in view.home.meters:
        gas = view.home.price(h.GAS).rate.current(now)
        rows.append((page.say(w.GAS_PRICE), page.say(w.UNKNOWN) if gas is None else rate(gas, 2) + "/kWh"))
    paid = fact(facts.EXPORT_RATE, now)
    if paid is not None:
        rows.append((page.say(w.SENT_PRICE), rate(paid, 2) + "/kWh"))
    if ahead:
        sizes = page.texts[-2:-1] if page.tall and not page.large else page.texts[-1:]
        small = page.font(sizes[0]).height
        rows = rows[: 3 if page.tall else 1]
        bottom = page.bottom - (small + 2) * len(rows)
        if bottom - page.y >= small + 20:
            _ahead(page, ahead, bottom, sizes)
        page.rows(rows, None, sizes)
    else:
        page.rows(rows)
    return page.done()


def _ahead(page, ahead, bottom, sizes):
    # The hours to come, the cheapest ones filled.
    levels, marks, first, start, end, mean = ahead
    start, end = [hours_and_minutes(first + _HALF_HOUR * i) for i in (start, end)]
    page.title(page.say(w.CHEAPEST, start + "-" + end), rate(mean, 2) + "/kWh", sizes)
    labels = ()
    if page.tall:
        count = len(levels)
        labels = [(i, hours_and_minutes(first + i * _HALF_HOUR)) for i in range(2, count - 1, count // 4 or 1)]
    page.bars(levels, marks, bottom, labels, 251)
    page.y += 3
