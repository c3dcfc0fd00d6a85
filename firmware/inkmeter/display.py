"""What is always there of the wall: the tasks that keep the panel true, play the light and hear the buttons.

What they know lies here; what they do is loaded for the moment that it takes: `refresh` decides what is worth showing,
`paint` shows it, `buttons` follows a hand, `navigate` acts on it.
"""

import asyncio
from time import ticks_ms

from micropython import const

from inkmeter.lazy import module
from inkmeter.log import log, uptime

_STUCK_RETRY_S = const(60)
_TICK_MS = const(12000)  # longer than from one reading to the next, each of which is a look of its own
_ETIMEDOUT = const(110)
_BLINK_MS = const(80)
_HALF = const(128)
_UNIT_MS = const(32)
_SHORT = const(5)  # units: nobody sees another pattern begin so much later


class Display:
    """`board` is the module that knows the pins, `ok` is called when OK was pressed, `renew` is a coroutine function
    that makes the device new. Setting `changed` tells the panel's task that there may be something to show.

    `full` and `partial` count refreshes; `drawn_at` and `full_at` are the uptimes of the last ones (None for never),
    `since_full` the partial ones since the last full one, `budget` the refreshes that are left of a day's share.
    `shown` holds four octets of CRC for each eight rows of what is on the panel, and is worth nothing while `known` is
    False. `pattern` is what the light plays: pairs of a brightness and its time in 32 ms, 0 for ever.
    """

    def __init__(self, view, board, ok, renew):
        self.view = view
        view.display = self
        self.board = board
        self.panel = (board.PANEL,) + board.panel()
        self.ok = ok
        self.renew = renew
        self.changed = asyncio.Event()
        self.full = 0
        self.partial = 0
        self.drawn_at = None
        self.full_at = None
        self.since_full = 0
        self.budget = 0
        self.known = False
        self.shown = bytearray((view.height + 7) // 8 * 4)
        self.meaning = None
        self.cleaned = None
        self.earned = -86400  # uptime up to which `budget` was earned: it begins with a whole day
        self.light = 0  # what it says, of `inkmeter.light`
        self.pattern = b"\x00\x00"
        self._level = 0
        self._blink = False
        self._stir = asyncio.Event()
        # One thing at a time, for the heap's sake: painting, or acting on a button. Not held while the panel works.
        self.lock = asyncio.Lock()

    async def run(self):
        """For ever: the panel."""
        while True:
            now = uptime()
            # What changes while the panel works is for the next turn.
            self.changed.clear()
            full = self._look(now)
            if full is not None:
                try:
                    await self._paint(now, full)
                except OSError as error:
                    if error.args[0] != _ETIMEDOUT:
                        raise
                    log("panel", "does not answer")
                    self.meaning = None
                    await asyncio.sleep(_STUCK_RETRY_S)
                    continue
            try:
                await asyncio.wait_for_ms(self.changed.wait(), _TICK_MS)
            except asyncio.TimeoutError:
                pass

    # A task's own local would keep a module in the heap when its work is done: each has a function of its own.

    def _look(self, now):
        with module("refresh", "light") as refresh:
            if refresh.shine(self, now):
                self._stir.set()
            return refresh.due(self, now)

    def _picture(self, now):
        with module("screens") as screens:
            return screens.picture(self.view, now)

    async def _paint(self, now, full):
        async with self.lock:
            marks = self._picture(now)
        with module("paint") as paint:
            done = await paint.paint(self, marks, full)
        with module("refresh", "light") as refresh:
            many = refresh.drawn(self, done, now)
        if many:
            with module("worn", "store") as worn:
                worn.add()

    async def _follow(self, levels, began):
        with module("buttons") as buttons:
            return await buttons.follow(self, levels, began)

    async def _act(self, gesture):
        log("button", gesture)
        async with self.lock:
            with module("navigate", "settings") as navigate:
                return navigate.act(self, gesture, uptime())

    def _shine(self, level):
        if level != self._level:
            self._level = level
            self.board.light(level, self.light)

    def answer(self):
        """Lets the light blink, at once: the panel is slow, and people press twice."""
        self._shine(0 if self._level >= _HALF else 255)
        self._blink = True
        self._stir.set()

    async def glow(self):
        """For ever: the light."""
        at = 0
        while True:
            self._stir.clear()
            if self._blink:
                self._blink = False
                await asyncio.sleep_ms(_BLINK_MS)
            if at >= len(self.pattern):
                at = 0
            self._shine(self.pattern[at])
            wait = self.pattern[at + 1]
            at += 2
            if not wait:
                await self._stir.wait()
            elif wait <= _SHORT:
                # A step of a breath, eight in a second: waiting for two things at once costs a task.
                await asyncio.sleep_ms(wait * _UNIT_MS)
            else:
                try:
                    await asyncio.wait_for_ms(self._stir.wait(), wait * _UNIT_MS)
                except asyncio.TimeoutError:
                    pass
            if self._stir.is_set():
                at = 0

    async def hear(self):
        """For ever: the buttons."""
        while True:
            levels = await self.board.buttons()
            if not levels:
                continue
            self.answer()
            gesture, levels = await self._follow(levels, ticks_ms())
            if gesture:
                renew = await self._act(gesture)
                self.changed.set()
                if renew:
                    await self.renew()
            while levels:
                levels = await self.board.buttons()
