"""What the ledger does seldom: prices what was read, closes half-hours and days, and judges readings that look wrong.

Nothing here is remembered between calls: the books are the Ledger's lists, the rest is on the flash.
"""

import os

from micropython import const

from inkmeter import rates, records
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
    NEXT_FACTOR,
    NEXT_STANDING,
    NONE,
    PARTIAL,
    PENDING,
    RATE,
    RAW,
    RECEIVED,
    SENT,
    SLOTS,
    STANDING,
    SUSPECT,
    TOTAL_SUM,
    TOTAL_UNPRICED,
    UNCONVERTED,
    UNPRICED,
    UNTIL,
    UTC,
    WH_CARRY,
)
from inkmeter.log import log
from inkmeter.records import FOLDER, HALF, HALF_HOUR, PERIOD

_FORGOTTEN = const("forgot")
_OUTAGE = const(300)  # s between readings over a half-hour's end, beyond which the two halves are an estimate
_GAS_OUTAGE = const(2400)
_LONGEST = const(2678400)  # s: what was used in more than a month is not apportioned
_JUMP = const(200)
_LARGEST = const(1000000000000)  # Wh or litres: no meter has so many digits
_BACK = const(3600)  # s by which the hub's clock may be put right
_AGREEING = const(3)  # readings
_AGREEING_FOR = const(120)  # s


def do(ledger, what):
    """What Ledger asks for: "start", "settle" or "forget"."""
    if what == "settle":
        for commodity in range(2):
            if ledger.books[commodity][PENDING] is not None:
                _take(ledger, commodity)
        return
    if what == "forget":
        _forget()
        try:
            os.rename(FOLDER, _FORGOTTEN)  # all of it, in one commit
        except OSError as error:
            log("ledger", "nothing to forget:", error)
    _forget()
    try:
        os.mkdir(FOLDER)
    except OSError:
        pass
    ledger.books = [_load(commodity) for commodity in range(2)]


def _forget():
    try:
        for name in os.listdir(_FORGOTTEN):
            os.remove(_FORGOTTEN + "/" + name)
        os.rmdir(_FORGOTTEN)
    except OSError:
        pass


def _load(commodity):
    s = [0] * SLOTS
    s[RECEIVED] = s[BASE_RECEIVED] = NONE
    s[RATE] = s[EXPORT_RATE] = s[STANDING] = s[NEXT_STANDING] = s[PENDING] = s[SUSPECT] = None
    _, kept = records.newest(commodity)
    if kept:
        s[UTC : RECEIVED + 1] = kept[0:3]
        s[WH_CARRY : DAY + 1] = kept[3:7]
        s[STANDING], s[FACTOR], s[NEXT_FACTOR] = kept[7:10]
        s[NEXT_STANDING] = s[STANDING]
        s[BASE_UTC : BASE_RECEIVED + 1] = s[UTC : RECEIVED + 1]
        _go_to_day(commodity, s, s[UTC])
    return s


def _tail(s):
    return records.pack_tail(s[UTC : RECEIVED + 1] + s[WH_CARRY : DAY + 1] + [s[STANDING], s[FACTOR], s[NEXT_FACTOR]])


def _go_to_day(commodity, s, utc):
    # Begins the local day of `utc`; the one before is closed, which a power cut may have kept from being done.
    day = records.local_day(utc)
    if s[DAY] and day != s[DAY]:
        _close_day(commodity, s)
    s[DAY] = day
    s[DAY_END] = records.day_start(day + 1)
    s[DAY_SUM : DAY_SUM + 5] = records.add_day(commodity, day)[0]


def _take(ledger, commodity):
    # Books the reading that the Ledger could not.
    s = ledger.books[commodity]
    utc, delivered, received = s[PENDING]
    s[PENDING] = None
    if not 0 <= delivered < _LARGEST or received >= _LARGEST:
        ledger.held_back += 1
        return
    if not s[UTC] or s[SUSPECT] == EXCHANGED:
        _rebase(commodity, s, utc, delivered, received, PARTIAL | EXCHANGED if s[UTC] else PARTIAL)
        return
    if received >= 0 > s[RECEIVED]:
        # The meter has begun to count what is sent out.
        s[RECEIVED] = s[BASE_RECEIVED] = received
    seconds = utc - s[UTC]
    used = delivered - s[DELIVERED]
    sent = received - s[RECEIVED]
    if seconds < 0 and (commodity or used == sent == 0):
        if seconds > -_BACK:
            return  # an older snapshot, or the hub's clock put right
    elif -_BACK < seconds < 0:
        utc = s[UTC]
        seconds = 0
    if _can_be(commodity, seconds, used) and _can_be(commodity, seconds, sent):
        s[SUSPECT] = None
        if seconds > _LONGEST:
            _rebase(commodity, s, utc, delivered, received, PARTIAL)
        else:
            _book_to(commodity, s, utc, delivered, received)
    else:
        ledger.held_back += 1
        _suspect(commodity, s, utc, delivered, received)


def _can_be(commodity, seconds, count):
    # No more than three phases' fuses of 100 A let through, 20 Wh a second, or a U16 gas meter, 5 litres.
    return seconds >= 0 and 0 <= count <= seconds * (5 if commodity else 20) + _JUMP


