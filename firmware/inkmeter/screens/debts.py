"""Under the credit that is left: what else a prepaid meter says of the account."""

from inkmeter import facts
from inkmeter import words as w
from inkmeter.people import pounds


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
    if until:
        rows.append((page.say(w.FRIENDLY), page.when(until)))
    paid = known(facts.LAST_TOP_UP)
    if paid is not None:
        at = known(facts.LAST_TOP_UP_AT)
        paid = pounds(paid)
        rows.append((page.say(w.TOP_UP), "%s, %s;%s" % (paid, page.when(at), paid) if at else paid))
    return "rows", rows
