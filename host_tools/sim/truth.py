"""What really flowed and what it really cost: the judge of ledgers, not of the simulator's own making of answers.

It takes from the home the household's sums at an instant and the tariffs' plain tables, and works out the rest by
itself, in exact fractions: half-hour by half-hour, with the standing charge of each day of British local time.
Times are Zigbee UTC in seconds, energy Wh, money exact pence.
"""

from __future__ import annotations

import dataclasses
import datetime
import zoneinfo
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from host_tools.sim.clock import ZIGBEE_EPOCH_S
from host_tools.sim.tariff import Tariff

if TYPE_CHECKING:
    from host_tools.sim.supply import Supply
    from host_tools.sim.world import World

LONDON = zoneinfo.ZoneInfo("Europe/London")
HALF_HOUR = 1800
PENCE = Fraction(1, 1000)  # a price's unit, 1/100,000 of a pound


def _date(utc: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(utc + ZIGBEE_EPOCH_S, datetime.UTC)


def _utc(moment: datetime.datetime) -> int:
    return int(moment.timestamp()) - ZIGBEE_EPOCH_S


def local_midnights(start: int, end: int) -> list[int]:
    """The British midnights from `start` until before `end`."""
    day = _date(start).astimezone(LONDON).date()
    found = []
    while (midnight := _utc(datetime.datetime(day.year, day.month, day.day, tzinfo=LONDON))) < end:
        if midnight >= start:
            found.append(midnight)
        day += datetime.timedelta(days=1)
    return found


@dataclasses.dataclass(frozen=True)
class Slot:
    """A time of one price, and what was used in it: Wh, litres for gas (0 otherwise), and exact pence."""

    start: int
    end: int
    tier: int
    price: int | None
    wh: Fraction
    litres: int
    pence: Fraction


class Truth:
    """The truth about one meter point, whatever meter was there. `total` are the household's Wh, or litres, up to an
    instant in microseconds since 1970.
    """

    def __init__(self, total: Callable[[int], int], supply: Callable[[], Supply]) -> None:
        self._total = total
        self._supply = supply

    def total(self, utc: int) -> int:
        """The household's sum at a past instant: Wh, or litres of gas."""
        return self._total((utc + ZIGBEE_EPOCH_S) * 1_000_000)

    def register(self, utc: int) -> int:
        """What the register of the meter that is there now showed at a past instant."""
        return self._supply().register((utc + ZIGBEE_EPOCH_S) * 1_000_000)

    def _tariff(self, utc: int) -> tuple[Tariff | None, int | None]:
        # (in force, when the next one comes)
        in_force, upcoming = None, None
        for since_us, tariff in self._supply().tariff_changes:
            if since_us <= (utc + ZIGBEE_EPOCH_S) * 1_000_000:
                in_force = tariff
            elif upcoming is None:
                upcoming = -(-since_us // 1_000_000) - ZIGBEE_EPOCH_S
        return in_force, upcoming

    def _factor(self, utc: int) -> tuple[Fraction, int | None]:
        # (Wh a litre, when that changes)
        if not self._supply().litres:
            return Fraction(1), None
        factor, upcoming = Fraction(0), None
        for since_us, conversion, calorific in self._supply().factor_changes:
            if since_us <= (utc + ZIGBEE_EPOCH_S) * 1_000_000:
                factor = Fraction(conversion, 100_000) * Fraction(calorific, 10) * Fraction(10, 36)
            elif upcoming is None:
                upcoming = -(-since_us // 1_000_000) - ZIGBEE_EPOCH_S
        return factor, upcoming

    @staticmethod
    def _rate(tariff: Tariff, utc: int) -> tuple[int, int, int]:
        # (tier, price, until when), from the tariff's table alone.
        midnight = utc // 86_400 * 86_400
        if tariff.half_hourly:
            start = utc // HALF_HOUR * HALF_HOUR
            return 1, tariff.window(start).price, start + HALF_HOUR
        tier, price, end = 0, 0, midnight + 86_400
        for number, (minute, rate) in enumerate(tariff.rates):
            if midnight + minute * 60 <= utc:
                tier, price = (tariff.tiers[number] if tariff.tiers else number + 1), rate
            else:
                end = min(end, midnight + minute * 60)
        return tier, price, end

    def slots(self, start: int, end: int) -> list[Slot]:
        """A past time, cut at half-hours, switches of rates, and changes of tariff or calorific value."""
        found = []
        while start < end:
            stop = min(end, start // HALF_HOUR * HALF_HOUR + HALF_HOUR)
            tariff, upcoming = self._tariff(start)
            factor, other = self._factor(start)
            tier, price = 0, None
            if tariff:
                tier, price, until = self._rate(tariff, start)
                stop = min(stop, until)
            stop = min([stop] + [change for change in (upcoming, other) if change is not None])
            amount = self.total(stop) - self.total(start)
            wh = amount * factor
            pence = Fraction(0)
            if tariff and tariff.blocks:
                tier, price = 0, None
                first = _utc(_date(start).replace(day=1, hour=0, minute=0, second=0))
                pence = self._in_blocks(tariff, first, stop) - self._in_blocks(tariff, first, start)
            elif price is not None:
                pence = wh / 1000 * price * PENCE
            found.append(Slot(start, stop, tier, price, wh, amount if self._supply().litres else 0, pence))
            start = stop
        return found

    def _in_blocks(self, tariff: Tariff, first: int, utc: int) -> Fraction:
        # What the month from `first` on has cost up to an instant.
        used = sum(self._month(first, utc), Fraction(0))
        cost, left = Fraction(0), used
        widths = [high - low for low, high in zip((0, *tariff.blocks), tariff.blocks, strict=False)]
        for width, price in zip([*widths, None], tariff.block_prices, strict=True):
            part = left if width is None else min(left, Fraction(width))
            cost += part / 1000 * price * PENCE
            left -= part
        return cost

    def _month(self, first: int, utc: int) -> list[Fraction]:
        found = []
        while first < utc:
            factor, change = self._factor(first)
            stop = min(utc, change) if change is not None else utc
            found.append((self.total(stop) - self.total(first)) * factor)
            first = stop
        return found

    def wh(self, start: int, end: int) -> Fraction:
        """Energy in a past time."""
        return sum((slot.wh for slot in self.slots(start, end)), Fraction(0))

    def half_hours(self, start: int, end: int) -> list[tuple[int, Fraction, Fraction]]:
        """(start, Wh, pence) of each half-hour from `start`, which is at one, until before `end`."""
        found: dict[int, tuple[Fraction, Fraction]] = {}
        for slot in self.slots(start, end):
            key = slot.start // HALF_HOUR * HALF_HOUR
            wh, pence = found.get(key, (Fraction(0), Fraction(0)))
            found[key] = wh + slot.wh, pence + slot.pence
        return [(key, wh, pence) for key, (wh, pence) in found.items()]

    def pence(self, start: int, end: int, *, standing: bool = True) -> Fraction:
        """What a past time cost; with the standing charge of each British day that begins in it."""
        total = sum((slot.pence for slot in self.slots(start, end)), Fraction(0))
        if standing:
            for midnight in local_midnights(start, end):
                tariff, _ = self._tariff(midnight)
                total += Fraction(tariff.standing_charge) * PENCE if tariff else 0
        return total


def truths(world: World) -> dict[str, Truth]:
    """By "import", "export" and, where there is a gas meter, "gas"."""
    household = world.household
    found = {
        "import": Truth(household.import_at, lambda: world.meter.supply),
        "export": Truth(household.export_at, lambda: world.meter.exported),
    }
    if world.gas:
        gas = world.gas
        found["gas"] = Truth(household.gas_at, lambda: gas.supply)
    return found
