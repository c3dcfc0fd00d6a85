"""The screens: pure functions of the Home that return a picture (see `inkmeter.canvas`).

Each is a module with `picture(view, now)`; which one is shown, `choose` says.
"""

from micropython import const

from inkmeter import home as h

# Outcomes that a person can do something about while the code is on the screen
_ON_PAIRING_SCREEN = const(("P01", "P02", "P03", "P04", "P07"))


def choose(view):
    """The name of the screen's module for the View as it is."""
    home = view.home
    if view.countdown is not None:
        return "countdown"
    if home.outcome in _ON_PAIRING_SCREEN and home.install_code:
        return "pairing"
    if home.outcome == "P11":
        return "confirm"
    if home.outcome:
        return "trouble"
    if home.stage == h.READING:
        return "readings"
    return "progress"
