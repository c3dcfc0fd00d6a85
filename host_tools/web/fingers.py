"""Fingers on the display's buttons, and the home's pace meanwhile."""

from __future__ import annotations

from typing import Any

from host_tools.web.bench import Bench

_AS_IT_IS = object()


class Fingers:
    """While a finger is on a button the home's time goes as the finger's does: at 60 times as fast a click would be
    held for seconds, and mean something else.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._down: set[str] = set()
        self._speed_after: Any = _AS_IT_IS

    def move(self, name: str, down: bool) -> None:
        """A finger comes down on a button, or leaves it."""
        clock = self._bench.clock
        (self._down.add if down else self._down.discard)(name)
        if down and self._speed_after is _AS_IT_IS and clock.real_time != 1:
            self._speed_after = clock.real_time
            clock.set_speed(1)
        elif not self._down and self._speed_after is not _AS_IT_IS:
            clock.set_speed(self._speed_after)
            self._speed_after = _AS_IT_IS

    @property
    def chosen_speed(self) -> float | None:
        """The speed that somebody has chosen, which is not in force while a finger is on a button."""
        return self._bench.chosen_speed if self._speed_after is _AS_IT_IS else self._speed_after

    def choose_speed(self, speed: float | None) -> None:
        """Somebody has chosen another, in force once no finger is on a button."""
        if self._down:
            self._speed_after, speed = speed, 1
        else:
            self._speed_after = _AS_IT_IS
        self._bench.set_speed(speed)
