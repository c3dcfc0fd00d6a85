"""Credit for those who pay in advance: what is left, for how long, and what is owed. An odd `view.cursor` is gas."""

from micropython import const

from inkmeter import facts
from inkmeter import home as h
from inkmeter import words as w
from inkmeter.people import UNKNOWN, pounds, supply

_LOW = const(2)  # CreditStatus: low credit
_GAS_SIDE = const(4)


def draw(page):
    view = page.view
    now = page.now
    home = view.home
    side = 0
    if home.fact(facts.PREPAID | _GAS_SIDE, now) and (view.cursor & 1 or not home.fact(facts.PREPAID, now)):
        side = _GAS_SIDE

    def known(fact):
        return home.fact(fact | side, now)

    name = page.say(w.GAS_CREDIT if side else w.PREPAY)
    heard = home.heard_at(facts.CREDIT_REMAINING | side)
    if not known(facts.PREPAID) and heard is None:
        page.title(name)
        page.y += 8
        return "prose", page.say(w.NOT_PREPAID), page.bottom
    age = page.say(w.NOT_HEARD)
    if heard is not None and page.utc is not None:
        at = page.when(page.utc - (now - heard))
        age = page.say(w.AT if home.heard(facts.CREDIT_REMAINING | side, now) == h.LIVE else w.NO_NEWS, at)
    page.title(name, age)
    left = known(facts.CREDIT_REMAINING)
    text = UNKNOWN if left is None else pounds(left)
    high = (view.height - page.y) * (3 if page.large else 2) // 5
    column = supply(page, side)
    status = known(facts.CREDIT_STATUS)
    low = known(facts.LOW_CREDIT)
    if not column and left is not None and (status and status & _LOW or low is not None and left < low):
        column.append(page.say(w.CREDIT_LOW))
    days = view.past
    if left is not None and days and left > 0:
        days = left // days
        if days > 1:
            column.append(page.say(w.DAYS_LEFT, str(min(days, 999))))
        else:
            column.append(page.say(w.ONE_DAY_LEFT if days else w.DAY_LEFT))
    return "figure", text, "", page.width - 2 * page.edge, high, column, ("debts", side)
