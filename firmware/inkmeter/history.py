"""The history as screens and exports read it: half-hours, days, weeks, months. Cost is in 1/100,000 GBP."""

import os
from struct import unpack_from

from micropython import const

from inkmeter import records
from inkmeter.clock import civil
from inkmeter.ledger import MISSING, STANDING_CHARGE, UNCONVERTED, UNEARNED, UNPRICED
from inkmeter.records import HALF, HALF_HOUR, day_start, local_day  # noqa: F401, for who asks for a day

_CHUNK = const(32)
# Rows of the file that `figures` makes
DAY = const(0)  # 0 to 7: yesterday and the seven days before
WEEK = const(8)  # 8 to 12
MONTH = const(13)  # 13 to 25
ROW = const(12)  # octets
_ROWS = const(26)


def _seen(commodity, wh, sent, cost, flags):
    # What cannot be said is None.
    if commodity and flags & UNCONVERTED:
        wh = None
    return wh, sent, None if flags & UNPRICED else cost, flags


def halves(commodity, day):
    """The half-hours of a British local day, 46, 48 or 50: (Wh, Wh sent or litres of gas, cost, flags), or None where
    nothing is known. The cost is the energy's alone.
    """
    start = day_start(day) // HALF_HOUR
    buffer = bytearray((day_start(day + 1) // HALF_HOUR - start) * HALF)
    records.get_halves(commodity, start, buffer)
    result = []
    for at in range(0, len(buffer), HALF):
        found = records.unpack_half(buffer, at)
        result.append(found and _seen(commodity, found[0], found[1], found[2], found[4]))
    return result


def holds(before):
    """Whether some half-hour before a UTC is known, of either commodity."""
    for name in os.listdir(records.FOLDER):
        if name.startswith("h"):
            commodity, number = name[1:].split(".")
            start = int(number) * records.PERIOD * HALF_HOUR
            for _ in each(int(commodity), start, min(before, start + records.PERIOD * HALF_HOUR)):
                return True
    return False


def each(commodity, start, end):
    """Yields (UTC, Wh, Wh sent or litres, cost, flags, earned) of every known half-hour from `start` to `end` (UTC)."""
    buffer = bytearray(_CHUNK * HALF)
    half = -(-start // HALF_HOUR)
    end //= HALF_HOUR
    while half < end:
        records.get_halves(commodity, half, buffer)
        for i in range(min(_CHUNK, end - half)):
            found = records.unpack_half(buffer, i * HALF)
            if found:
                seen = _seen(commodity, found[0], found[1], found[2], found[4])
                yield ((half + i) * HALF_HOUR,) + seen + (None if found[4] & UNEARNED else found[3],)
        half += _CHUNK


def day(commodity, day):
    """A closed local day: (Wh, Wh sent or litres, cost with the standing charge, flags, earned, standing charge or
    None), or None where nothing of it is known.
    """
    kept = records.get_day(commodity, day)
    if kept and kept[6] != 255:
        wh, sent, cost, earned, standing, flags, known = kept
    else:
        # Never summed up, or its half-hours were changed when the power failed.
        total, known, _ = records.add_day(commodity, day)
        if not known:
            return None
        wh, sent, cost, earned, flags = total
        standing = kept[4] if kept else None
    if known * HALF_HOUR < day_start(day + 1) - day_start(day):
        flags |= MISSING
    if standing is not None:
        flags |= STANDING_CHARGE
        cost += standing
    return _seen(commodity, wh, sent, cost, flags) + (None if flags & UNEARNED else earned, standing)


def days(commodity, last, count):
    """day() of `count` local days, the last of them `last`, oldest first."""
    return [day(commodity, last - i) for i in range(count - 1, -1, -1)]


def own(first, back, commodity=0, today=None):
    """(delivered, received, cost) that the meter itself keeps of the `back`th DAY, WEEK or MONTH that is over, 0 for
    the last one; registers' units as they are, each None where the meter does not say. A DAY is counted back from the
    day with the number `today`, else from the day on which all this was read.
    """
    try:
        with open("figures%d" % commodity, "rb") as file:
            if today is not None:
                file.seek(_ROWS * ROW)
                back -= today - int.from_bytes(file.read(4), "little")
                if not 0 <= back < WEEK:
                    return None, None, None
            file.seek((first + back) * ROW)
            return _figures(file.read(ROW), 0)
    except (OSError, ValueError):
        return None, None, None


def kept(commodity):
    """What the meter itself keeps of months, then of weeks, that are over, the last one first: [(whether a month,
    which, delivered, cost), ...]. Months count from January 2000, a week is the day of its Monday; they are UTC's.
    Numbers as own() has them.
    """
    try:
        with open("figures%d" % commodity, "rb") as file:
            held = file.read()
    except OSError:
        held = b""
    day = int.from_bytes(held[_ROWS * ROW :], "little")
    if not day:
        return []
    year, month = civil(day * 86400)[:2]
    this_month = (year - 2000) * 12 + month - 1
    this_week = day - (day - 2) % 7
    rows = []
    for row in range(MONTH, _ROWS):
        rows.append((True, this_month - 1 - (row - MONTH)) + _figures(held, row))
    for row in range(WEEK, MONTH):
        rows.append((False, this_week - 7 - 7 * (row - WEEK)) + _figures(held, row))
    return [(month, which, wh, cost) for month, which, wh, _, cost in rows if wh is not None or cost is not None]


def _figures(held, row):
    return tuple([None if value == 0xFFFFFFFF else value for value in unpack_from("<III", held, row * ROW)])


def since(ledger, commodity, first):
    """(Wh, Wh sent or litres, cost, flags) from the local day `first` until now; MISSING in the flags where some of it
    is not known. None where nothing is.
    """
    now = ledger.clock.now()
    total = ledger.today(commodity)
    if now is None:
        return total
    today = local_day(now)
    for number in range(first, today):
        total = _sum(total, day(commodity, number))
    return total


def _sum(a, b):
    if a is None or b is None:
        one = a or b
        return one and one[:3] + (one[3] | MISSING,)
    return (
        None if a[0] is None or b[0] is None else a[0] + b[0],
        a[1] + b[1],
        None if a[2] is None or b[2] is None else a[2] + b[2],
        a[3] | b[3],
    )


def week(ledger, commodity):
    """since() the last Monday."""
    now = ledger.clock.now()
    # 2000-01-01 was a Saturday.
    return since(ledger, commodity, now and local_day(now) - (local_day(now) - 2) % 7)


def month(ledger, commodity):
    """since() the first of the month."""
    now = ledger.clock.now()
    return since(ledger, commodity, now and local_day(now) - civil(local_day(now) * 86400)[2] + 1)
