"""The settings, behind a PIN that is counted up with three buttons."""

from micropython import const

from inkmeter import words as w

_PIN = const(4)
_MESSAGES = const(6)  # View.page: a PIN opens a message too
# View.mode
_CLOSED = const(0)
_CHOOSE_PIN = const(2)
_LIST = const(3)
_CONFIRM_RESET = const(4)


def draw(page):
    """What `view.mode` says: the page closed, a PIN being counted, or the list with the row `view.cursor` chosen."""
    view = page.view
    mode = view.mode
    page.title(page.say(w.MESSAGES if view.page == _MESSAGES else w.SETTINGS))
    page.rule()
    if mode == _CLOSED:
        page.y += page.edge
        return "prose", page.say(w.SETTINGS_OPEN if view.past else w.SETTINGS_FIRST), page.bottom
    if mode == _CONFIRM_RESET:
        page.y += page.edge
        return "prose", page.say(w.CLEAR_ALL), page.bottom
    if mode == _LIST:
        return _list(page, view)
    if view.locked_for:
        page.y += page.edge
        page.line(page.say(w.PIN_LOCKED))
        wait = view.locked_for
        text = page.say(w.SECONDS, str(wait)) if wait < 100 else page.say(w.MINUTES, str((wait + 59) // 60))
        page.line(page.say(w.PIN_WAIT, text))
    else:
        _pin(page, view)


def _pin(page, view):
    page.line(page.say(w.PIN_NEW if view.mode == _CHOOSE_PIN else w.PIN_ASK), "^")
    size = 3 if page.tall else 2
    high = page.font(size).height + 8
    step = high + high // 2
    x = (page.width - step * _PIN + high // 2) // 2
    taken = len(view.digits)
    small = page.texts[-1:]
    foot = page.bottom - page.font(small[0]).height
    y = page.y + max((foot - page.y - high) // 2, 0)
    for i in range(_PIN):
        line = 3 if i == taken else 1
        page.box(x, y, high, high)
        page.box(x + line, y + line, high - 2 * line, high - 2 * line, 1)
        text = "\5" if i < taken else str(view.cursor) if i == taken else ""
        page.text(size, x + high // 2, y + 5, text, "^")
        x += step
    page.y = foot
    page.line(page.say(w.PIN_KEYS), "^", small)


def _list(page, view):
    # In the order of the rows of `inkmeter.settings`; the values of what is no yes or no by kind.
    s = view.settings
    values = (s.language, s.large, s.money, s.away, s.night, s.night_from, s.night_until, s.light, s.full_every,
              s.full_pages, s.medium, s.high, None, None)  # fmt: skip
    small = page.texts[-1]
    fits = max((page.bottom - page.y) // page.font(small).height, 1)
    first = view.cursor // fits * fits
    rows = []
    for i in range(first, min(first + fits, len(values))):
        value = values[i]
        if value is None:
            text = ""
        elif i == 0:
            text = page.say(w.THIS_LANGUAGE)
        elif i in (5, 6):
            text = "%02d:00" % value
        elif i == 8:
            text = str(value)
        elif i > 9:
            text = "%d.%d kW" % divmod(value, 10)
        else:
            text = page.say(w.YES if value else w.NO)
        mark = "\1 " if i == view.cursor else ""
        rows.append((mark + page.say(w.LANGUAGE + i).replace(";", ";" + mark), text))
    return "rows", rows, None, page.texts[-2:] if page.tall else page.texts[-1:]
