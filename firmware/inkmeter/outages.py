"""What the meter's log says that an outage's half-hours did not use, the rest of the outage did: the register tells the
sum, and the half-hour in which the outage ended has what is left of it until the log tells of that one too.
"""

from micropython import const

from inkmeter import records
from inkmeter.ledger import (
    COST,
    EARNED,
    ESTIMATED,
    EXPORT_RATE,
    FACTOR,
    FILLED,
    FINE,
    GAS_DIVISOR,
    RATE,
    RAW,
    SENT,
    TOTAL_SUM,
    UTC,
)
from inkmeter.records import HALF, HALF_HOUR

_SHORT = const(48)  # half-hours


def give_on(s, commodity, half, count, more):
    """Gives the half-hour that is not over yet what `count` half-hours from number `half` on were apportioned too much,
    if all are of one outage of no more than a day that goes on into it. `more` is what was used and what was sent
    (registers' units; too little where negative), and the part of both that the total since the start has.
    """
    if not _goes_on(s, commodity, half, count):
        return
    for at, value in enumerate(_priced(s, more[0], more[1])):
        s[(RAW, SENT, COST, EARNED)[at]] += value
    # The total has the estimate, and keeps its sum.
    used, sent, cost, earned = _priced(s, more[2], more[3])
    if commodity:
        sent = used
        used = used * s[FACTOR] // GAS_DIVISOR
        cost = cost * s[FACTOR] // GAS_DIVISOR
    for i, value in enumerate((used, sent, cost // FINE, earned // FINE)):
        s[TOTAL_SUM + i] -= value


def _priced(s, used, sent):
    return used, sent, used * (s[RATE] or 0), sent * (s[EXPORT_RATE] or 0)


def _goes_on(s, commodity, half, count):
    first = s[UTC] // HALF_HOUR - _SHORT
    if half < first:
        return False
    buffer = bytearray(_SHORT * HALF)
    records.get_halves(commodity, first, buffer)
    run = 0
    for n in range(_SHORT):
        found = records.unpack_half(buffer, n * HALF)
        flags = found[4] if found else 0
        if n >= half + count - first:
            if not flags & (ESTIMATED | FILLED):
                return False
        elif n < half - first:
            run = run + 1 if flags & ESTIMATED else 0
    return run < half - first
