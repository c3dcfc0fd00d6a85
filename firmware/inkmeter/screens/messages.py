"""The supplier's message, as they wrote it."""

from micropython import const

from inkmeter import facts
from inkmeter import words as w
from inkmeter.lazy import module

_IMPORTANCE = const(0x0C)  # MessageControl: 4 medium, 8 high, 12 critical
_HIGH = const(8)
_CONFIRM = const(0x80)
_PROTECTED = const(0x100)
_CONFIRMED = const(0x200)
_OPEN = const(3)  # View.mode, once the PIN was typed
_LONG = const(60)


def draw(page):
    home = page.view.home
    side = 0 if home.fact(facts.MESSAGE, page.now) else facts.GAS_SIDE
    message = home.fact(facts.MESSAGE | side, page.now)
    flags = home.fact(facts.MESSAGE_FLAGS | side, page.now) or 0
    private = message and flags & _PROTECTED and page.view.mode != _OPEN and _has_pin()
    if message and not private and len(message) > _LONG and not page.tall:
        # Normal letters rather than half of it.
        page.texts = b"\1\0"
    importance = flags & _IMPORTANCE
    right = ""
    if message and importance >= _HIGH:
        right = page.say(w.URGENT if importance == _HIGH else w.CRITICAL)
    page.title(page.say(w.FROM_SUPPLIER if message else w.MESSAGES), right)
    page.rule()
    if not message:
        return "prose", page.say(w.NO_MESSAGE), page.bottom
    if private:
        page.y += page.edge
        return "prose", page.say(w.PRIVATE), page.bottom
    bottom = page.bottom
    ask = flags & _CONFIRM and not flags & _CONFIRMED
    if ask:
        size = page.texts[-2] if page.tall else page.texts[-1]
        bottom -= page.font(size).height + 6
    top = page.y
    if ask:
        page.y = bottom
        page.rule()
        page.line(page.say(w.CONFIRM), "^", bytes((size,)))
        page.y = top
    # A ";" is the supplier's own here.
    return "prose", message.replace(";", ","), bottom, b"\3\2\1\0" if page.tall else None


def _has_pin():
    with module("settings") as settings:
        return settings.has_pin()
