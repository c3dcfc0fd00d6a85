"""The time of day, from the hub: Zigbee UTC (seconds since 2000-01-01) and British civil time."""

from micropython import const

from inkmeter.log import uptime

_MONTHS = const((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))


class Clock:
    """`now()` is None until the hub has told the time."""

    def __init__(self):
        self._base = None

    def set(self, utc):
        self._base = utc - uptime()

    def now(self):
        """Seconds since 2000-01-01 00:00 UTC, or None."""
        return None if self._base is None else self._base + uptime()


def civil(seconds):
    """(year, month, day, hour, minute) of seconds since 2000-01-01, in the same zone."""
    days, seconds = divmod(seconds, 86400)
    year = 2000
    while True:
        length = 366 if year % 4 == 0 else 365  # 2100 is out of a 32-bit UTCTime's good half
        if days < length:
            break
        days -= length
        year += 1
    month = 0
    while True:
        length = _MONTHS[month] + (1 if month == 1 and year % 4 == 0 else 0)
        if days < length:
            return year, month + 1, days + 1, seconds // 3600, seconds // 60 % 60
        days -= length
        month += 1


def _last_sunday(year, month):
    # Both changes are in months of 31 days. 2000-01-01 was a Saturday.
    days = (year - 2000) * 365 + (year - 1997) // 4
    for i in range(month):
        days += _MONTHS[i] + (1 if i == 1 and year % 4 == 0 else 0)
    last = days - 1
    return last - (last + 6) % 7


def summer_time(utc):
    """Whether British Summer Time holds at that UTC: from 01:00 UTC on March's last Sunday to October's."""
    year = civil(utc)[0]
    return _last_sunday(year, 3) * 86400 + 3600 <= utc < _last_sunday(year, 10) * 86400 + 3600


def local(utc):
    """British civil time: seconds since 2000-01-01 00:00 by the clock on the wall."""
    return utc + 3600 if summer_time(utc) else utc


def hours_and_minutes(utc):
    """'13:30' in British civil time, or '--:--' for an unknown time."""
    if utc is None:
        return "--:--"
    return "%02d:%02d" % civil(local(utc))[3:]
