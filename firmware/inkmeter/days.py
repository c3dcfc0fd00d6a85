"""A meter's calendar: seasons, weeks, days and special days, and the switches between tiers that follow from them.

Bytes in, times out (SE 1.4, D.9.2.4). All of it is asked for by number: which calendar, which week, which day.
"""

from micropython import const

from inkmeter import clock, zcl

_DAY = const(86400)
_LOCAL = const(2)
_ANY = const(0xFF)
_MOST = const(64)


def _need(payload, size):
    if len(payload) < size:
        raise zcl.ZclError("short calendar")


def read(held):
    """The Calendar of what `calendars` kept, None for none. Raises ZclError for a damaged file."""
    calendar = None
    at = 0
    while at + 3 <= len(held):
        number, end = held[at], at + 3 + (held[at + 1] | held[at + 2] << 8)
        _need(held, end)
        payload = held[at + 3 : end]
        if number == 0:
            calendar = Calendar(payload)
        elif calendar and number < 5:
            (calendar.add_day, calendar.add_week, calendar.add_seasons, calendar.add_special_days)[number - 1](payload)
        at = end
    return calendar


class Calendar:
    """A Publish Calendar command, to be filled with what it counts. Raises
    ZclError.
    """

    def __init__(self, payload):
        _need(payload, 22)
        at = 19 + (payload[18] if payload[18] != _ANY else 0)
        _need(payload, at + 3)
        self.start = int.from_bytes(payload[12:16], "little")
        self.reference = payload[17]
        self._seasons = []
        self._weeks = {}
        self._days = {}
        self._special = []

    def add_seasons(self, payload):
        """A Publish Seasons command."""
        for at in range(14, len(payload) - 4, 5):
            year, month, day, _, week = payload[at : at + 5]
            if len(self._seasons) < _MOST:
                self._seasons.append((year, month, 1 if day == _ANY else day, week))

    def add_week(self, payload):
        """A Publish Week Profile command."""
        _need(payload, 20)
        self._weeks[payload[12]] = bytes(payload[13:20])

    def add_day(self, payload):
        """A Publish Day Profile command, or a further part of one."""
        _need(payload, 20)
        entries = self._days.get(payload[12], b"") + bytes(payload[17 : len(payload) - (len(payload) - 17) % 3])
        self._days[payload[12]] = entries

    def add_special_days(self, payload):
        """A Publish Special Day Profile command."""
        for at in range(20, len(payload) - 4, 5):
            year, month, day, weekday, profile = payload[at : at + 5]
            if len(self._special) < _MOST:
                self._special.append((year, month, day, weekday, profile))

    def _week(self, year, month, day):
        # The season that began last; where none has begun yet in this year, the one that the year before ended with.
        best = None
        for season in sorted(self._seasons):
            own, first, on, week = season
            if own == _ANY:
                before = (first, on) <= (month, day)
                key = (year if before else year - 1, first, on)
            else:
                key = (1900 + own, first, on)
                if key > (year, month, day):
                    continue
            if best is None or key >= best[0]:
                best = key, week
        if best:
            return best[1]
        return min(self._weeks) if self._weeks else None

    def day_profile(self, year, month, day, weekday):
        """The number of the day profile of a date (weekday 0 is Monday); None where the calendar does not say."""
        for own, first, on, own_weekday, profile in self._special:
            if (
                own in (_ANY, year - 1900)
                and first in (_ANY, month)
                and on in (_ANY, day)
                and own_weekday in (_ANY, weekday + 1)
            ):
                return profile
        week = self._weeks.get(self._week(year, month, day))
        if week is None:
            return min(self._days) if len(self._days) == 1 else None
        return week[weekday]

    def switches(self, start, end):
        """[(UTC, tier)] of the days from `start` to `end` (UTC midnights), rising; tier 0 where nothing is known."""
        found = []
        for midnight in range(start, end, _DAY):
            year, month, day = clock.civil(midnight)[:3]
            weekday = (midnight // _DAY + 5) % 7  # 2000-01-01 was a Saturday
            entries = self._days.get(self.day_profile(year, month, day, weekday), b"\x00\x00\x00")
            for at in range(0, len(entries), 3):
                utc = midnight + 60 * (entries[at] | entries[at + 1] << 8)
                if self.reference == _LOCAL:
                    if clock.summer_time(utc - 3600):
                        utc -= 3600
                    elif clock.summer_time(utc):
                        # In spring the clock leaves this time out.
                        utc -= utc % 3600
                tier = entries[at + 2]
                if not found or found[-1][1] != tier:
                    found.append((utc, tier))
        return found
