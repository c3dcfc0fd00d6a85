"""What changes half-hours that were filed already: the meter's own logs for gaps, and prices that were heard late."""

from micropython import const

from inkmeter import lazy, rates, records
from inkmeter.ledger import (
    BASE_UTC,
    COST,
    DAY,
    DAY_SUM,
    EARNED,
    ESTIMATED,
    EXCHANGED,
    EXPORT,
    FACTOR,
    FILLED,
    FINE,
    FIRST,
    FLAGS,
    GAS,
    GAS_DIVISOR,
    IMPORT,
    RAW,
    REPRICE,
    SENT,
    TOTAL_SUM,
    TOTAL_UNPRICED,
    UNCONVERTED,
    UNEARNED,
    UNPRICED,
    UTC,
)
from inkmeter.log import log
from inkmeter.rates import A_DAY, CALORIFIC_VALUE, CONVERSION_FACTOR
from inkmeter.records import HALF, HALF_HOUR, PERIOD

_DIRTY = const(255)  # of a day's record, as its count: the half-hours know better
_AT_ONCE = const(172800)  # s of half-hours: pricing them blocks for some 100 ms
_KEPT = const(34300800)  # s for which half-hours are kept, 397 days
_CHUNK = const(16)

_carry = [None] * 4  # what rounding left over, as long as this module stays


def reprice(ledger):
    """Prices again what was filed before its rate was heard: two days of it, the next two when it is called again."""
    for commodity in range(2):
        s = ledger.books[commodity]
        since = s[REPRICE]
        if since:
            since = max(since, s[BASE_UTC] - _KEPT)
            until = min(since + _AT_ONCE, s[BASE_UTC])
            left = until if until < s[BASE_UTC] else 0
            totals = s[TOTAL_SUM : TOTAL_UNPRICED + 1]
            try:
                _reprice(s, commodity, since, until)
                rates.put_late(commodity, left)
            except OSError as error:
                # To be done all over when the next half-hour is booked.
                s[TOTAL_SUM : TOTAL_UNPRICED + 1] = totals
                log("ledger", "cannot save:", error)
                continue
            s[REPRICE] = left
            ledger.due = ledger.due or left > 0


