"""Keeps the panel true to the Home, with as few refreshes as that takes: e-ink ages with each one."""

import asyncio

from micropython import const

from inkmeter import home as h
from inkmeter import screens
from inkmeter.canvas import Canvas
from inkmeter.lazy import module
from inkmeter.log import log, uptime
from inkmeter.ssd1680 import PanelStuck

_PARTIALS = const(8)  # between two full refreshes
_FIGURES_EVERY = const(30)  # seconds at the least between two refreshes for figures alone
_AT_LEAST_EVERY = const(600)
_WATTS = const(50)
_STUCK_RETRY = const(60)
_TICK_MS = const(5000)


class Display:
    """run() is its long-lived task; setting `changed` tells it that the Home did."""

    def __init__(self, home, panel):
        self.home = home
        self.refreshes = 0
        self._panel = panel
        self._canvas = Canvas(panel.width, panel.height)
        self.changed = asyncio.Event()
        self._partials = _PARTIALS
        self._drawn_at = None
        self._screen = None
        self._meaning = None
        self._watts = None
        self._shown = None

    async def run(self):
        """For ever."""
        while True:
            now = uptime()
            # What changes while the panel works is for the next turn.
            self.changed.clear()
            if self._due(now):
                try:
                    await self._draw(now)
                except PanelStuck:
                    log("panel", "does not answer")
                    self._shown = None
                    await asyncio.sleep(_STUCK_RETRY)
                    continue
            try:
                await asyncio.wait_for_ms(self.changed.wait(), _TICK_MS)
            except asyncio.TimeoutError:
                pass

    def _power(self, now):
        meter = self.home.meters.get(h.ELECTRICITY)
        return meter.watts(now) if meter else None

    def _due(self, now):
        if self._shown is None or screens.meaning(self.home, now) != self._meaning:
            return True
        since = now - self._drawn_at
        if since >= _AT_LEAST_EVERY:
            return True
        if since < _FIGURES_EVERY:
            return False
        watts = self._power(now)
        if watts is None or self._watts is None:
            return watts is not self._watts
        change = abs(watts - self._watts)
        return (watts < 0) != (self._watts < 0) or change >= _WATTS or change * 10 >= abs(self._watts) > 0

    async def _draw(self, now):
        self._drawn_at = now
        self._meaning = screens.meaning(self.home, now)
        self._watts = self._power(now)
        name = screens.choose(self.home)
        picture = self._picture(name, now)
        if picture == self._shown:
            return
        full = name != self._screen or self._partials >= _PARTIALS
        self._shown = None
        if await self._panel.show(lambda: self._canvas.bands(picture), full):
            self._partials = 0
        else:
            self._partials += 1
        self.refreshes += 1
        self._screen = name
        self._shown = picture

    def _picture(self, name, now):
        with module("screens." + name, "outcomes", "qr", "install_code") as screen:
            return screen.picture(self.home, now, self._panel.width, self._panel.height)
