"""A hand holds the buttons that make the device new: how long it has to think again."""

from inkmeter import words as w


def draw(page):
    page.line(page.say(w.CLEAR_IN), "^")
    line = page.font(page.texts[-1]).height + 1
    text = str(page.view.countdown)
    for size in page.figures:
        big = page.font(size)
        if big.baseline <= page.bottom - line - page.y:
            break
    page.text(size, page.width // 2, page.y + (page.bottom - line - page.y - big.baseline) // 2, text, "^")
    page.y = page.bottom - line
    page.line(page.say(w.CLEAR_KEEP), "^", page.texts[-1:])
