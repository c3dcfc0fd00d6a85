"""The screens: pure functions of the View that return a picture (see `inkmeter.canvas`).

Each is a module with `draw(page)`; which one is shown, `choose` says. `view` has home, ledger, clock,
settings, width, height, page, cursor, money ...; `past` is what `inkmeter.screens.past` fetched for that screen.
"""

from micropython import const

from inkmeter import home as h
from inkmeter.lazy import module

# Outcomes that a person can do something about while the code is on the screen
_ON_PAIRING_SCREEN = const("P01 P02 P03 P04 P07")
# In the order of the View's pages
_PAGES = const("now day week price meters prepay messages status survey zero settings")
# Those that tell how much is used or owed
_FIGURES = const(0b01001111111)
_STATUS = const(7)
_SURVEY = const(8)
_SETTINGS = const(10)
_WITH_PAST = const("now day week price prepay pairing")


def choose(view):
    """The name of the screen's module for the View as it is."""
    home = view.home
    if view.countdown is not None:
        return "countdown"
    outcome = home.outcome
    if outcome and home.install_code and outcome in _ON_PAIRING_SCREEN:
        return "pairing"
    if outcome:
        return "confirm" if outcome == "P11" else "trouble"
    page = view.page
    if home.stage != h.READING and page not in (_STATUS, _SURVEY, _SETTINGS):
        return "progress"
    if view.settings.away and _FIGURES >> page & 1:
        return "hidden"
    return _PAGES.split(" ")[page]


def picture(view, now):
    """The picture of that screen. One thing is in memory at a time: what it needs of the past is fetched first; then
    its parts are laid out, each of which says which one is next, and with what.
    """
    name = choose(view)
    view.past = None
    if name in _WITH_PAST:
        with module("screens.past") as past:
            view.past = past.fetch(view, name, now)
    if name == "status":
        with module("screens.links") as links:
            view.links = list(links.links(view, now))
    elif name == "survey":
        view.signal = view.radio and view.radio.signal
    with module("screens.layout", "font", "people", "words") as layout:
        page = layout.Page(view, now)
        part = (name,)
        while part:
            with module("screens." + part[0], "screens.prose") as screen:
                part = screen.draw(page, *part[1:])
    view.past = None
    view.links = ()
    return page.done()
