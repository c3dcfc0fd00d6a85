"""What has been used, and what it has cost, since the button was held."""

from inkmeter import home as h
from inkmeter import people
from inkmeter import words as w
from inkmeter.screens.layout import Page


def picture(view, now):
    page = Page(view)
    if not view.zero:
        page.title(page.say(w.ZERO))
        page.y += 8
        page.paragraph(page.say(w.ZERO_HOW), page.bottom)
        return page.done()
    wh, sent, cost, utc = view.zero
    total = view.ledger.total(h.ELECTRICITY) if view.ledger else (None, None, None)
    page.title(page.say(w.ZERO), "" if utc is None else page.say(w.ZERO_SINCE, page.when(utc)))
    high = (view.height - page.y) // 2
    spent = None if cost is None or total[2] is None else total[2] - cost
    page.y += page.edge
    page.figure(people.UNKNOWN if spent is None else people.pounds(spent), "", page.width - 2 * page.edge, high)
    page.y += page.edge
    page.rule()
    rows = [(page.say(w.USED), people.energy(None if wh is None or total[0] is None else total[0] - wh))]
    if sent is not None and total[1]:
        rows.append((page.say(w.SENT_OUT), people.energy(total[1] - sent)))
    page.rows(rows)
    return page.done()
