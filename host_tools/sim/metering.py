"""Metering 0x0702 as GB meters and mirrors serve it: registers, histories and the profile log (SE 1.4, annex D.3)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from host_tools.sim import smart_energy as se
from host_tools.sim.curve import DAY_US, HALF_HOUR_US
from host_tools.sim.supply import Supply, day_start, month_start, to_us, to_utc, week_start
from host_tools.sim.tariff import TRAILING_DIGIT
from host_tools.sim.zcl_server import ABSENT, Answers, Attribute, Attributes, Getter, asked

METERING = 0x0702
KWH, CUBIC_METRES, BCD = 0x00, 0x01, 0x80
DAYS, WEEKS, MONTHS = 9, 6, 14  # the current one and those past
LOG_DAYS = 396  # thirteen months of half-hours (SMETS2, 5.7.5)
_TIERS = 48
_BLOCKS = 4
_HALF_HOURS = 2
_U24, _U32, _U48 = 0x22, 0x23, 0x25
_LARGEST = {_U24: (1 << 24) - 2, _U32: (1 << 32) - 2, _U48: (1 << 48) - 2}
_OK, _NO_SUCH_CHANNEL, _INVALID_END, _TOO_MANY, _NONE_AVAILABLE = 0, 2, 3, 4, 5
_MAX_PERIODS = 24

Now = Callable[[], int | None]
Total = Callable[[int], int]


@dataclasses.dataclass(frozen=True)
class Format:
    """How a meter writes its Wh or litres: as that many `units`, to be multiplied and divided, or in BCD."""

    unit_of_measure: int
    multiplier: int = 1
    divisor: int = 1000
    units: int = 1

    def raw(self, amount: int, kind: int = _U48) -> int | None:
        """The attribute's value; None where its type cannot hold it."""
        value = amount * self.units
        if self.unit_of_measure & BCD:
            value = int(str(value), 16)
        return value if value <= _LARGEST.get(kind, value) else None


def formatting(form: Format, device_type: int) -> Attributes:
    """How the registers are to be read."""
    return {
        0x0300: Attribute(0x30, form.unit_of_measure),
        0x0301: Attribute(_U24, form.multiplier),
        0x0302: Attribute(_U24, form.divisor),
        0x0303: Attribute(0x18, 0x2B),
        0x0306: Attribute(0x18, device_type),
    }


def periods(now_us: int) -> list[tuple[int, int, int]]:
    """(offset, start, end) of each day, week and month that histories are kept of: the offsets are those of attribute
    0x0400 for a meter's own unit, 0x0C00 for the other, 0x0500 (from 0x051C) for costs.
    """
    found = []
    for start_of, offsets in (
        (day_start, (0x01, 0x03, *range(0x20, 0x20 + 2 * (DAYS - 2), 2))),
        (week_start, tuple(range(0x30, 0x30 + 2 * WEEKS, 2))),
        (month_start, tuple(range(0x40, 0x40 + 2 * MONTHS, 2))),
    ):
        end = now_us
        for back, offset in enumerate(offsets):
            start = start_of(now_us, back)
            found.append((offset, start, end))
            end = start
    return found


