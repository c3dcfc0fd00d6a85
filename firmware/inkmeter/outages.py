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
    FIRST,
    GAS_DIVISOR,
    RATE,
    RAW,
    SENT,
    TOTAL_SUM,
    UTC,
)
from inkmeter.records import HALF, HALF_HOUR

_SHORT = const(48)  # half-hours


def give_on(s, commodity, half, count, used, sent):
    """Gives the half-hour that is not over yet what `count` half-hours from number `half` on were apportioned too much
    (registers' units; too little where negative), if all are of one outage of no more than a day that goes on into it.
    """
    if not _goes_on(s, commodity, half, count):
        return
    cost = used * (s[RATE] or 0)
    earned = sent * (s[EXPORT_RATE] or 0)
    for at, value in ((RAW, used), (SENT, sent), (COST, cost), (EARNED, earned)):
        s[at] += value
    if s[FIRST] and half >= s[FIRST]:
        # The total since the start has the estimate, and keeps its sum.
        if commodity:
            sent = used
            used = used * s[FACTOR] // GAS_DIVISOR
            cost = cost * s[FACTOR] // GAS_DIVISOR
        for i, value in enumerate((used, sent, cost // FINE, earned // FINE)):
            s[TOTAL_SUM + i] -= value


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
