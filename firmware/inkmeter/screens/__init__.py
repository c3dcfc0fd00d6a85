"""The screens: pure functions of the Home that return a picture (see `inkmeter.canvas`).

Each is a module with `picture(home, now, width, height)`; which one is shown, `choose` says.
"""

from micropython import const

from inkmeter import home as h

# Outcomes that a person can do something about while the code is on the screen
_ON_PAIRING_SCREEN = const(("P01", "P02", "P03", "P04", "P07"))


def choose(home):
    """The name of the screen's module for the Home as it is."""
    if home.outcome in _ON_PAIRING_SCREEN and home.install_code:
        return "pairing"
    if home.outcome == "P11":
        return "confirm"
    if home.outcome:
        return "trouble"
    if home.stage == h.READING:
        return "readings"
    return "progress"


def meaning(home, now):
    """What a refresh is worth at once: equal tuples mean that nothing but figures moved."""
    parts = [home.stage, home.outcome, home.detail]
    for commodity, meter in home.meters.items():
        register = meter.current_summation_delivered
        parts += (register.state(now), meter.instantaneous_demand.state(now))
        if commodity == h.GAS:
            parts.append(register.utc)
    for price in home.prices.values():
        parts += (price.rate.current(now), price.tier)
    return tuple(parts)
