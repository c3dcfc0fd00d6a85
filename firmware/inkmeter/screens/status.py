"""Every link in words, with the time of its last good word."""

from micropython import const

from inkmeter import home as h
from inkmeter import words as w
from inkmeter.screens.layout import Page

_OK = const(1)
_WAITING = const(2)
_LOST = const(3)
_NOT_THERE = const(4)
# Links, in the order of their words
_RADIO = const(0)
_NETWORK = const(1)
_ELECTRICITY = const(2)
_GAS = const(3)
_PRICE = const(4)
_CLOCK = const(5)


def links(view, now):
    """(number of the link, number of its state, uptime of its last good word or None) of each."""
    home = view.home
    heard = view.radio and view.radio.heard
    joined = home.stage > h.JOINING
    outcome = home.outcome or ""
    yield _RADIO, _LOST if outcome[:1] == "N" else _OK, None
    yield _NETWORK, _LOST if outcome[:1] in ("H", "N") else _OK if joined else _WAITING, heard
    for commodity in (h.ELECTRICITY, h.GAS):
        meter = home.meters.get(commodity)
        if meter is None:
            yield _ELECTRICITY + commodity, _NOT_THERE if commodity else _WAITING, None
            continue
        register = meter.current_summation_delivered
        state = (_WAITING, _OK, _WAITING if commodity else _LOST)[register.state(now)]
        yield _ELECTRICITY + commodity, state, register.received
    rate = home.price(h.ELECTRICITY).rate
    yield _PRICE, _OK if rate.current(now) is not None else _WAITING, rate.received
    yield _CLOCK, _WAITING if view.clock.now() is None else _OK, None


def picture(view, now):
    page = Page(view)
    page.title(page.say(w.STATUS))
    page.rule()
    rows = []
    for link, state, heard in links(view, now):
        text = page.say(w.STATE_0 + state)
        if heard is not None and page.utc is not None:
            text = "%s %s;%s" % (text, page.say(w.AT, page.when(page.utc - (now - heard))), text)
        rows.append((page.say(w.LINK_0 + link), text))
    page.rows(rows)
    return page.done()
