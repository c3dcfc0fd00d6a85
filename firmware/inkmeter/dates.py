"""Days and times as people read them, in British civil time."""

from micropython import const

from inkmeter.clock import civil, hours_and_minutes, local

_DAY = const(86400)


def local_day(utc):
    """The number of the British civil day: 0 is 2000-01-01."""
    return local(utc) // _DAY


def weekday(day):
    """0 for Monday."""
    return (day + 5) % 7


def date(day, days, months):
    """'Sat 21 Nov' of a local day, from two lists with commas."""
    _, month, number, _, _ = civil(day * _DAY)
    return "%s %d %s" % (days.split(",")[weekday(day)], number, months.split(",")[month - 1])


def when(utc, now, days, months):
    """'13:30' today, 'Sat 13:30' within the last days, else 'Sat 21 Nov'."""
    if utc is None or now is None:
        return hours_and_minutes(utc)
    day = local_day(utc)
    apart = abs(local_day(now) - day)
    if not apart:
        return hours_and_minutes(utc)
    if apart < 6:
        return days.split(",")[weekday(day)] + " " + hours_and_minutes(utc)
    return date(day, days, months)
