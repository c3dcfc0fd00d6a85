"""What a gesture does: pages turned, money or power, zero-it, the PIN and the settings' list. Loaded for each press."""

import os

from micropython import const

from inkmeter import facts
from inkmeter import home as h
from inkmeter.buttons import BACK, DIAGNOSE, HOME, NEXT, RESET, SELECT, ZERO_IT
from inkmeter.view import (
    CHOOSE_PIN,
    CLOSED,
    CONFIRM_RESET,
    ENTER_PIN,
    EVENTS,
    LIST,
    MESSAGES,
    NOW,
    PAIR,
    PREPAY,
    SETTINGS,
    STATUS,
    ZERO,
)

_PAGES = const(12)
_EVENTS_FILE = const("books/noticed")
_NO_EVENTS = const(4)  # octets of it with none in it
_DIGITS = const(4)
_CONFIRMATION = const(0x80)  # MessageControl: the supplier wants to know that it was read
_TO_CONFIRM = const(0x280)  # and whether it has been told
_PROTECTED = const(0x100)  # facts.MESSAGE_FLAGS: for the account holder's eyes

_NEW_PIN = const(12)  # rows of `inkmeter.settings`, which is loaded only where it is needed
_RESET_ALL = const(13)
_ROWS = const(14)


def act(display, gesture, now):
    """Acts on a gesture at uptime `now`. True if the household wants the device as new."""
    view = display.view
    if gesture == RESET:
        return True
    if view.page == NOW:
        if view.home.outcome and gesture == NEXT and display.board.BUTTONS == 1:
            # The only button answers what the panel asks.
            gesture = SELECT
        if gesture == SELECT:
            display.ok()
            if view.home.outcome or view.home.stage != h.READING:
                return False
    return press(view, gesture, now)


def press(view, gesture, now):
    """What a gesture changes in the View. True if the household wants the device as new."""
    view.touched = now
    view.locked_for = max(0, view.locked_until - now)
    if gesture == ZERO_IT:
        _zero_it(view)
    elif gesture == DIAGNOSE:
        _turn(view, STATUS)
    elif gesture == HOME:
        _turn(view, NOW)
    elif view.mode == ENTER_PIN or (view.page == SETTINGS and view.mode != CLOSED):
        return _in_settings(view, gesture, now)
    elif gesture == NEXT or gesture == BACK:
        _turn_by(view, 1 if gesture == NEXT else -1, now)
    elif gesture == SELECT:
        _select(view, now)
    return False


def _turn(view, page):
    view.page = page
    view.mode = CLOSED
    view.cursor = 0
    view.digits = ""


def _turn_by(view, step, now):
    home = view.home
    page = view.page
    while True:
        page = (page + step) % _PAGES
        if home.stage != h.READING and page not in (NOW, STATUS, PAIR, SETTINGS):
            continue
        if page == PREPAY and not home.fact(facts.PREPAID, now) and not home.fact(facts.PREPAID | facts.GAS_SIDE, now):
            continue
        if page == MESSAGES and _message(home, now) is None:
            continue
        if page == EVENTS and not _noticed():
            continue
        return _turn(view, page)


def _noticed():
    # Whether `inkmeter.events` has kept any.
    try:
        return os.stat(_EVENTS_FILE)[6] > _NO_EVENTS
    except OSError:
        return False


def _message(home, now):
    # Whose message is shown: electricity's before gas's, None for none.
    for side in (0, facts.GAS_SIDE):
        if home.fact(facts.MESSAGE | side, now):
            return side
    return None


def _select(view, now):
    if view.page == NOW:
        view.money = 1 - view.money
    elif view.page == ZERO:
        _zero_it(view)
    elif view.page == SETTINGS:
        view.mode = ENTER_PIN if _ask_pin(view, now) else CHOOSE_PIN
    elif view.page == MESSAGES:
        side = _message(view.home, now)
        if side is None:
            return
        flags = view.home.fact(facts.MESSAGE_FLAGS | side, now) or 0
        if flags & _PROTECTED and view.mode == CLOSED and _ask_pin(view, now):
            # The right one opens this page, until it is left.
            view.mode = ENTER_PIN
        elif flags & _TO_CONFIRM == _CONFIRMATION:
            view.home.put(facts.MESSAGE_PRESSED | side, view.home.fact(facts.MESSAGE_ID | side, now), now)
        else:
            view.cursor += 1
    else:
        view.cursor += 1


def _ask_pin(view, now):
    # Makes ready for a PIN to be counted; False where the household has none.
    from inkmeter import settings

    view.digits = ""
    view.cursor = 0
    view.tries = settings.tries_left()
    if not settings.has_pin():
        return False
    if view.locked_until == 0:
        # The wait begins anew with each start of the device, so that cutting the power gains nothing.
        view.locked_until = settings.locked_for()
        view.locked_for = max(0, view.locked_until - now)
    return True


def _zero_it(view):
    if view.page == ZERO and view.zero is not None:
        view.zero = None
        return
    total = view.ledger.total(h.ELECTRICITY) if view.ledger else (None, None, None)
    view.zero = (total[0], total[1], total[2], view.clock.now())
    _turn(view, ZERO)


def _in_settings(view, gesture, now):
    if view.mode == LIST:
        return _in_list(view, gesture)
    if view.mode == CONFIRM_RESET:
        if gesture == SELECT:
            return True
        view.mode = LIST
        return False
    if gesture == BACK:
        if not view.digits:
            _turn(view, view.page)
        view.digits = view.digits[:-1]
        view.cursor = 0
    elif view.locked_for:
        pass
    elif gesture == NEXT:
        view.cursor = (view.cursor + 1) % 10
    else:
        view.digits += str(view.cursor)
        view.cursor = 0
        if len(view.digits) == _DIGITS:
            _pin(view, view.digits, now)
    return False


def _pin(view, pin, now):
    from inkmeter import settings

    view.digits = ""
    if view.mode == CHOOSE_PIN:
        right = settings.set_pin(view.settings, pin)
    else:
        right = settings.try_pin(pin)
        view.tries = settings.tries_left()
        view.locked_for = settings.locked_for()
        view.locked_until = now + view.locked_for
    if right:
        view.mode = LIST


def _in_list(view, gesture):
    if gesture == NEXT:
        view.cursor = (view.cursor + 1) % _ROWS
    elif gesture == BACK:
        _turn(view, SETTINGS)
    elif view.cursor == _NEW_PIN:
        view.mode = CHOOSE_PIN
        view.cursor = 0
    elif view.cursor == _RESET_ALL:
        view.mode = CONFIRM_RESET
    else:
        from inkmeter import settings

        settings.change(view.settings, view.cursor)
        view.money = view.settings.money
    return False
