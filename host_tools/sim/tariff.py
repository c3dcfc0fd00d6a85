"""Tariffs: what a kilowatt-hour costs when. Prices are in 1/100,000 of a pound, as GB meters have them.

Rates switch by UTC, as meters do. A tariff with a price for each half-hour has its prices from the seed; they are
published at 16:00 UTC until 22:00 UTC of the next day.
"""

from __future__ import annotations

import dataclasses
import random

POUNDS = 826
DIGITS = 5
TRAILING_DIGIT = DIGITS << 4
_DAY = 86_400
_HALF_HOUR = 1800
_PUBLISHED, _PUBLISHED_UNTIL = 16 * 3600, 22 * 3600


@dataclasses.dataclass(frozen=True)
class Window:
    """A time of one price: from `start` until before `end`, Zigbee UTC. Tier 0 is for a price without a tier."""

    tier: int
    price: int
    start: int
    end: int


@dataclasses.dataclass(frozen=True)
class Tariff:
    """`rates` are prices, each by the minute of the UTC day from which it holds, `tiers` the tier of each (1, 2 ...).

    `blocks` are the Wh of a calendar month after each of which the next of `block_prices` holds; there is one more of
    these. `half_hourly` is the seed of a price for each half-hour. `received` is for what is exported. Publish Price
    has all its fields in the `long_form`, and asks in it to be `acknowledged`.
    """

    unit_of_measure: int
    rates: tuple[tuple[int, int], ...]
    standing_charge: int
    label: bytes
    tiers: tuple[int, ...] = ()
    tier_labels: tuple[bytes, ...] = ()
    blocks: tuple[int, ...] = ()
    block_prices: tuple[int, ...] = ()
    half_hourly: str = ""
    received: bool = False
    long_form: bool = False
    acknowledged: bool = False
    tariff_id: int = 1
    provider: int = 1

    def window(self, utc: int) -> Window:
        """The window that `utc` falls into."""
        if self.half_hourly:
            start = utc - utc % _HALF_HOUR
            return Window(1, self._half_hour(start), start, start + _HALF_HOUR)
        midnight, minute = utc - utc % _DAY, utc % _DAY // 60
        at = max(i for i, (start, _) in enumerate(self.rates) if start <= minute)
        end = self.rates[at + 1][0] if at + 1 < len(self.rates) else 1440
        tier = 0 if self.blocks else self.tiers[at] if self.tiers else at + 1
        start, price = self.rates[at]
        return Window(tier, price, midnight + start * 60, midnight + end * 60)

    def _half_hour(self, start: int) -> int:
        # Dear at supper, cheap at night and in the sun, and at noon they pay you.
        rng = random.Random(f"{self.half_hourly} {start}")
        hour = start % _DAY / 3600
        if hour in (12.0, 12.5, 13.0):
            return rng.randrange(-4_500, -300)
        low, high = (28_000, 42_000) if 15 <= hour < 18 else (6_000, 15_000) if hour < 5 else (9_000, 25_000)
        return rng.randrange(low, high)

    def current(self, utc: int) -> tuple[int, int, int]:
        """(tier, rate, minutes for which it still holds) at Zigbee UTC `utc`."""
        window = self.window(utc)
        return window.tier, window.price, (window.end - utc + 59) // 60

    def known_until(self, utc: int) -> int:
        """Up to when prices are published at `utc`."""
        midnight = utc - utc % _DAY
        days = 1 if utc % _DAY >= _PUBLISHED else 0
        return midnight + days * _DAY + _PUBLISHED_UNTIL if self.half_hourly else midnight + 2 * _DAY

    @property
    def tier_prices(self) -> dict[int, int]:
        """The price of each tier."""
        if self.blocks or self.half_hourly:
            return {}
        tiers = self.tiers or range(1, len(self.rates) + 1)
        return dict(sorted(zip(tiers, (price for _, price in self.rates), strict=True)))

    def block_at(self, used_wh: int) -> int:
        """The block (1, 2, ...) that the next Wh falls into after so many in its month."""
        return 1 + sum(used_wh >= threshold for threshold in self.blocks)

    def dearer(self, percent: int, tariff_id: int) -> Tariff:
        """The same at another price."""

        def raised(price: int) -> int:
            return price + price * percent // 100

        return dataclasses.replace(
            self, rates=tuple((minute, raised(price)) for minute, price in self.rates), tariff_id=tariff_id,
            block_prices=tuple(raised(price) for price in self.block_prices),
            standing_charge=raised(self.standing_charge),
            half_hourly=self.half_hourly and f"{self.half_hourly} {tariff_id}",
        )  # fmt: skip
