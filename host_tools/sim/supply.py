"""What one meter measures and what that costs: sums at any instant, by tier, block, day, week, month and half-hour.

Instants are microseconds since 1970, money is in 1/100,000,000 of a pound (a price times a Wh), all integers.
A meter's days, weeks and months are those of UTC (GBCS); a day's standing charge is taken at its first instant.
"""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections.abc import Callable, Iterator

from host_tools.sim.clock import ZIGBEE_EPOCH_S
from host_tools.sim.curve import DAY_US
from host_tools.sim.tariff import Tariff, Window

Reading = Callable[[int], int]
_FIRST_MONDAY_US = 4 * DAY_US
LITRE_WH = (102_264, 400, 3_600_000)  # conversion factor in 1e-5, calorific value in 0.1 MJ/m3, and what divides them


def to_utc(time_us: int) -> int:
    """Zigbee UTC of an instant."""
    return time_us // 1_000_000 - ZIGBEE_EPOCH_S


def to_us(utc: int) -> int:
    """The instant of a Zigbee UTC."""
    return (utc + ZIGBEE_EPOCH_S) * 1_000_000


def day_start(time_us: int, back: int = 0) -> int:
    """The midnight before an instant, or so many days earlier."""
    return time_us - time_us % DAY_US - back * DAY_US


def week_start(time_us: int, back: int = 0) -> int:
    """The Monday midnight before an instant, or so many weeks earlier."""
    return time_us - (time_us - _FIRST_MONDAY_US) % (7 * DAY_US) - back * 7 * DAY_US


