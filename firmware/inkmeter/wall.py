"""Where a hand meets the wall: the task that hears the buttons, and the one that keeps the light."""

import asyncio
from time import ticks_diff, ticks_ms

from micropython import const

from inkmeter import buttons, light
from inkmeter import home as h
from inkmeter.lazy import module
from inkmeter.log import log, uptime
from inkmeter.view import CLOSED, NOW, PAIR, SETTINGS, ZERO

_BLINK_MS = const(80)
_LOOK_MS = const(5000)
_FULLY = const(255)
_HALF = const(128)
_PAGE_S = const(300)  # a page that nobody turns goes back to the first
_SETTINGS_S = const(120)


class Wall:
    """`changed` is called when there is something new to show, `ok` when OK was pressed."""

    def __init__(self, board, view, changed, ok):
        self.board = board
        self.view = view
        self.changed = changed
        self.ok = ok
        self.renew = None  # a coroutine function that makes the device new
        self._keys = buttons.Buttons(board.BUTTONS, ticks_diff)
        self._state = light.OFF
        self._began = 0
        self._blink = None  # when the light was told to answer a press
        self._level = 0
        self._stir = asyncio.Event()

    async def hear(self):
        """For ever: the buttons."""
        keys = self._keys
        before = 0
        while True:
            wait = keys.wait(ticks_ms())
            levels = before
            try:
                if wait is None:
                    levels = await self.board.buttons()
                else:
                    levels = await asyncio.wait_for_ms(self.board.buttons(), wait)
            except asyncio.TimeoutError:
                pass
            if levels & ~before:
                self._answer()
            now = ticks_ms()
            gesture = keys.tick(now)
            if levels != before:
                gesture = keys.feed(levels, now) or gesture
                before = levels
            if gesture == buttons.MARK:
                self._answer()
            elif gesture:
                await self._act(gesture)
            if keys.countdown() != self.view.countdown:
                self.view.countdown = keys.countdown()
                self.changed()

    async def _act(self, gesture):
        view = self.view
        log("button", gesture)
        asking = view.home.outcome or view.home.stage != h.READING
        if asking and self.board.BUTTONS == 1 and gesture == buttons.NEXT:
            gesture = buttons.SELECT
        if gesture == buttons.SELECT:
            self.ok()
        renew = gesture == buttons.RESET
        if not renew:
            with module("navigate", "settings") as navigate:
                renew = navigate.press(view, gesture, uptime())
        self.changed()
        if renew:
            await self.renew()

    def _answer(self):
        # At once, not when the light's own task comes round: the panel is slow, and people press twice.
        self._blink = ticks_ms()
        self._shine(0 if self._level >= _HALF else _FULLY)
        self._stir.set()

    def _shine(self, level):
        if level != self._level:
            self._level = level
            self.board.light(level, self._state)

    async def glow(self):
        """For ever: the light, and pages that nobody looks at any more."""
        while True:
            self._stir.clear()
            now = ticks_ms()
            state = light.state(self.view, uptime())
            if state != self._state:
                self._state = state
                self._began = now
            level, wait = light.shade(state, ticks_diff(now, self._began))
            if self._blink is not None:
                left = _BLINK_MS - ticks_diff(now, self._blink)
                if left > 0:
                    level, wait = self._level, left
                else:
                    self._blink = None
            self._shine(level)
            self._turn_back()
            try:
                await asyncio.wait_for_ms(self._stir.wait(), min(wait, _LOOK_MS))
            except asyncio.TimeoutError:
                pass

    def _turn_back(self):
        view = self.view
        alone = uptime() - view.touched
        if view.page == SETTINGS:
            if alone < _SETTINGS_S:
                return
        elif view.page in (NOW, PAIR, ZERO) or alone < _PAGE_S:
            return
        view.page = NOW
        view.mode = CLOSED
        view.digits = ""
        view.cursor = 0
        self.changed()
