"""The last seven days; the last thirty-one; what the meter keeps. OK goes from one to the next."""

from inkmeter import dates, facts, people
from inkmeter import words as w
from inkmeter.ledger import PARTIAL


def draw(page):
    view = page.view
    past = view.past
    if past and past[0] is None:
        return ("kept",)
    month = past[8] if past else view.cursor & 1
    total = past and past[2]
    # Where whole days are missing, too.
    flags = PARTIAL if past and past[5] else 0
    text = "" if total is None else people.about(people.energy(total), flags)
    page.title(page.say(w.THIS_MONTH if month else w.THIS_WEEK), text)
    if total is None:
        page.y += 12
        return "prose", page.say(w.NO_HISTORY), page.bottom
    levels, downs, _, sent, cost, _, gas, last, _ = past
    rows = [(page.say(w.ALL_COST), people.about(people.pounds(cost), flags))]
    if gas is not None:
        rows.append((page.say(w.GAS), people.about(people.pounds(gas), flags)))
    own = view.home.fact(facts.COST_MONTH if month else facts.COST_WEEK, page.now)
    if own is not None:
        rows.append((page.say(w.METER_MONTH if month else w.METER_WEEK), people.pounds(own)))
    if sent:
        rows.append((page.say(w.SENT_OUT), people.about(people.energy(sent), flags)))
    size = page.texts[-2] if page.tall and not page.large else page.texts[-1]
    line = page.font(size).height
    rows = rows[: 4 if page.tall else 1 if page.large else 2]
    bottom = page.bottom - line * len(rows)
    count = len(levels)
    labels = ()
    if page.tall or not page.large:
        if month:
            labels = [(i, _number(last - count + 1 + i)) for i in range(count) if i % 7 == 2]
        else:
            letters = page.say(w.DAY_LETTERS)
            labels = [(i, letters[dates.weekday(last - count + 1 + i)]) for i in range(count)]
    page.y += 2
    return "bars", levels, downs, bottom - 2, labels, 0, ("rows", rows, page.bottom, bytes((size,)))


def _number(day):
    # Of the month.
    return dates.date(day, ",,,,,,", ",,,,,,,,,,,").strip()
