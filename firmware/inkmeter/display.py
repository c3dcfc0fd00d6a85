"""Decides when the panel is worth a refresh; `inkmeter.paint` does it, and is in memory only meanwhile.

E-ink ages with each refresh, so meaning counts, not time: a turned page or a change of state at once; figures when
they moved by 50 W or a tenth, seldom by night, and more seldom once the day's share of a panel's life is used up; all
else each ten minutes, if it changes a pixel at all.
"""

import asyncio

from micropython import const

from inkmeter import facts
from inkmeter import home as h
from inkmeter.clock import local
from inkmeter.lazy import module
from inkmeter.log import log, uptime
from inkmeter.view import PAIR, ZERO

_FIGURES_S = const(30)  # between two refreshes for figures alone
_FIGURES_SPARING_S = const(180)
_FIGURES_NIGHT_S = const(1800)
_AT_LEAST_S = const(600)
_WATTS = const(50)
_PARTIALS_MOST = const(15)
_LONG_SLEEP_S = const(43200)
_CLEAN_S = const(14400)  # 04:00
_STUCK_RETRY_S = const(60)
_TICK_MS = const(5000)
_ETIMEDOUT = const(110)
# A panel lives for a million refreshes: 200,000 a year, one each 158 s, and a day's worth of them saved up.
_BUDGET_S = const(158)
_BUDGET_MOST = const(547)


class Display:
    """`panel` is (the controller's module, spi, cs, dc, rst, busy). run() is the long-lived task; setting `changed`
    tells it to look.

    `full` and `partial` count refreshes, `drawn_at` and `full_at` are the uptimes of the last ones (None for never),
    `budget` the refreshes that are left of the day's share. `shown` holds four octets of CRC for each eight rows of
    what is on the panel, and is worth nothing while `known` is False.
    """

    def __init__(self, view, panel):
        self.view = view
        self.panel = panel
        self.changed = asyncio.Event()
        self.full = 0
        self.partial = 0
        self.drawn_at = None
        self.full_at = None
        self.budget = _BUDGET_MOST
        self.known = False
        self.shown = bytearray((view.height + 7) // 8 * 4)
        self._since_full = 0
        self._page = None
        self._meaning = None
        self._watts = None
        self._earned = 0
        self._cleaned = None  # the local day of the last full refresh for cleanliness

    async def run(self):
        """For ever."""
        while True:
            now = uptime()
            # What changes while the panel works is for the next turn.
            self.changed.clear()
            self._earn(now)
            if self._due(now):
                try:
                    await self._draw(now)
                except OSError as error:
                    if error.args[0] != _ETIMEDOUT:
                        raise
                    log("panel", "does not answer")
                    self._meaning = None
                    await asyncio.sleep(_STUCK_RETRY_S)
                    continue
            try:
                await asyncio.wait_for_ms(self.changed.wait(), _TICK_MS)
            except asyncio.TimeoutError:
                pass

    def _earn(self, now):
        earned = (now - self._earned) // _BUDGET_S
        self._earned += earned * _BUDGET_S
        self.budget = min(self.budget + earned, _BUDGET_MOST)

    def _power(self, now):
        # What an away display does not show is no reason to refresh it.
        meter = self.view.home.meters.get(h.ELECTRICITY)
        return meter.watts(now) if meter and not self.view.settings.away else None

    def _state(self, now):
        view = self.view
        home = view.home
        # What cannot wait: what a hand changes, and troubles; then what can until the morning.
        urgent = (
            home.stage, home.outcome, home.detail, view.page, view.mode, view.cursor, view.money, len(view.digits),
            view.countdown, view.zero, view.confirm, view.settings.language, view.settings.large, view.settings.away,
            -(-view.locked_for // 60),
        )  # fmt: skip
        parts = []
        for commodity, meter in home.meters.items():
            register = meter.current_summation_delivered
            parts += (register.state(now), meter.instantaneous_demand.state(now))
            if commodity == h.GAS:
                parts.append(register.utc)
        for price in home.prices.values():
            parts += (price.rate.current(now), price.tier)
        # Facts whose change is a change of state, not of a figure.
        for fact in (facts.MESSAGE_ID, facts.SUPPLY_STATUS, facts.PREPAID, facts.CREDIT_STATUS, facts.BLOCK):
            parts.append(home.fact(fact, now))
        if view.page == PAIR and view.signal:
            # Somebody carries it round.
            parts.append(view.signal[0] >> 4)
        return urgent, tuple(parts)

    def _due(self, now):
        view = self.view
        view.locked_for = max(0, view.locked_until - now)
        if self.drawn_at is None or self._meaning is None:
            return True
        quiet = view.quiet()
        urgent, parts = self._state(now)
        if urgent != self._meaning[0] or not quiet and parts != self._meaning[1]:
            return True
        since = now - self.drawn_at
        if quiet and self._since_full >= _PARTIALS_MOST:
            return False
        if self._dirty(now) or since >= (_FIGURES_NIGHT_S if quiet else _AT_LEAST_S):
            return True
        if since < (_FIGURES_NIGHT_S if quiet else _FIGURES_S if self.budget else _FIGURES_SPARING_S):
            return False
        if view.page == ZERO:
            return True
        watts = self._power(now)
        if watts is None or self._watts is None:
            return watts is not self._watts
        change = abs(watts - self._watts)
        return (watts < 0) != (self._watts < 0) or change >= _WATTS or change * 10 >= abs(self._watts) > 0

    def _day(self):
        # The local day that began at the hour for cleaning; None while the time is unknown.
        utc = self.view.clock.now()
        return None if utc is None else (local(utc) - _CLEAN_S) // 86400

    def _dirty(self, now):
        # Each day one full refresh, at 04:00, or when a quiet night is over; and one after a long rest.
        if self.view.quiet():
            return False
        day = self._day()
        if day is not None and self._cleaned is None:
            self._cleaned = day
        return day != self._cleaned or now - self.drawn_at >= _LONG_SLEEP_S

    def _wants_full(self, now, state):
        chosen = self.view.settings
        if self.drawn_at is None or self._meaning is None or self._since_full >= _PARTIALS_MOST:
            return True
        # A change of the home's state may flash by night; a countdown has no time for it.
        if state[0][:2] != self._meaning[0][:2]:
            return True
        if self.view.countdown is not None or self.view.quiet():
            return False
        if self.view.page != self._page and chosen.full_pages:
            return True
        return self._since_full >= chosen.full_every or self._dirty(now)

    async def _draw(self, now):
        state = self._state(now)
        full = self._wants_full(now, state)
        self._meaning = state
        self._watts = self._power(now)
        self._page = self.view.page
        with module("paint") as paint:
            done = await paint.paint(self, now, full)
        self.drawn_at = now
        if done is None:
            return
        self.budget = max(0, self.budget - 1)
        if done:
            self.full += 1
            self.full_at = now
            self._since_full = 0
            self._cleaned = self._day()
        else:
            self.partial += 1
            self._since_full += 1
