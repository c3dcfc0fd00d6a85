"""Asks the household whether the meter that was found is theirs."""

from inkmeter import words as w
from inkmeter.outcomes import outcome


def draw(page):
    happened, todo, _, _ = outcome(page.words, page.view.home.outcome)
    head = page.font(page.texts[0]).height
    body = page.font(page.texts[-1]).height
    sizes = page.texts if page.large else page.texts[1:]
    gap = max((page.bottom - page.y - 2 * head - 2 * body - 4) // 4, 0)
    page.y += gap // 2
    page.line(happened, "^")
    page.y += gap
    page.line(page.say(w.ENDS_WITH), "^", sizes)
    page.line(page.view.home.detail[-6:], "^")
    page.y += gap
    page.line(todo, "^", sizes)
