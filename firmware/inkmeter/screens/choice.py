"""Which page is on the wall: `choose`."""

from micropython import const

from inkmeter import home as h

# Outcomes that a person can do something about while the code is on the screen
_ON_PAIRING_SCREEN = const("P01 P02 P03 P04 P07")
# In the order of the View's pages
_PAGES = const("now day week price meters prepay messages events status survey zero settings")
# Those that tell how much is used or owed
_FIGURES = const(0b010011111111)
_MESSAGES = const(6)
_STATUS = const(8)
_SURVEY = const(9)
_SETTINGS = const(11)
_ENTER_PIN = const(1)  # View.mode


def choose(view):
    """The name of the screen's module for the View as it is."""
    home = view.home
    if view.countdown is not None:
        return "countdown"
    outcome = home.outcome
    page = view.page
    if outcome and not page:
        # A trouble is the first page: the others can be turned to all the same.
        if home.install_code and outcome in _ON_PAIRING_SCREEN:
            return "pairing"
        return "confirm" if outcome == "P11" else "trouble"
    if home.stage != h.READING and page not in (_STATUS, _SURVEY, _SETTINGS):
        return "progress"
    if view.settings.away and _FIGURES >> page & 1:
        return "hidden"
    if page == _MESSAGES and view.mode == _ENTER_PIN:
        page = _SETTINGS
    return _PAGES.split(" ")[page]
