"""What electricity costs now and next."""

from inkmeter import facts
from inkmeter import home as h
from inkmeter import words as w
from inkmeter.people import rate


def draw(page):
    view = page.view
    now = page.now
    fact = view.home.fact
    each = view.home.price(h.ELECTRICITY).rate.current(now)
    until = fact(facts.RATE_UNTIL, now)
    page.title(page.say(w.PRICE), page.say(w.UNTIL, page.when(until)) if until and each is not None else "")
    if each is None:
        page.y += 8
        return "prose", page.say(w.NO_PRICE), page.bottom
    following = fact(facts.NEXT_RATE, now)
    start = fact(facts.NEXT_RATE_AT, now)
    beside = []
    if following is not None and start:
        beside = [page.say(w.THEN, rate(following, 2)), page.say(w.FROM, page.when(start))]
    elif not until and not view.past:
        beside = [page.say(w.NO_CHANGE)]
    high = (view.height - page.y) * (5 if page.large or not view.past else 3) // 10
    return "figure", rate(each, 2), "/kWh", page.width * 7 // 10, high, beside, ("ahead",)