def month_start(time_us: int, back: int = 0) -> int:
    """The first midnight of an instant's month, or of the month so many earlier (later, if negative)."""
    date = datetime.datetime.fromtimestamp(time_us // 1_000_000, datetime.UTC)
    months = date.year * 12 + date.month - 1 - back
    return int(datetime.datetime(months // 12, months % 12 + 1, 1, tzinfo=datetime.UTC).timestamp()) * 1_000_000


class Supply:
    """`reading` is a register of the household's, in Wh or, with `litres`, in litres of gas.

    A meter that was fitted while the home ran begins at nothing then; `fitted_us` of None is for long ago.
    """

    def __init__(
        self, reading: Reading, tariff: Tariff | None, start_us: int, *, fitted_us: int | None = None,
        litres: bool = False,
    ) -> None:  # fmt: skip
        self._reading = reading
        self.start_us = start_us
        self.fitted_us = fitted_us
        self.litres = litres
        self._opening = 0 if fitted_us is None else reading(fitted_us)
        self._tariffs: list[tuple[int, Tariff | None]] = [(0, tariff)]
        self._factors: list[tuple[int, int, int]] = [(0, *LITRE_WH[:2])]
        self._day_costs: dict[int, int] = {}
        self._forgotten_us = 0
        self._tiers: tuple[int, dict[int, int]] = (start_us if fitted_us is None else fitted_us, self._opening_tiers())

    # Amounts

    def register(self, time_us: int) -> int:
        """What the meter's total register shows: Wh or litres."""
        if self.fitted_us is not None and time_us <= self.fitted_us:
            return 0
        return self._reading(time_us) - self._opening

    def energy(self, time_us: int) -> int:
        """The same in Wh; a litre's are those of the factors of its time."""
        if not self.litres:
            return self.register(time_us)
        total = 0
        for i, (since, factor, calorific) in enumerate(self._factors):
            until = self._factors[i + 1][0] if i + 1 < len(self._factors) else time_us
            if since < time_us:
                amount = self.register(min(until, time_us)) - (self.register(since) if since else 0)
                total += amount * factor * calorific
        return total // LITRE_WH[2]

    @property
    def oldest_us(self) -> int:
        """What was before is not in the meter's logs: it was not there yet, or had to forget it."""
        return max(self._forgotten_us, self.fitted_us or 0)

    def forget(self, now_us: int) -> None:
        """Gives out no histories from before now; the registers go on (change of tenancy)."""
        self._forgotten_us = now_us

    def factors(self, time_us: int) -> tuple[int, int]:
        """(conversion factor in 1e-5, calorific value in 0.1 MJ/m3) in force."""
        return self._factors[bisect_right(self._factors, time_us, key=lambda one: one[0]) - 1][1:]

    def set_calorific(self, from_us: int, calorific: int) -> None:
        """Another calorific value, in 0.1 MJ/m3, from an instant on that is not past."""
        self._factors.append((from_us, self._factors[-1][1], calorific))

    @property
    def factor_changes(self) -> list[tuple[int, int, int]]:
        """(from when, conversion factor, calorific value), oldest first."""
        return list(self._factors)

    # Tariffs

    def tariff(self, time_us: int) -> Tariff | None:
        """The tariff in force."""
        return self._tariffs[bisect_right(self._tariffs, time_us, key=lambda one: one[0]) - 1][1]

    def set_tariff(self, from_us: int, tariff: Tariff | None) -> None:
        """Another tariff from an instant on that is not past; what was to come after it is forgotten."""
        self._tariffs = [one for one in self._tariffs if one[0] < from_us] + [(from_us, tariff)]

    def inherit(self, old: Supply) -> None:
        """Takes over the tariffs and factors of the meter that it replaces."""
        self._tariffs = list(old._tariffs)
        self._factors = list(old._factors)

    @property
    def tariff_changes(self) -> list[tuple[int, Tariff | None]]:
        """(from when, tariff), oldest first."""
        return list(self._tariffs)

    def tariffs_from(self, time_us: int) -> list[tuple[int, Tariff]]:
        """The tariff in force and those to come, each with its start."""
        at = bisect_right(self._tariffs, time_us, key=lambda one: one[0]) - 1
        return [(since, tariff) for since, tariff in self._tariffs[at:] if tariff]

    def pieces(self, start_us: int, end_us: int) -> Iterator[tuple[int, int, Tariff | None, Window | None]]:
        """A time cut wherever the price may change but for blocks: (start, end, tariff, window) each."""
        time = start_us
        while time < end_us:
            at = bisect_right(self._tariffs, time, key=lambda one: one[0]) - 1
            tariff = self._tariffs[at][1]
            end = self._tariffs[at + 1][0] if at + 1 < len(self._tariffs) else end_us
            window = tariff.window(to_utc(time)) if tariff else None
            if window:
                end = min(end, to_us(window.end))
            end = min(end, end_us)
            yield time, end, tariff, window
            time = end

    # By tier and block

    def _opening_tiers(self) -> dict[int, int]:
        # The total of a meter that has been there for long, parted by the hours of each tier.
        tariff = self._tariffs[0][1]
        total = self.register(self.start_us) if self.fitted_us is None else 0
        if not tariff or not tariff.tier_prices:
            return {1: total}
        hours = dict.fromkeys(tariff.tier_prices, 0)
        midnight = to_utc(day_start(self.start_us))
        for half_hour in range(48):
            hours[tariff.window(midnight + half_hour * 1800).tier] += 1
        sums = {tier: total * share // 48 for tier, share in hours.items()}
        sums[min(sums)] += total - sum(sums.values())
        return sums

    def tiers(self, time_us: int) -> dict[int, int]:
        """Each tier's register; they add up to the total."""
        upto, sums = self._tiers
        if time_us < upto:
            raise ValueError("tiers are counted from when the home is switched on")
        sums = dict(sums)
        midnight = max(upto, day_start(time_us))
        self._add_tiers(sums, upto, midnight)
        self._tiers = midnight, dict(sums)
        self._add_tiers(sums, midnight, time_us)
        return sums

    def _add_tiers(self, sums: dict[int, int], start_us: int, end_us: int) -> None:
        for start, end, _, window in self.pieces(start_us, end_us):
            # What is used without a tariff or without a tier goes to the first.
            tier = window.tier or 1 if window else 1
            sums[tier] = sums.get(tier, 0) + self.register(end) - self.register(start)

    def in_month(self, time_us: int) -> int:
        """Wh since the first of the month: the block period."""
        return self.energy(time_us) - self.energy(month_start(time_us))

    def blocks(self, time_us: int) -> list[int]:
        """Wh of this month in each block."""
        tariff, used = self.tariff(time_us), self.in_month(time_us)
        if not tariff or not tariff.blocks:
            return [used]
        edges = (0, *tariff.blocks)
        ends = (*tariff.blocks, max(used, tariff.blocks[-1]))
        return [max(0, min(used, end) - start) for start, end in zip(edges, ends, strict=True)]

    def price(self, time_us: int) -> int | None:
        """The unit price in force."""
        tariff = self.tariff(time_us)
        if tariff is None:
            return None
        if tariff.blocks:
            return tariff.block_prices[tariff.block_at(self.in_month(time_us)) - 1]
        return tariff.window(to_utc(time_us)).price

    # Money

    def cost(self, start_us: int, end_us: int) -> int:
        """What a time cost, its standing charges included."""
        total = 0
        while start_us < end_us:
            midnight = day_start(start_us)
            end = min(end_us, midnight + DAY_US)
            whole = start_us == midnight and end == midnight + DAY_US
            if whole and midnight in self._day_costs:
                total += self._day_costs[midnight]
            else:
                cost = self._cost_within_day(start_us, end)
                if whole:
                    self._day_costs[midnight] = cost
                total += cost
            start_us = end
        return total

    def _cost_within_day(self, start_us: int, end_us: int) -> int:
        total = 0
        if self.fitted_us is not None:
            start_us = max(start_us, self.fitted_us)
        for start, end, tariff, window in self.pieces(start_us, end_us):
            if tariff is None or window is None:
                continue
            if start == day_start(start):
                total += tariff.standing_charge * 1000
            if tariff.blocks:
                month = self.energy(month_start(start))
                total += self._block_cost(tariff, self.energy(end) - month)
                total -= self._block_cost(tariff, self.energy(start) - month)
            else:
                total += (self.energy(end) - self.energy(start)) * window.price
        return total

    @staticmethod
    def _block_cost(tariff: Tariff, used: int) -> int:
        total, before = 0, 0
        for threshold, price in zip((*tariff.blocks, max(used, tariff.blocks[-1])), tariff.block_prices, strict=True):
            total += max(0, min(used, threshold) - before) * price
            before = threshold
        return total
