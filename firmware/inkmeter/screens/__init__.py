"""The screens: pure functions of the View that return a picture (see `inkmeter.canvas`).

Which one is shown, `choice` says. Each is a module with `draw(page)`, which draws its upper part and returns what
comes under it: another module's name and the arguments of its `draw(page, ...)`; None when all is drawn.
`view` has home, ledger, clock, settings, width, height, page, cursor, money ...
"""

from micropython import const

from inkmeter.lazy import module

_WITH_PAST = const("now day week price prepay pairing settings")


def picture(view, now):
    """The picture of the screen that is due. One thing is in memory at a time: what the screen needs of the past is
    fetched first; then its parts are laid out, one after the other.
    """
    name = choose(view)
    view.past = _fetch(view, name, now) if name in _WITH_PAST else None
    if name == "status":
        view.links = _links(view, now)
    elif name == "survey":
        view.signal = view.radio and view.radio.signal
    marks = _lay_out(view, now, (name,))
    view.past = None
    view.links = ()
    return marks


# A local would keep its module in the heap when its work is done: each has a function of its own.


def choose(view):
    """The name of the screen's module."""
    with module("screens.choice") as choice:
        return choice.choose(view)


def _fetch(view, name, now):
    with module("screens.past") as past:
        return past.fetch(view, name, now)


def _links(view, now):
    with module("screens.links") as links:
        return links.links(view, now)


def _lay_out(view, now, part):
    with module("screens.layout", "font", "words") as layout:
        page = layout.Page(view, now)
        while part:
            part = _draw(page, *part)
            page.close()
        page.words.close()
        return page.marks


def _draw(page, name, *arguments):
    with module("screens." + name, "screens.prose", "people", "dates", "outcomes") as screen:
        return screen.draw(page, *arguments)
