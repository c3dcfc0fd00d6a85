"""When a simulated home begins: as people say it, by the British clock."""

from __future__ import annotations

import datetime
import zoneinfo

LONDON = zoneinfo.ZoneInfo("Europe/London")
FIRST, LAST = datetime.date(2024, 1, 1), datetime.date(2033, 12, 31)
_DAY_S = 86_400


class NoSuchTime(ValueError):
    """What is no time to begin at; the message is for the person."""


# Times worth beginning at.
NAMED = {
    "A winter morning": "2027-01-12T06:00",
    "A summer morning": "2026-06-21T06:00",
    "The night when the clocks go forward": "2027-03-27T22:00",
    "The night when the clocks go back": "2026-10-24T22:00",
    "New Year's Eve, just before midnight": "2026-12-31T23:40",
    "The end of a leap February": "2028-02-28T22:00",
}


def parse(text: str) -> int:
    """Microseconds since 1970 of a British civil time such as "2026-10-25T06:00"; of one that comes twice, the first.
    Raises NoSuchTime.
    """
    try:
        wall = datetime.datetime.strptime(text.strip().replace(" ", "T"), "%Y-%m-%dT%H:%M")
    except ValueError:
        raise NoSuchTime("Say the day and the time like this: 2026-10-25T06:00.") from None
    if not FIRST <= wall.date() <= LAST:
        raise NoSuchTime(f"A home can begin from {_said(FIRST)} to {_said(LAST)}.")
    local = wall.replace(tzinfo=LONDON)
    if local.astimezone(datetime.UTC).astimezone(LONDON).replace(tzinfo=None) != wall:
        raise NoSuchTime(f"The clocks go forward that night: there is no {wall:%H:%M}. Take 02:00 instead.")
    return int(local.timestamp()) * 1_000_000


def _said(day: datetime.date) -> str:
    return f"{day.day} {day:%B %Y}"


def is_allowed(start_us: int) -> bool:
    """Whether a home can begin at this microsecond since 1970."""
    first, last = (
        int(datetime.datetime.combine(day, datetime.time(), LONDON).timestamp()) * 1_000_000 for day in (FIRST, LAST)
    )
    return first <= start_us < last + _DAY_S * 1_000_000


def wall_clock(start_us: int) -> str:
    """The British civil time of a start, to the minute."""
    return datetime.datetime.fromtimestamp(start_us // 1_000_000, LONDON).strftime("%Y-%m-%dT%H:%M")
