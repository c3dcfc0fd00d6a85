"""The one clock: an asyncio event loop on virtual time, in lockstep with the device.

Everything in the simulated home is ordinary asyncio code. Its time is this loop's: it stands still while
anything can still be done, in the home or in the device, and then moves to the next thing that happens
anywhere. In real time the same loop waits for the wall's clock before it moves, and serves real sockets
(the web page) meanwhile; nothing else differs.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import Protocol

# Tuesday 12 May 2026, 10:50 UTC: ten to twelve by the kitchen clock, sun and clouds.
START_US = 1_778_583_000_000_000
ZIGBEE_EPOCH_S = 946_684_800


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

    `real_time` is how many simulated seconds pass in one of the wall's; None for as fast as it goes.
    """

    def __init__(self, *, start_us: int = START_US, real_time: float | None = None) -> None:
        self.now_us = start_us
        self.start_us = start_us
        self.real_time = real_time
        self.device: Device | None = None
        super().__init__(_Selector(self))

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

    def advance(self, timeout: float | None, poll_sockets) -> list:
        """One wait of the loop's: `timeout` seconds at the most, None for without end."""
        if self.device and self.device.settle():
            return []
        if timeout is not None and timeout <= 0:
            return poll_sockets(0) if self.real_time else []
        target = None if timeout is None else self.now_us + max(1, -int(-timeout * 1e6 // 1))
        if self.device:
            if self.device.has_input:
                target = self.now_us
            elif self.device.wakes_at_us is not None:
                wakes = max(self.device.wakes_at_us, self.now_us)
                target = wakes if target is None else min(target, wakes)
        if self.real_time:
            events = self._wait_for_wall(target, poll_sockets)
            if events or target is None or self.now_us < target:
                return events
        elif target is None:
            raise RuntimeError("nothing is left to happen, in the home or in the device")
        self.now_us = target
        device = self.device
        if device and (device.has_input or (device.wakes_at_us is not None and device.wakes_at_us <= target)):
            device.release(target)
        return []

    def _wait_for_wall(self, target: int | None, poll_sockets) -> list:
        # Wall time since the last call passes in the home too, but never beyond the target.
        wall = time.monotonic()
        if not hasattr(self, "_wall_base"):
            self._wall_base = wall - self.elapsed_s / self.real_time
        due = None if target is None else self._wall_base + (target - self.start_us) / 1e6 / self.real_time
        events = poll_sockets(None if due is None else max(0.0, due - wall))
        now = self.start_us + int((time.monotonic() - self._wall_base) * self.real_time * 1e6)
        if target is not None:
            now = min(now, target)
        self.now_us = max(self.now_us, now)
        return events
