"""Under the credit that is left: what else a prepaid meter says of the account."""

from micropython import const

from inkmeter import facts
from inkmeter import words as w
from inkmeter.people import pounds

_TOP_UPS = const(3)


def draw(page, side):
    home = page.view.home

    def known(fact):
        return home.fact(fact | side, page.now)

    rows = []
    for fact, word in ((facts.EMERGENCY_CREDIT, w.EMERGENCY), (facts.DEBT, w.DEBT)):
        if known(fact) is not None:
            rows.append((page.say(word), pounds(known(fact))))
    if known(facts.DEBT) and known(facts.DEBT_RATE):
        each = pounds(known(facts.DEBT_RATE))
        rows.append((page.say(w.DEBT_RATE), "%s %s;%s" % (each, page.say(w.A_WEEK), each)))
    until = known(facts.FRIENDLY_UNTIL)
    if until and (page.utc is None or until > page.utc):
        # What matters most once there is little left.
        left = known(facts.CREDIT_REMAINING)
        low = left is not None and left < (known(facts.LOW_CREDIT) or 1)
        rows.insert(0 if low else len(rows), (page.say(w.FRIENDLY), page.when(until)))
    # The last top-up; where there is room, those before it.
    for n in range(_TOP_UPS if page.tall else 1):
        paid = known(facts.TOP_UP + 8 * n if n else facts.LAST_TOP_UP)
        at = known(facts.TOP_UP_AT + 8 * n if n else facts.LAST_TOP_UP_AT)
        if paid is not None and (at or not n):
            paid = pounds(paid)
            word = page.say(w.BEFORE if n else w.TOP_UP)
            rows.append((word, "%s, %s;%s" % (paid, page.when(at), paid) if at else paid))
    # Where both are paid for beforehand, OK shows the other one first, then what else there is of each.
    both = home.fact(facts.PREPAID, page.now) and home.fact(facts.PREPAID | facts.GAS_SIDE, page.now)
    return "rows", rows, None, None, None, page.view.cursor >> 1 if both else None
