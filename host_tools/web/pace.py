"""How fast the home's time really goes, whatever was asked for."""

from __future__ import annotations

import collections

_WINDOW_S = 3.0


class Pace:
    """`rate` is simulated seconds in one of the wall's, over the last few; None while that is not known."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self._seen: collections.deque[tuple[float, float]] = collections.deque()
        self._asked: tuple[float | None, bool] | None = None

    def look(self, wall_s: float, home_s: float, speed: float | None, held: bool) -> None:
        """To be called every so often; another speed is counted anew."""
        if (speed, held) != self._asked:
            self._asked = speed, held
            self._seen.clear()
            self.rate = None
        self._seen.append((wall_s, home_s))
        while self._seen[-1][0] - self._seen[0][0] > _WINDOW_S:
            self._seen.popleft()
        first_wall, first_home = self._seen[0]
        if wall_s - first_wall >= _WINDOW_S / 3:
            self.rate = round((home_s - first_home) / (wall_s - first_wall), 1)
