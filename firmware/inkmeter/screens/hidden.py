"""What is seen while the figures are hidden: nothing that tells who is at home, or that nobody is."""

from inkmeter import dates
from inkmeter import words as w


def draw(page):
    page.title("Inkmeter")
    page.rule()
    page.y += page.edge
    if page.utc is not None:
        page.line(dates.date(dates.local_day(page.utc), page.say(w.DAYS), page.say(w.MONTHS)))
    page.y += page.edge
    page.line(page.say(w.HIDDEN))
    return "prose", page.say(w.HIDDEN_HOW), page.bottom
