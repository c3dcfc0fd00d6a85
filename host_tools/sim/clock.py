"""The one clock: an asyncio event loop on virtual time, in lockstep with the device.

Everything in the simulated home is ordinary asyncio code. Its time is this loop's: it stands still while
anything can still be done, in the home or in the device, and then moves to the next thing that happens
anywhere. In real time the same loop waits for the wall's clock before it moves, and serves real sockets
(the web page) meanwhile; nothing else differs. A clock that serves can change its speed, and be held.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import selectors
import time
from collections.abc import Callable
from typing import Protocol

# Tuesday 12 May 2026, 10:50 UTC: ten to twelve by the kitchen clock, sun and clouds.
START_US = 1_778_583_000_000_000
ZIGBEE_EPOCH_S = 946_684_800
_BEAT_S = 0.1
_BEHIND_S = 1.0  # what a slow machine or a lid that was shut has lost is not made up for


class Device(Protocol):
    """What the clock needs of the device under test."""

    def settle(self) -> bool:
        """Lets the device run until it has nothing to do; True if that gave the home something to do."""

    @property
    def wakes_at_us(self) -> int | None:
        """When it wants to go on at the latest; None for only when something arrives."""

    @property
    def has_input(self) -> bool:
        """Whether something has been put into its sockets since it settled."""

    def release(self, now_us: int) -> None:
        """Tells it the time and lets it go on."""


class _Selector(selectors.DefaultSelector):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list:
        return self._clock.advance(timeout, super().select)


class Clock(asyncio.SelectorEventLoop):
    """The loop; `now_us` is microseconds since 1970 in the simulated home.

    `real_time` is how many simulated seconds pass in one of the wall's; None for as fast as it goes. `served`: sockets
    are looked after too. `on_beat` is called ten times a second of the wall's, `hold_us` is a time that a served clock
    does not pass.
    """

    def __init__(
        self, *, start_us: int = START_US, real_time: float | None = None, served: bool = False
    ) -> None:  # fmt: skip
        self.now_us = start_us
        self.start_us = start_us
        self.real_time = real_time
        self.served = served or real_time is not None
        self.device: Device | None = None
        self.on_beat: Callable[[], None] | None = None
        self.hold_us: int | None = None
        self._beat_at = 0.0
        self._wall_base: float | None = None
        super().__init__(_Selector(self))

    def set_speed(self, real_time: float | None) -> None:
        """Goes on at another speed from now."""
        self.real_time = real_time
        self._wall_base = None

    def time(self) -> float:
        return (self.now_us - self.start_us) / 1e6

    @property
    def elapsed_s(self) -> float:
        """Simulated seconds since the start."""
        return (self.now_us - self.start_us) / 1e6

    @property
    def utc(self) -> int:
        """Zigbee UTC: whole seconds since 2000-01-01."""
        return self.now_us // 1_000_000 - ZIGBEE_EPOCH_S

    async def sendfile(self, transport, file, offset=0, count=None, *, fallback=True):
        """Not offered: aiohttp writes files itself then, and takes a browser that goes meanwhile for no fault."""
        raise NotImplementedError

    def _run_once(self) -> None:
        # What the base class does, for a loop that has no sockets and whose time is a number.
        if self.served:
            super()._run_once()  # type: ignore[misc]
            return
        scheduled, ready = self._scheduled, self._ready  # type: ignore[attr-defined]
        while scheduled and scheduled[0]._cancelled:
            self._timer_cancelled_count -= 1  # type: ignore[attr-defined]
            heapq.heappop(scheduled)._scheduled = False
        due = ready or self._stopping  # type: ignore[attr-defined]
        self.advance(0 if due else max(0, scheduled[0]._when - self.time()) if scheduled else None, None)
        end = self.time() + self._clock_resolution  # type: ignore[attr-defined]
        while scheduled and scheduled[0]._when < end:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            ready.append(handle)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def advance(self, timeout: float | None, poll_sockets) -> list:
        """One wait of the loop's: `timeout` seconds at the most, None for without end."""
        device = self.device
        if device and device.settle():
            return []
        # Even so settling may have given the home something to do: what the probe answers, it answers now.
        if self._ready or (timeout is not None and timeout <= 0):  # type: ignore[attr-defined]
            return poll_sockets(0) if self.served else []
        # The home has nothing left to do at this instant, the device may have.
        wakes = device.wakes_at_us if device else None
        due = device and (device.has_input or (wakes is not None and wakes <= self.now_us))
        if device and due and not self._is_held:
            device.release(self.now_us)
            return []
        # By when it is due and not by how long it is until then: a browser that asks in between must not move it by
        # a rounding, or the same run would not come again.
        target = None
        if timeout is not None:
            when = self._scheduled[0]._when  # type: ignore[attr-defined]
            target = max(self.now_us + 1, self.start_us + math.ceil(when * 1e6 - 1e-3))
        if wakes is not None and (target is None or wakes < target):
            target = wakes
        if self.served:
            return self._wait_for_wall(target, poll_sockets)
        if target is None:
            raise RuntimeError("nothing is left to happen, in the home or in the device")
        self.now_us = target
        return []

    @property
    def _is_held(self) -> bool:
        return self.hold_us is not None and self.now_us >= self.hold_us

    def _wait_for_wall(self, target: int | None, poll_sockets) -> list:
        # Wall time since the last call passes in the home too, but never beyond the target.
        wall = time.monotonic()
        wait = None
        if self.on_beat:
            if wall >= self._beat_at:
                self._beat_at = wall + _BEAT_S
                self.on_beat()
            wait = self._beat_at - wall
        goal = target
        if self.hold_us is not None:
            goal = self.hold_us if target is None else min(target, self.hold_us)
        if self._is_held or goal is None:
            self._wall_base = None
            return poll_sockets(wait)
        until = 0.0 if self.real_time is None else self._wall_until(goal, wall, self.real_time)
        events = poll_sockets(until if wait is None else min(wait, until))
        if self.real_time is None or self._wall_base is None:
            now = goal
        else:
            now = self.start_us + int((time.monotonic() - self._wall_base) * self.real_time * 1e6)
        self.now_us = max(self.now_us, min(now, goal))
        return events

    def _wall_until(self, goal: int, wall: float, speed: float) -> float:
        if self._wall_base is None:
            self._wall_base = wall - self.elapsed_s / speed
        due = self._wall_base + (goal - self.start_us) / 1e6 / speed
        if wall - due > _BEHIND_S:
            self._wall_base += wall - due
        return max(0.0, due - wall)
