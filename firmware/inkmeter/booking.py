"""What the ledger does seldom: prices what was read, closes half-hours and days, and judges readings that look wrong.

Nothing here is remembered between calls: the books are the Ledger's lists, the rest is on the flash.
"""

from micropython import const

from inkmeter import lazy, records
from inkmeter.ledger import (
    BASE_RECEIVED,
    BASE_UTC,
    COST,
    COST_CARRY,
    DAY,
    DAY_END,
    DAY_SUM,
    DELIVERED,
    EARNED,
    EARNED_CARRY,
    END,
    ESTIMATED,
    EXCHANGED,
    EXPORT,
    EXPORT_RATE,
    FACTOR,
    FINE,
    FIRST,
    FLAGS,
    GAS_DIVISOR,
    IMPORT,
    LITRES_A_SECOND,
    NEXT_FACTOR,
    NEXT_STANDING,
    PENDING,
    RATE,
    RAW,
    RECEIVED,
    SENT,
    STANDING,
    STEP,
    SUSPECT,
    TOTAL_SUM,
    TOTAL_UNPRICED,
    UNCONVERTED,
    UNEARNED,
    UNPRICED,
    UNTIL,
    UTC,
    WH_A_SECOND,
    WH_CARRY,
)
from inkmeter.log import log
from inkmeter.rates import FOREVER
from inkmeter.records import HALF, HALF_HOUR, PERIOD

_OUTAGE = const(300)  # s between readings over a half-hour's end, beyond which the two halves are an estimate
_GAS_OUTAGE = const(2400)
_LONGEST = const(2678400)  # s: what was used in more than a month is not apportioned


def settle(ledger):
    """Books what Ledger.register() could not."""
    for commodity in range(2):
        s = ledger.books[commodity]
        if s[PENDING] is None:
            continue
        reading = s[PENDING]
        s[PENDING] = None
        seconds = reading[0] - s[UTC]
        used = reading[1] - s[DELIVERED]
        sent = reading[2] - s[RECEIVED]
        if (
            s[UTC]
            and s[SUSPECT] != EXCHANGED
            and seconds <= _LONGEST
            and can_be(commodity, seconds, used)
            and can_be(commodity, seconds, sent)
        ):
            s[SUSPECT] = None
            book_to(commodity, s, *reading)
        else:
            with lazy.module("rebasing") as rebasing:
                rebasing.take(ledger, commodity, *reading)


def can_be(commodity, seconds, count):
    """Whether a register can have gone on by `count` (Wh or litres) in so many seconds."""
    return seconds >= 0 and 0 <= count <= seconds * (LITRES_A_SECOND if commodity else WH_A_SECOND) + STEP


def _tail(s):
    return records.pack_tail(s[UTC : RECEIVED + 1] + s[WH_CARRY : DAY + 1] + [s[STANDING], s[FACTOR], s[NEXT_FACTOR]])


def go_to_day(commodity, s, utc):
    """Begins the local day of `utc`; closes the one before, which a power cut may have kept from being done."""
    day = records.local_day(utc)
    if s[DAY] and day != s[DAY]:
        _close_day(commodity, s)
    s[DAY] = day
    s[DAY_END] = records.day_start(day + 1)
    s[DAY_SUM : DAY_SUM + 5] = records.day_so_far(commodity, day, utc)