def _suspect(commodity, s, utc, delivered, received):
    # A reading that cannot be, unless several agree with each other: then the meter is another one.
    # One that could be, in between, ends the row.
    if s[SUSPECT] and s[SUSPECT][5] == s[UTC]:
        since, last, used, sent, count, good = s[SUSPECT]
        if utc == last and delivered == used:
            return
        if _can_be(commodity, utc - last, delivered - used) and _can_be(commodity, utc - last, received - sent):
            count += 1
            if count >= _AGREEING and utc - since >= _AGREEING_FOR:
                log("ledger", "another register from here on:", commodity, delivered)
                _rebase(commodity, s, utc, delivered, received, PARTIAL | EXCHANGED)
                return
            s[SUSPECT] = (since, utc, delivered, received, count, good)
            return
    s[SUSPECT] = (utc, utc, delivered, received, 1, s[UTC])


def _rebase(commodity, s, utc, delivered, received, flags):
    # Goes on from this reading, whatever was before it. What the last base has is booked first.
    s[SUSPECT] = None
    if s[UTC]:
        _book_to(commodity, s, s[UTC], s[DELIVERED], s[RECEIVED], True)
        if utc // HALF_HOUR != s[UTC] // HALF_HOUR:
            if s[UTC] % HALF_HOUR:
                s[FLAGS] |= PARTIAL
                out = bytearray()
                half = s[UTC] // HALF_HOUR
                _close_half(commodity, s, half, out)
                s[UTC] = utc
                s[DELIVERED] = delivered
                s[RECEIVED] = received
                _commit(commodity, s, half, out)
            s[FLAGS] = 0
    _go_to_day(commodity, s, utc)
    s[FLAGS] |= flags
    s[UTC] = utc
    s[DELIVERED] = delivered
    s[RECEIVED] = received
    _adopt(s)
    _look_up(commodity, s, utc)
    s[BASE_UTC : BASE_RECEIVED + 1] = s[UTC : RECEIVED + 1]
    _set_end(s)


def _set_end(s):
    s[END] = min((s[UTC] // HALF_HOUR + 1) * HALF_HOUR, s[UNTIL])


def _adopt(s):
    s[STANDING] = s[NEXT_STANDING]
    s[FACTOR] = s[NEXT_FACTOR]


def _look_up(commodity, s, since):
    # What holds at the last reading; returns the rates from `since` on, paid and earned.
    paid = rates.over(commodity, since, rates.FOREVER)
    earned = rates.over(EXPORT, since, rates.FOREVER) if commodity == IMPORT else [(since, None)]
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
    return rate, rates.FOREVER


def _book_to(commodity, s, utc, delivered, received, fold=False):
    # Prices and files what is between the base and this reading, which becomes the last one. Within one half-hour and
    # one rate there is nothing to do, unless `fold`.
    since = s[BASE_UTC]
    middle = s[UTC : RECEIVED + 1]
    to = [utc, delivered, received]
    s[UTC : RECEIVED + 1] = to
    if utc < s[UNTIL]:
        known = [(since, s[RATE])], [(since, s[EXPORT_RATE])]
    else:
        known = _look_up(commodity, s, since)
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
    _set_end(s)


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
        part = end - at if span else 1
        whole = span or 1
        delivered = start[1] + used * (end - start[0] if span else 1) // whole
        received = start[2] + sent * (end - start[0] if span else 1) // whole
        s[RAW] += delivered - s[DELIVERED]
        s[SENT] += received - s[RECEIVED]
        if rate is not None:
            s[COST] += used * 1000 * rate * part // whole
        elif used:
            s[FLAGS] |= UNPRICED
        if paid is not None:
            s[EARNED] += sent * 1000 * paid * part // whole
        s[UTC] = end
        s[DELIVERED] = delivered
        s[RECEIVED] = received
        if end == full:
            _close_half(commodity, s, at // HALF_HOUR, out)
            if end == s[DAY_END] or end + HALF_HOUR > to[0] or full // HALF_HOUR % PERIOD == 0:
                _commit(commodity, s, full // HALF_HOUR - len(out) // HALF, out)
                out[:] = b""
            if end == s[DAY_END]:
                _go_to_day(commodity, s, end)
            _adopt(s)
        if end == to[0]:
            return


def _close_half(commodity, s, half, out):
    # The half-hour's record, with the day's and the total sums.
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
    wh = min(wh, most)
    sent = min(sent, most)
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


def _commit(commodity, s, half, out):
    try:
        records.put_halves(commodity, half, out, _tail(s))
    except OSError as error:
        # The device goes on; this half-hour will be a gap, to be filled from the meter's log.
        log("ledger", "cannot save:", error)


def _close_day(commodity, s):
    total, known, _ = records.add_day(commodity, s[DAY])
    wh, sent, cost, earned, flags = total
    try:
        records.put_day(commodity, s[DAY], wh, sent, cost, earned, s[STANDING], flags, known)
    except OSError as error:
        log("ledger", "cannot save:", error)
