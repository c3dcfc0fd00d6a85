"""Calendar 0x0707: the days' rate switches, and the hours in which nobody is cut off (SE 1.4, annex D.9)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from host_tools.sim import smart_energy as se
from host_tools.sim.metering import Now
from host_tools.sim.supply import Supply
from host_tools.sim.tariff import Tariff
from host_tools.sim.zcl_server import Answers, asked, in_parts

CALENDAR = 0x0707
DELIVERED, FRIENDLY = 0, 3
CURRENT_TARIFF, NON_DISABLEMENT = 0xFFFFFFFF, 0xFFFFFFFE  # GBCS's names for the two
FRIENDLY_ID = 0x0F00
_DAY = 86_400
_ANY = 0xFF
_JANUARY_FIRST = se.Season(year=_ANY, month=1, day=1, weekday=_ANY, week_id=1)

Switches = tuple[tuple[int, int], ...]


@dataclasses.dataclass(frozen=True)
class FriendlyHours:
    """When a meter without credit leaves the supply on: switches (minute of the UTC day, 1 for friendly) of a weekday
    and of a day at the weekend.
    """

    weekday: Switches = ((0, 1), (600, 0), (960, 1))
    weekend: Switches = ((0, 1),)

    def _day(self, utc: int) -> Switches:
        # 2000-01-01 was a Saturday.
        return self.weekend if utc // _DAY % 7 < 2 else self.weekday

    def holds(self, utc: int) -> bool:
        """Whether the hour is friendly."""
        minute = utc % _DAY // 60
        return bool([value for start, value in self._day(utc) if start <= minute][-1])

    def next_switch(self, utc: int, to: bool) -> int | None:
        """When it next becomes friendly, or unfriendly; None for never."""
        midnight, before = utc - utc % _DAY, self.holds(utc)
        for day in range(8):
            for start, value in self._day(midnight + day * _DAY):
                at = midnight + day * _DAY + start * 60
                if at > utc and bool(value) != before and bool(value) is to:
                    return at
                if at > utc:
                    before = bool(value)
        return None


class CalendarServer:
    """The calendar of the tariff in force, and that of the friendly hours of a prepayment meter.

    It has one season and one week; a tariff's days are all alike.
    """

    def __init__(
        self, supply: Supply, now: Now, longest: Callable[[], int], friendly: FriendlyHours | None = None
    ) -> None:
        self._supply = supply
        self._now = now
        self._longest = longest
        self._friendly = friendly

    def _tariff(self) -> Tariff | None:
        now_us = self._now()
        tariff = None if now_us is None else self._supply.tariff(now_us)
        return tariff if tariff and tariff.tier_prices else None

    def _days(self, calendar_id: int) -> tuple[int, int, list[Switches]] | None:
        # (calendar id, type, day profiles)
        tariff = self._tariff()
        if tariff and calendar_id in (tariff.tariff_id, CURRENT_TARIFF):
            tiers = tariff.tiers or range(1, len(tariff.rates) + 1)
            day = tuple((minute, tier) for (minute, _), tier in zip(tariff.rates, tiers, strict=True))
            return tariff.tariff_id, DELIVERED, [day]
        if self._friendly and calendar_id in (FRIENDLY_ID, NON_DISABLEMENT):
            return FRIENDLY_ID, FRIENDLY, [self._friendly.weekday, self._friendly.weekend]
        return None

    def _head(self, calendar_id: int) -> dict[str, int]:
        return {"provider": 1, "event": calendar_id, "calendar_id": calendar_id}

    def _get_calendar(self, payload: bytes, message) -> Answers:
        request = asked(se.GetCalendar, payload)
        wanted = {DELIVERED: (CURRENT_TARIFF,), FRIENDLY: (NON_DISABLEMENT,)}.get(
            request.calendar_type, (CURRENT_TARIFF, NON_DISABLEMENT)
        )
        answers = []
        for calendar_id, kind, days in filter(None, map(self._days, wanted)):
            name = b"Friendly" if kind == FRIENDLY else b"Rates"
            command = se.PublishCalendar(
                **self._head(calendar_id), start=0, calendar_type=kind, time_reference=0, name=name, seasons=1,
                week_profiles=1, day_profiles=len(days),
            )  # fmt: skip
            answers.append((0x00, command.serialize()))
        return answers or None

    def _get_days(self, payload: bytes, message) -> Answers:
        request = asked(se.GetDayProfiles, payload)
        found = self._days(request.calendar_id)
        if found is None:
            return None
        calendar_id, kind, days = found
        answers = []
        for day_id, switches in enumerate(days, 1):
            if day_id < request.first or (request.count and day_id >= request.first + request.count):
                continue
            entries = [se.DayEntry(start=start, tier=tier) for start, tier in switches]
            parts = in_parts(entries, 3, self._longest() - 3 - 17)
            for index, part in enumerate(parts):
                command = se.PublishDayProfile(
                    **self._head(calendar_id), day_id=day_id, entries_in_all=len(entries), index=index,
                    total=len(parts), calendar_type=kind, entries=part,
                )  # fmt: skip
                answers.append((0x01, command.serialize()))
        return answers or None

    def _get_weeks(self, payload: bytes, message) -> Answers:
        request = asked(se.GetDayProfiles, payload)
        found = self._days(request.calendar_id)
        if found is None or request.first > 1:
            return None
        calendar_id, _, days = found
        weekend = len(days)
        command = se.PublishWeekProfile(
            **self._head(calendar_id), week_id=1, monday=1, tuesday=1, wednesday=1, thursday=1, friday=1,
            saturday=weekend, sunday=weekend,
        )  # fmt: skip
        return 0x02, command.serialize()

    def _get_seasons(self, payload: bytes, message) -> Answers:
        found = self._days(asked(se.GetSeasons, payload).calendar_id)
        if found is None:
            return None
        command = se.PublishSeasons(**self._head(found[0]), index=0, total=1, entries=[_JANUARY_FIRST])
        return 0x03, command.serialize()

    def _get_special_days(self, payload: bytes, message) -> Answers:
        request = asked(se.GetSpecialDays, payload)
        found = self._days(request.calendar_id)
        if found is None or found[1] != FRIENDLY:
            return None
        # Nobody is cut off on Christmas Day.
        entries = [se.SpecialDay(year=_ANY, month=12, day=25, weekday=_ANY, day_id=2)]
        command = se.PublishSpecialDays(
            **self._head(found[0]), start=0, calendar_type=FRIENDLY, entries_in_all=1, index=0, total=1, entries=entries
        )
        return 0x04, command.serialize()

    @property
    def commands(self) -> dict[tuple[int, int], Any]:
        """Handlers by (cluster, command)."""
        handlers = (self._get_calendar, self._get_days, self._get_weeks, self._get_seasons, self._get_special_days)
        return {(CALENDAR, number): handler for number, handler in enumerate(handlers)}