def set_end(s):
    """Until when readings need no booking."""
    s[END] = min((s[UTC] // HALF_HOUR + 1) * HALF_HOUR, s[UNTIL])


def adopt(s):
    """What was told meanwhile is in force from here on."""
    s[STANDING] = s[NEXT_STANDING]
    s[FACTOR] = s[NEXT_FACTOR]


def look_up(commodity, s, since):
    """Sets what holds at the last reading; returns the rates from `since` on, paid and earned, as rates.over() does."""
    with lazy.module("rates") as rates:
        paid = rates.over(commodity, since, FOREVER)
        earned = rates.over(EXPORT, since, FOREVER) if commodity == IMPORT else [(since, None)]
    s[RATE], until = _at(paid, s[UTC])
    s[EXPORT_RATE], s[UNTIL] = _at(earned, s[UTC])
    s[UNTIL] = min(s[UNTIL], until)
    return paid, earned


def _at(known, utc):
    # (rate, when it changes)
    rate = None
    for start, value in known:
        if start > utc:
            return rate, start
        rate = value
    return rate, FOREVER


def book_to(commodity, s, utc, delivered, received, fold=False):
    """Prices and files what is between the base and this reading, which becomes the last one. Within one half-hour
    and one rate there is nothing to do, unless `fold`.
    """
    since = s[BASE_UTC]
    middle = s[UTC : RECEIVED + 1]
    to = [utc, delivered, received]
    s[UTC : RECEIVED + 1] = to
    if utc < s[UNTIL]:
        known = [(since, s[RATE])], [(since, s[EXPORT_RATE])]
    else:
        known = look_up(commodity, s, since)
    change = min(_at(known[0], since)[1], _at(known[1], since)[1])
    if fold or utc // HALF_HOUR != since // HALF_HOUR or change <= utc:
        out = bytearray()
        s[UTC : RECEIVED + 1] = s[BASE_UTC : BASE_RECEIVED + 1]
        _spread(commodity, s, known, middle, False, out)
        s[BASE_UTC : BASE_RECEIVED + 1] = middle
        if to != middle:
            _spread(commodity, s, known, to, True, out)
            # What has no price yet stays open: it may come in a moment.
            s[BASE_UTC : BASE_RECEIVED + 1] = s[UTC : RECEIVED + 1]
            s[UTC : RECEIVED + 1] = to
    set_end(s)


def _spread(commodity, s, known, to, leave, out):
    # Apportions an increment by time over half-hours and rates; stops, if it may `leave` it, before a last part without
    # a price. `out` collects the records of a day at most.
    start = s[UTC : RECEIVED + 1]
    span = to[0] - start[0]
    used = to[1] - start[1]
    sent = to[2] - start[2]
    flags = 0
    if span > (_GAS_OUTAGE if commodity else _OUTAGE) and start[0] // HALF_HOUR != to[0] // HALF_HOUR:
        flags = ESTIMATED
    while True:
        at = s[UTC]
        full = (at // HALF_HOUR + 1) * HALF_HOUR
        rate, change = _at(known[0], at)
        paid, end = _at(known[1], at)
        end = min(end, change, to[0], full)
        s[FLAGS] |= flags
        if leave and rate is None and end == to[0] < min(change, full):
            return
        # What the registers show at `end`, in whole units: no unit is priced twice, or half.
        delivered = start[1] + (used * (end - start[0]) // span if span else used)
        received = start[2] + (sent * (end - start[0]) // span if span else sent)
        part = delivered - s[DELIVERED]
        s[RAW] += part
        if rate is not None:
            s[COST] += part * rate
        elif part:
            s[FLAGS] |= UNPRICED
        part = received - s[RECEIVED]
        s[SENT] += part
        if paid is not None:
            s[EARNED] += part * paid
        elif part:
            s[FLAGS] |= UNEARNED
        s[UTC] = end
        s[DELIVERED] = delivered
        s[RECEIVED] = received
        if end == full:
            close_half(commodity, s, at // HALF_HOUR, out)
            if end == s[DAY_END] or end + HALF_HOUR > to[0] or full // HALF_HOUR % PERIOD == 0:
                half = full // HALF_HOUR - len(out) // HALF
                if flags:
                    _keep_what_was_read(commodity, half, out)
                commit(commodity, s, half, out)
                out[:] = b""
                if flags:
                    s[DAY_SUM : DAY_SUM + 5] = records.day_so_far(commodity, s[DAY], end)
            if end == s[DAY_END]:
                go_to_day(commodity, s, end)
            adopt(s)
        if end == to[0]:
            return


def close_half(commodity, s, half, out):
    """Adds the half-hour's record to `out`, and the half-hour to the day and to the total."""
    wh = s[RAW]
    sent = s[SENT]
    cost = s[COST]
    divisor = FINE
    if commodity:
        sent = wh
        wh, s[WH_CARRY] = divmod(wh * s[FACTOR] + s[WH_CARRY], GAS_DIVISOR)
        cost *= s[FACTOR]
        divisor = FINE * GAS_DIVISOR
        if not s[FACTOR]:
            s[FLAGS] |= UNCONVERTED | UNPRICED
    cost, s[COST_CARRY] = divmod(cost + s[COST_CARRY], divisor)
    earned, s[EARNED_CARRY] = divmod(s[EARNED] + s[EARNED_CARRY], FINE)
    most = 0xFFFFFF
    # Below nothing while an outage is only half filled from the meter's log, which will tell of this half-hour too.
    wh = min(max(wh, 0), most)
    sent = min(max(sent, 0), most)
    at = len(out)
    out.extend(bytes(HALF))
    records.pack_half(out, at, wh, sent, cost, earned, s[FLAGS])
    for total in (DAY_SUM, TOTAL_SUM):
        for i, value in enumerate((wh, sent, cost, earned)):
            s[total + i] += value
        s[total + 4] |= s[FLAGS]
    if s[FLAGS] & UNPRICED:
        s[TOTAL_UNPRICED] += 1
    s[FIRST] = s[FIRST] or half
    s[RAW : FLAGS + 1] = [0] * 5


def _keep_what_was_read(commodity, half, out):
    # An estimate is not to replace it: over such a time a clock was wrong, or put right.
    held = bytearray(len(out))
    records.get_halves(commodity, half, held)
    for at in range(0, len(out), HALF):
        if records.unpack_half(out, at)[4] & ESTIMATED and not records.is_gap(records.unpack_half(held, at)):
            out[at : at + HALF] = held[at : at + HALF]


def commit(commodity, s, half, out):
    """Writes the records `out` from `half` on, and where to go on."""
    try:
        records.put_halves(commodity, half, out, _tail(s))
    except (OSError, MemoryError) as error:
        # The device goes on; this half-hour will be a gap, to be filled from the meter's log.
        log("ledger", "cannot save:", error)


def _close_day(commodity, s):
    total, known, _ = records.add_day(commodity, s[DAY])
    try:
        records.put_day(commodity, s[DAY], total[:4] + [s[STANDING], total[4], known])
    except OSError as error:
        log("ledger", "cannot save:", error)
