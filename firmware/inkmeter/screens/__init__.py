"""The screens: pure functions of the View that return a picture (see `inkmeter.canvas`).

Each is a module with `picture(view, now)`; which one is shown, `choose` says. `view` has home, ledger, clock,
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
_HELPERS = const("screens.layout font people words qr install_code")


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
    """The picture of that screen: what it needs of the past is fetched first, then laid out, then all let go."""
    view.past = None
    name = choose(view)
    if name in ("now", "day", "week", "price", "prepay"):
        with module("screens.past", "people") as past:
            view.past = past.fetch(view, name, now)
    try:
        with module("screens." + name, *_HELPERS.split(" ")) as screen:
            return screen.picture(view, now)
    finally:
        view.past = None
