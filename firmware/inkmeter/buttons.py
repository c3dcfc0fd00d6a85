"""What a hand on the buttons means: levels and time in, gestures out. Loaded while a button is down.

Three buttons: Next and Back turn pages, Select is OK. Held: Select for 2 s is "zero-it", for 5 s the status; Back for
2 s leads home; Back and Next together for 10 s make the device new. One button: short is Next, long Select, very long
Back; held on, it counts down to new.
"""

import asyncio
from time import ticks_diff, ticks_ms

from micropython import const

# Buttons: bits of the levels, 1 while down, and what a short press of one is called
NEXT = const(1)
SELECT = const(2)
BACK = const(4)
# What else a gesture can be
ZERO_IT = const(8)
DIAGNOSE = const(9)
HOME = const(10)
RESET = const(11)
MARK = const(12)  # nothing yet: letting go means something else from now on

_CHORD = const(5)  # Next and Back
_ONE = const(8)  # a board's only button, as kept in _held
_ZERO_MS = const(2000)
_HOME_MS = const(2000)
_DIAGNOSE_MS = const(5000)
_LONG_MS = const(700)
_VERY_LONG_MS = const(2500)
_COUNT_MS = const(10000)  # a single button begins to count down
_STEPS = const(10)


class Buttons:
    """`count` is 3, or 1 for a board with one button, which is bit 0. Times are milliseconds that never wrap
    within a gesture: only differences of them are taken, by `apart(later, earlier)`.
    """

    def __init__(self, count, apart):
        self._one = count == 1
        self._apart = apart
        self._held = 0  # the buttons of this gesture, whether still down or not
        self._since = 0
        self._passed = 0  # marks
        self._over = False  # nothing more can come of this gesture

    def feed(self, levels, now):
        """The levels have changed. Returns a gesture, or 0."""
        held = self._held
        if levels & ~held & 7 and not (self._one and held):
            # Each button that joins begins the time anew.
            self._held = _ONE if self._one else held | levels
            self._since = now
            self._passed = 0
            self._over = False
            return 0
        if levels:
            # One of several was let go.
            self._over = self._over or levels != held and not self._one
            return 0
        self._held = 0
        return 0 if self._over or not held else self._meant(held, self._apart(now, self._since))

    def _meant(self, held, ms):
        if held == _ONE:
            return NEXT if ms < _LONG_MS else SELECT if ms < _VERY_LONG_MS else BACK if ms < _COUNT_MS else 0
        if held == SELECT:
            return SELECT if ms < _ZERO_MS else ZERO_IT
        return held if held in (NEXT, BACK) else 0

    def _mark(self):
        # The next moment of this gesture, in ms from its start, or None; and what comes of the last one.
        held, passed = self._held, self._passed
        if not held or self._over:
            return None, 0
        if held == SELECT:
            return (_DIAGNOSE_MS, DIAGNOSE) if passed else (_ZERO_MS, 0)
        if held == BACK:
            return _HOME_MS, HOME
        if held == _CHORD:
            return (passed + 1) * 1000, RESET if passed + 1 == _STEPS else 0
        if held == _ONE:
            if passed < 2:
                return (_VERY_LONG_MS if passed else _LONG_MS), 0
            passed -= 2
            return _COUNT_MS + passed * 1000, RESET if passed == _STEPS else 0
        return None, 0

    def tick(self, now):
        """Time has passed. Returns a gesture that needs no letting go, MARK, or 0."""
        at, gesture = self._mark()
        if at is None or self._apart(now, self._since) < at:
            return 0
        self._passed += 1
        if gesture:
            self._over = True
        return gesture or MARK

    def wait(self, now):
        """Milliseconds until tick() is due, or None for when no button is held."""
        at, _ = self._mark()
        return None if at is None else max(0, at - self._apart(now, self._since))

    def countdown(self):
        """Seconds until the factory reset, or None."""
        if self._over:
            return None
        passed = self._passed
        if self._held == _CHORD:
            return _STEPS - passed if passed else None
        return _STEPS + 3 - passed if self._held == _ONE and passed > 2 else None


async def follow(display, levels, began):
    """Follows the hand that pressed at `began` until its gesture is known; returns that (0 for none) and the levels."""
    view, board = display.view, display.board
    keys = Buttons(board.BUTTONS, ticks_diff)
    keys.feed(levels, began)
    gesture = MARK
    while True:
        wait = keys.wait(ticks_ms())
        before = levels
        try:
            if wait is None:
                levels = await board.buttons()
            else:
                levels = await asyncio.wait_for_ms(board.buttons(), wait)
        except asyncio.TimeoutError:
            pass
        now = ticks_ms()
        gesture = keys.tick(now)
        if levels != before and (gesture == 0 or gesture == MARK):
            if levels & ~before:
                display.answer()
            gesture = keys.feed(levels, now) or gesture
        if gesture == MARK:
            display.answer()
            gesture = 0
        if keys.countdown() != view.countdown:
            view.countdown = keys.countdown()
            display.changed.set()
        if gesture or not levels:
            view.countdown = None
            return gesture, levels
