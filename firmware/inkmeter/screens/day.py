"""One day by half-hours; `view.cursor` counts the days back."""

from inkmeter import dates, people
from inkmeter import home as h
from inkmeter import words as w


def draw(page):
    view = page.view
    past = view.past
    utc = page.utc
    name = page.say(w.TODAY)
    if view.cursor == 1:
        name = page.say(w.YESTERDAY)
    date = ""
    if utc is not None:
        date = dates.date(dates.local_day(utc) - view.cursor, page.say(w.DAYS), page.say(w.MONTHS))
        if view.cursor > 1:
            name, date = date, ""
    page.title(name, date)
    own = past[6] if past else (None, None)
    meters = []
    if own != (None, None):
        value = people.energy(own[0])
        cost = people.pounds(own[1])
        value = cost if own[0] is None else value if own[1] is None else "%s, %s;%s" % (cost, value, cost)
        meters.append((page.say(w.METER_TODAY), value))
    if not past or past[2] is None:
        page.y += 12
        if meters:
            return "rows", meters
        return "prose", page.say(w.NO_HISTORY), page.bottom
    levels, downs, wh, sent, cost, missing = past[:6]
    flags = 0
    if not view.cursor:
        # Up to this moment, rather than to the last half-hour.
        so_far = view.ledger.today(h.ELECTRICITY)
        if so_far and so_far[0] is not None:
            wh, sent, cost, flags = so_far
    value = people.about(people.energy(wh), flags)
    if cost is not None:
        value = "%s, %s;%s" % (people.about(people.pounds(cost), flags), value, value)
    rows = [(page.say(w.USED), value)]
    if sent:
        value = people.energy(sent)
        earned = None if view.cursor else view.ledger.earned(h.ELECTRICITY)
        rows.append((page.say(w.SENT_OUT), "%s, %s;%s" % (people.pounds(earned), value, value) if earned else value))
    if missing:
        rows.append((page.say(w.SOME_MISSING), ""))
    rows += meters
    size = page.texts[-2] if page.tall and not page.large else page.texts[-1]
    line = page.font(size).height
    rows = rows[: 1 if page.large and not page.tall else 3 if page.tall else 2]
    bottom = page.bottom - line * len(rows)
    page.y += 2
    slots = len(levels)
    labels = ()
    if page.tall or not page.large:
        # Clocks change between one and two: slots after that count from the day's end.
        labels = [(0, "0")] + [(2 * i + slots - 48, str(i)) for i in (6, 12, 18)]
    known = sorted([level for level in levels if level <= 250])
    rows = ("rows", rows, page.bottom, bytes((size,)))
    return "bars", levels, downs, bottom - 2, labels, known[len(known) // 2] if known else 0, rows
