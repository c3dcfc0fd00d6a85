"""What has been used, and what it has cost, since the button was held."""

from inkmeter import facts, people
from inkmeter import home as h
from inkmeter import words as w


def draw(page):
    view = page.view
    forgotten = view.home.fact(facts.FORGOTTEN_AT, page.now)
    if not view.zero or forgotten is not None and (view.zero[3] or 0) <= forgotten:
        page.title(page.say(w.ZERO))
        page.y += 8
        return "prose", page.say(w.ZERO_HOW), page.bottom
    wh, sent, cost, utc = view.zero
    total = view.ledger.total(h.ELECTRICITY) if view.ledger else (None, None, None)
    page.title(page.say(w.ZERO), "" if utc is None else page.say(w.ZERO_SINCE, page.when(utc)))
    high = (view.height - page.y) // 2
    spent = None if cost is None or total[2] is None else total[2] - cost
    page.y += page.edge
    rows = [(page.say(w.USED), people.energy(None if wh is None or total[0] is None else total[0] - wh))]
    if sent is not None and total[1]:
        rows.append((page.say(w.SENT_OUT), people.energy(total[1] - sent)))
    text = people.UNKNOWN if spent is None else people.pounds(spent)
    return "figure", text, "", page.width - 2 * page.edge, high, (), ("rows", rows)