def period(now_us: int, offset: int) -> tuple[int, int]:
    """(start, end) of the history with this offset."""
    start_of, back = (
        (month_start, (offset - 0x40) // 2) if offset >= 0x40 else (week_start, (offset - 0x30) // 2)
        if offset >= 0x30 else (day_start, (offset - 0x20) // 2 + 2 if offset >= 0x20 else (offset - 1) // 2)
    )  # fmt: skip
    return start_of(now_us, back), min(now_us, start_of(now_us, back - 1)) if back else now_us


def histories(base: int, supply: Supply, now: Now, total: Total, raw: Callable[[int, int], int | None]) -> Attributes:
    """Day, week and month amounts, from attribute `base` (0x0400, 0x0401 for what is received; 0x0C00) on."""

    def amount(offset: int, kind: int) -> Getter:
        def get() -> int | None:
            now_us = now()
            if now_us is None:
                return None
            start, end = period(now_us, offset)
            start = max(start, supply.oldest_us)
            return raw(total(end) - total(start), kind) if start < end else None

        return get

    offsets = [offset for offset, _, _ in periods(0)]
    kinds = {offset: _U32 if offset >= 0x40 else _U24 for offset in offsets}
    return {base + offset: Attribute(kind, amount(offset, kind)) for offset, kind in kinds.items()}


def tier_registers(base: int, supply: Supply, now: Now, form: Format) -> Attributes:
    """TOU registers from 0x0100 (delivered) or 0x0101 (received) on, of the tiers that the tariffs have had."""

    def register(tier: int) -> Getter:
        def get() -> Any:
            now_us = now()
            tariff = None if now_us is None else supply.tariff(now_us)
            if now_us is None or tariff is None or not tariff.tier_prices:
                return ABSENT
            sums = supply.tiers(now_us)
            return form.raw(sums[tier]) if tier in sums else ABSENT

        return get

    return {base + 2 * (tier - 1): Attribute(_U48, register(tier)) for tier in range(1, _TIERS + 1)}


def active_tier(supply: Supply, now: Now) -> Getter:
    """The tier whose register counts now."""

    def get() -> Any:
        now_us = now()
        tariff = None if now_us is None else supply.tariff(now_us)
        if now_us is None or tariff is None or not tariff.tier_prices:
            return ABSENT
        return tariff.window(to_utc(now_us)).tier

    return get


def block_registers(supply: Supply, now: Now, form: Format) -> Attributes:
    """The block period's sums 0x0700.., its total 0x000C and the block in force 0x000E, where the tariff has blocks."""

    def of_tariff(value: Callable[[int], Any]) -> Getter:
        def get() -> Any:
            now_us = now()
            tariff = None if now_us is None else supply.tariff(now_us)
            return value(now_us) if now_us is not None and tariff and tariff.blocks else ABSENT

        return get

    def of_block(index: int) -> Getter:
        def get(now_us: int) -> Any:
            sums = supply.blocks(now_us)
            return form.raw(sums[index]) if index < len(sums) else ABSENT

        return of_tariff(get)

    def current(now_us: int) -> int:
        tariff = supply.tariff(now_us)
        assert tariff
        return tariff.block_at(supply.in_month(now_us))

    in_force = {0x000E: Attribute(0x30, of_tariff(current))}
    if supply.litres:
        # Gas is priced by the kWh and counted in m3: its sums by block would be neither.
        return in_force
    return in_force | {
        0x000C: Attribute(_U48, of_tariff(lambda now_us: form.raw(supply.in_month(now_us)))),
        **{0x0700 + index: Attribute(_U48, of_block(index)) for index in range(_BLOCKS)},
    }


def bill_to_date(supply: Supply, now: Now) -> Attributes:
    """What the month has cost so far."""

    def bill() -> Any:
        now_us = now()
        if now_us is None or supply.tariff(now_us) is None:
            return ABSENT
        return max(0, supply.cost(month_start(now_us), now_us) // 1000)

    return {
        0x0A00: Attribute(_U32, bill),
        0x0A01: Attribute(0xE2, lambda: None if (now_us := now()) is None else to_utc(now_us)),
        0x0A04: Attribute(0x18, TRAILING_DIGIT),
    }


class ProfileLog:
    """The half-hours and days of a meter, as it answers Get Profile and Get Sampled Data.

    `channels` are the totals by channel (0 delivered, 1 received).
    """

    def __init__(
        self, supply: Supply, now: Now, channels: tuple[Total, ...], form: Format, longest: Callable[[], int]
    ) -> None:
        self._supply = supply
        self._now = now
        self._channels = channels
        self._form = form
        self._longest = longest

    @property
    def most_periods(self) -> int:
        """How many half-hours one Get Profile Response holds."""
        return min(_MAX_PERIODS, (self._longest() - 3 - 7) // 3)

    def _amount(self, channel: int, start: int, end: int) -> int:
        total = self._channels[channel]
        value = self._form.raw(total(end) - total(start), _U24)
        return (1 << 24) - 1 if value is None else value

    def _oldest(self, now_us: int) -> int:
        return max(now_us - LOG_DAYS * DAY_US, self._supply.oldest_us)

    def get_profile(self, payload: bytes, message) -> Answers:
        """Get Profile 0x00: half-hours up to an end, newest first."""
        request = asked(se.GetProfile, payload)
        now_us = self._now()
        end = 0 if now_us is None else now_us - now_us % HALF_HOUR_US
        intervals: list[int] = []
        status = _OK
        if now_us is None:
            status = _NONE_AVAILABLE
        elif request.channel >= len(self._channels):
            status = _NO_SUCH_CHANNEL
        elif request.end and to_us(request.end) > now_us:
            status = _INVALID_END
        else:
            if request.end:
                end = to_us(request.end) // HALF_HOUR_US * HALF_HOUR_US
            oldest, at = self._oldest(now_us), end
            while len(intervals) < min(request.periods, self.most_periods) and at - HALF_HOUR_US >= oldest:
                intervals.append(self._amount(request.channel, at - HALF_HOUR_US, at))
                at -= HALF_HOUR_US
            if not intervals:
                status = _NONE_AVAILABLE
            elif request.periods > self.most_periods:
                status = _TOO_MANY
        answer = se.GetProfileResponse(
            end=to_utc(end) if end else 0, status=status, interval=_HALF_HOURS, intervals=intervals
        )
        return 0x00, answer.serialize()

    def get_sampled_data(self, payload: bytes, message) -> Answers:
        """Get Sampled Data 0x08: sample 0 is the half-hours, sample 1 the days; oldest first."""
        request = asked(se.GetSampledData, payload)
        now_us = self._now()
        step, interval = {0: (HALF_HOUR_US, 1800), 1: (DAY_US, 0xFFFF)}.get(request.sample_id, (0, 0))
        if now_us is None or not step or request.sample_type >= len(self._channels):
            return None
        at = max(to_us(request.earliest), self._oldest(now_us))
        start = at = -(-at // step) * step
        most = min(request.count, (self._longest() - 3 - 11) // 3)
        samples: list[int] = []
        while len(samples) < most and at + step <= now_us:
            samples.append(self._amount(request.sample_type, at, at + step))
            at += step
        if not samples:
            return None
        answer = se.GetSampledDataResponse(
            sample_id=request.sample_id, start=to_utc(start), sample_type=request.sample_type, interval=interval,
            samples=samples,
        )  # fmt: skip
        return 0x07, answer.serialize()
