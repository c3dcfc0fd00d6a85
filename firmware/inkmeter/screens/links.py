"""How each link is, and what was counted, for the status page."""

from micropython import const

from inkmeter import home as h
from inkmeter.lazy import module
from inkmeter.worn import EACH

# States, in the order of their words
_OK = const(1)
_WAITING = const(2)
_LOST = const(3)
_NOT_THERE = const(4)
# Links, likewise
_RADIO = const(0)
_NETWORK = const(1)
_ELECTRICITY = const(2)
_PRICE = const(4)
_CLOCK = const(5)


def links(view, now):
    """[(number of the link, number of its state, uptime of its last good word or None) of each]; then, numbered,
    readings held back, radio messages put aside, full and partial refreshes, all in the panel's life, restarts.
    """
    home = view.home
    trouble = (home.outcome or " ")[:1]
    joined = _OK if home.stage > h.JOINING else _WAITING
    all_links = [
        (_RADIO, _LOST if trouble == "N" else _OK, None),
        (_NETWORK, _LOST if trouble in "HN" else joined, view.radio and view.radio.heard),
    ]
    for commodity in range(2):
        meter = home.meters.get(commodity)
        if meter is None:
            # That there is no gas meter is known when the others have been found.
            state = _NOT_THERE if commodity and home.stage == h.READING else _WAITING
            all_links.append((_ELECTRICITY + commodity, state, None))
            continue
        register = meter.current_summation_delivered
        # A gas meter speaks each half-hour at best; silence is no loss.
        state = (_WAITING, _OK, _WAITING if commodity else _LOST)[register.state(now)]
        all_links.append((_ELECTRICITY + commodity, state, register.received))
    rate = home.price(h.ELECTRICITY).rate
    all_links.append((_PRICE, _WAITING if rate.current(now) is None else _OK, rate.received))
    all_links.append((_CLOCK, _WAITING if view.clock.now() is None else _OK, None))
    display = view.display
    restarts = sum(view.restarts.values())
    with module("worn", "store") as worn:
        ever = worn.total() + (display.full + display.partial) % EACH
    return all_links + list(
        enumerate((view.ledger.held_back, view.radio.discarded, display.full, display.partial, ever, restarts))
    )