def _round(value, divisor, slot):
    carry = _carry[slot]
    value, _carry[slot] = divmod(value + (divisor // 2 if carry is None else carry), divisor)
    return value


def _money(known, start, end, used):
    # What is used evenly from start to end costs, in 10**-8 GBP; and whether all of it has a price.
    cost = before = 0
    priced = True
    for i, (_, rate) in enumerate(known):
        until = known[i + 1][0] if i + 1 < len(known) else end
        if until <= start:
            continue
        here = used * (min(until, end) - start) // (end - start)
        if here > before:
            if rate is None:
                priced = False
            else:
                cost += (here - before) * rate
            before = here
        if until >= end:
            break
    return cost, priced


def _record(s, commodity, known, half, used, sent):
    # (Wh, sent, cost, earned, flags) of a half-hour of `used` and `sent` of the registers' units.
    start = half * HALF_HOUR
    cost, priced = _money(known[0], start, start + HALF_HOUR, used)
    flags = 0 if priced else UNPRICED
    if commodity == IMPORT:
        earned, priced = _money(known[1], start, start + HALF_HOUR, sent)
        if not priced:
            flags |= UNEARNED
        return used, sent, _round(cost, FINE, 0), _round(earned, FINE, 1), flags
    factor = _at(known[1], start) * _at(known[2], start) or s[FACTOR]
    if not factor:
        flags = UNCONVERTED | UNPRICED
    wh = _round(used * factor, GAS_DIVISOR, 2)
    return wh, used, _round(cost * factor, FINE * GAS_DIVISOR, 3), 0, flags


def _known(commodity, start, end):
    kinds = (IMPORT, EXPORT) if commodity == IMPORT else (GAS, CALORIFIC_VALUE, CONVERSION_FACTOR)
    return [rates.over(kind, start, end) for kind in kinds]


def _at(known, utc):
    # 0 for unknown.
    found = 0
    for since, value in known:
        if since > utc:
            break
        found = value or 0
    return found


def _put(s, commodity, half, buffer):
    # Consecutive half-hours of one file, and the days that they belong to: marked before, summed up after. A power cut
    # between leaves the mark, and whoever reads sums up himself.
    days = []
    for at in range(0, len(buffer), HALF):
        day = records.local_day((half + at // HALF) * HALF_HOUR)
        if day not in days:
            days.append(day)
    kept = [records.get_day(commodity, day) for day in days]
    for i, day in enumerate(days):
        if kept[i]:
            records.put_day(commodity, day, kept[i][:6] + [_DIRTY])
    records.put_halves(commodity, half, buffer)
    for i, day in enumerate(days):
        if day == s[DAY]:
            s[DAY_SUM : DAY_SUM + 5] = records.day_so_far(commodity, day, s[UTC])
        else:
            total, known, _ = records.add_day(commodity, day)
            standing = kept[i][4] if kept[i] else None
            if standing is None:
                standing = _charge(commodity, day)
            records.put_day(commodity, day, total[:4] + [standing, total[4], known])


def _charge(commodity, day):
    end = records.day_start(day + 1)
    return rates.over(A_DAY - commodity, end - 1, end)[0][1]


def gaps(commodity, start, end):
    """Yields (UTC, count) for runs of half-hours from `start` to `end` (UTC) that are missing, or estimated over an
    outage, or not wholly seen: what the meter's own log may know better.
    """
    buffer = bytearray(_CHUNK * HALF)
    half = -(-start // HALF_HOUR)
    end //= HALF_HOUR
    run = 0
    while half < end:
        records.get_halves(commodity, half, buffer)
        for i in range(min(_CHUNK, end - half)):
            if records.is_gap(records.unpack_half(buffer, i * HALF)):
                run += 1
            elif run:
                yield (half + i - run) * HALF_HOUR, run
                run = 0
        half += min(_CHUNK, end - half)
    if run:
        yield (end - run) * HALF_HOUR, run


def fill(ledger, commodity, utc, used, sent=None):
    """Files what the meter's own log says of the half-hour from `utc` on: Wh, or litres of gas, and Wh sent. With
    lists, of consecutive half-hours; None in a list for one that the log does not know. Only gaps are filled. Priced
    with the rates that were in force then. Returns how many were filled. Raises OSError where the flash is full.
    """
    if isinstance(used, int):
        used = (used,)
        sent = None if sent is None else (sent,)
    s = ledger.books[commodity]
    half = utc // HALF_HOUR
    filled = 0
    first = 0
    while first < len(used):
        count = min(len(used) - first, _CHUNK, PERIOD - (half + first) % PERIOD)
        filled += _fill(s, commodity, half + first, used[first : first + count], sent and sent[first : first + count])
        first += count
    return filled


def _fill(s, commodity, half, used, sent):
    buffer = bytearray(len(used) * HALF)
    records.get_halves(commodity, half, buffer)
    known = _known(commodity, half * HALF_HOUR, (half + len(used)) * HALF_HOUR)
    filled = 0
    more = [0] * 4  # used and sent, and how much of these since the total began
    for i, value in enumerate(used):
        found = records.unpack_half(buffer, i * HALF)
        if value is None or not 0 <= value <= 0xFFFF or not records.is_gap(found) or half + i >= s[UTC] // HALF_HOUR:
            continue
        # Without a log of what was sent out, what was apportioned of it stays.
        out = sent[i] if sent and sent[i] is not None else found[1] if found else 0
        if found and found[4] & ESTIMATED:
            for at in range(0, 4 if s[FIRST] and half + i >= s[FIRST] else 2, 2):
                more[at] += found[commodity] - value
                more[at + 1] += 0 if commodity else found[1] - out
        new = _record(s, commodity, known, half + i, value, out)
        kept = found[4] & EXCHANGED if found else 0
        records.pack_half(buffer, i * HALF, *new[:4], new[4] | FILLED | kept)
        filled += 1
    if s[FLAGS] & ESTIMATED and any(more):
        with lazy.module("outages") as outages:
            outages.give_on(s, commodity, half, len(used), more)
    if filled:
        # Half-hours to come have no records yet.
        count = min(len(used), s[UTC] // HALF_HOUR - half)
        _put(s, commodity, half, buffer[: count * HALF])
    return filled


def _reprice(s, commodity, since, until):
    # The half-hours that begin before `until`, or all up to the base, with the prices that are known by now.
    known = _known(commodity, since // HALF_HOUR * HALF_HOUR, until + HALF_HOUR)
    current = until // HALF_HOUR
    half = since // HALF_HOUR
    while half < current:
        count = min(_CHUNK, current - half, PERIOD - half % PERIOD)
        buffer = bytearray(count * HALF)
        records.get_halves(commodity, half, buffer)
        changed = False
        for i in range(count):
            found = records.unpack_half(buffer, i * HALF)
            if found:
                changed = _reprice_half(s, commodity, known, half + i, found, buffer, i * HALF) or changed
        if changed:
            _put(s, commodity, half, buffer)
        half += count
    for day in range(records.local_day(since), min(records.local_day(until) + 1, s[DAY])):
        kept = records.get_day(commodity, day)
        if kept and kept[4] is None and _charge(commodity, day) is not None:
            kept[4] = _charge(commodity, day)
            records.put_day(commodity, day, kept)
    start = current * HALF_HOUR
    if since < until == s[BASE_UTC] and (s[RAW] or s[SENT]):
        s[COST], priced = _money(known[0], start, s[BASE_UTC], s[RAW])
        s[EARNED], paid = _money(known[1], start, s[BASE_UTC], s[SENT])
        s[FLAGS] = s[FLAGS] & ~(UNPRICED | UNEARNED) | (0 if priced else UNPRICED) | (0 if paid else UNEARNED)


def _reprice_half(s, commodity, known, half, found, buffer, at):
    # Only where the new price differs: others keep what was apportioned reading by reading.
    wh, sent, cost, earned, flags = found
    new = list(_record(s, commodity, known, half, sent if commodity else wh, sent))
    # What a log that has turned over no longer knows, the half-hour does.
    lost = new[4] & ~flags
    if lost and commodity:
        return False
    if lost & UNPRICED:
        new[2] = cost
    if lost & UNEARNED:
        new[3] = earned
    new[4] &= flags
    unpriced = new[4] & UNPRICED
    if new[4] == flags & (UNPRICED | UNEARNED) and -1 <= new[2] - cost <= 1 and -1 <= new[3] - earned <= 1:
        return False
    if s[FIRST] and half >= s[FIRST]:
        for i in range(4):
            s[TOTAL_SUM + i] += new[i] - found[i]
        s[TOTAL_UNPRICED] += (1 if unpriced else 0) - (1 if flags & UNPRICED else 0)
        if not s[TOTAL_UNPRICED]:
            s[TOTAL_SUM + 4] &= ~UNPRICED
        if commodity and not new[4] & UNCONVERTED:
            s[TOTAL_SUM + 4] &= ~UNCONVERTED
    records.pack_half(buffer, at, new[0], new[1], new[2], new[3], flags & ~(UNPRICED | UNEARNED) | new[4])
    return True
