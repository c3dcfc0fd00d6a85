"""What has flowed up to an instant: exact integers, at any instant past or present.

Between two knots the rate is constant, so that a sum is a sum and not an approximation, whoever looks when. Before the
home was switched on lies a past that is made up from the seed when somebody first asks for it.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Callable

HOUR_US = 3_600_000_000
HALF_HOUR_US = HOUR_US // 2
DAY_US = 24 * HOUR_US
PAST_DAYS = 400  # thirteen months, and what is left of a half-hour

Habit = Callable[[random.Random, int, float], int]


class Curve:
    """Sums of a rate over microseconds. `habit` gives the past's rate: (its random numbers, day of the year, hour)."""

    def __init__(self, now_us: int, habit: Habit, seed: str) -> None:
        self.start_us = now_us
        self._habit = habit
        self._seed = seed
        self._times = [now_us]
        self._sums = [0]
        self._rates = [0]
        self._past: tuple[list[int], list[int], list[int]] | None = None

    @property
    def rate(self) -> int:
        """What flows now."""
        return self._rates[-1]

    def set_rate(self, now_us: int, rate: int) -> None:
        """From now on, this flows."""
        if rate == self._rates[-1]:
            return
        if now_us == self._times[-1]:
            self._rates[-1] = rate
            return
        self._sums.append(self.at(now_us))
        self._times.append(now_us)
        self._rates.append(rate)

    def at(self, time_us: int) -> int:
        """The sum at an instant, which is 0 when the home is switched on and less before."""
        times, sums, rates = self._times, self._sums, self._rates
        if time_us < self.start_us:
            times, sums, rates = self._before()
            if time_us <= times[0]:
                return sums[0]
        i = bisect_right(times, time_us) - 1
        return sums[i] + rates[i] * (time_us - times[i])

    def _before(self) -> tuple[list[int], list[int], list[int]]:
        if self._past is None:
            rng = random.Random(self._seed)
            first = self.start_us - self.start_us % HALF_HOUR_US - PAST_DAYS * DAY_US
            times = list(range(first, self.start_us, HALF_HOUR_US))
            rates = [self._habit(rng, time // DAY_US % 365, time % DAY_US / HOUR_US) for time in times]
            sums, total = [], 0
            for time, rate in zip(reversed(times), reversed(rates), strict=True):
                total -= rate * (min(time + HALF_HOUR_US, self.start_us) - time)
                sums.append(total)
            self._past = times, sums[::-1], rates
        return self._past


def _cold(day: int) -> float:
    # 1 in mid January, 0 in mid July.
    return 0.5 + 0.5 * math.cos(2 * math.pi * (day - 15) / 365)


def electricity_habit(rng: random.Random, day: int, hour: float) -> int:
    """Watts imported: a base, breakfast and supper, more in winter."""
    peak = 500 if 7 <= hour < 9 else 900 if 17 <= hour < 21 else 120
    return int((130 + peak * rng.uniform(0.1, 1.6)) * (0.8 + 0.5 * _cold(day)))


def night_habit(rng: random.Random, day: int, hour: float) -> int:
    """Watts imported where storage heaters and hot water take cheap electricity at night."""
    heaters = int(3000 * _cold(day) * rng.uniform(0.5, 1.0)) + 400 if 0.5 <= hour < 7.5 else 0
    return electricity_habit(rng, day, hour) + heaters


def solar_habit(peak_w: int) -> Habit:
    """Watts exported from panels of this peak."""

    def habit(rng: random.Random, day: int, hour: float) -> int:
        rise, fall = 5 + 3 * _cold(day), 19 - 3 * _cold(day)
        if not rise < hour < fall:
            return 0
        clear = math.sin(math.pi * (hour - rise) / (fall - rise)) * (1 - 0.6 * _cold(day))
        return max(0, int(peak_w * clear * rng.uniform(0.2, 0.9)) - 300)

    return habit


def gas_habit(rng: random.Random, day: int, hour: float) -> int:
    """Gas burnt, in millilitres an hour: hot water, and heating when it is cold."""
    if not 6 <= hour < 9 and not 16 <= hour < 22:
        return 0
    return 90 * int(rng.uniform(500, 1500) + 9000 * _cold(day) * rng.uniform(0.4, 1.0))
