"""The meter's own figures of days, weeks and months that are over: a job that reads them, and what it read, from flash.

Metering 0x0702, attribute set 0x04 (of the mirror: 0x0C, in kWh); Prepayment 0x0705, set 0x05. The file `figures0` or
`figures1` holds 26 rows of three 32-bit numbers: delivered, received (both as raw as the Meter's registers) and cost in
1/100,000; all ones for unknown. After them stands the number of the UTC day of which they are, the day after the first
row's: when they were read, of gas when its meter last spoke to the mirror; 0 for not known. It is written when
something changed: once a day. `history.own` and `history.kept` read it.
"""

from struct import pack_into

from micropython import const

from inkmeter import asking, fields, store, units
from inkmeter.history import DAY, MONTH, ROW, WEEK
from inkmeter.radio import METERING, PREPAYMENT

_EACH = const(21600)
_AFTER_MIDNIGHT = const(600)
_A_DAY = const(86400)
_AT_ONCE = const(6)
_ROWS = const(26)
_ALTERNATIVE = const(0x0800)
_READING_SNAP_SHOT_TIME = const(0xE20007)
_CURRENCY_SCALING_FACTOR = const(0x300502)


def attribute(row, column):
    """Type << 16 | identifier of what fills a row and column (0 delivered, 1 received, 2 cost); not of gas."""
    if row < WEEK:
        identifier = 0x0403 if row == 0 else 0x041E + 2 * row
        kind = 0x22
    elif row < MONTH:
        identifier = 0x0432 + 2 * (row - WEEK)
        kind = 0x22
    else:
        identifier = 0x0442 + 2 * (row - MONTH)
        kind = 0x23
    if column == 2:
        return 0x25051E if row == 0 else 0x250100 + identifier
    return kind << 16 | identifier + column


async def run(rounds, commodity):
    held = bytearray(b"\xff" * (ROW * _ROWS))
    began = await _as_of(rounds, commodity)
    found = await asking.read(rounds, commodity, PREPAYMENT, (_CURRENCY_SCALING_FACTOR,))
    factor = found.get(_CURRENCY_SCALING_FACTOR)
    digits = None if factor is None else 6 - factor
    some = False
    for column in range(3):
        if column == 2 and digits is None or column == 1 and commodity:
            continue
        for first, last in ((DAY, WEEK), (WEEK, MONTH), (MONTH, _ROWS)):
            some = await _read(rounds, commodity, held, column, first, last, digits) or some
    if not some:
        return None
    # Read over midnight, some rows are of one day and some of another.
    ended = await _as_of(rounds, commodity)
    held += (ended if ended == began else 0).to_bytes(4, "little")
    utc = rounds.session.clock.now()
    store.keep("figures%d" % commodity, held)
    return _EACH if utc is None else min(_EACH, _A_DAY - utc % _A_DAY + _AFTER_MIDNIGHT)


async def _as_of(rounds, commodity):
    # The number of the UTC day, 0 for not known.
    utc = rounds.session.clock.now()
    if commodity:
        found = await asking.read(rounds, commodity, METERING, (_READING_SNAP_SHOT_TIME,))
        utc = found.get(_READING_SNAP_SHOT_TIME)
    return (utc or 0) // _A_DAY


async def _read(rounds, commodity, held, column, first, last, digits):
    unit = rounds.session.home.meter(commodity).unit_of_measure
    some = False
    for row in range(first, last, _AT_ONCE):
        rows = range(row, min(row + _AT_ONCE, last))
        more = _ALTERNATIVE if commodity and column < 2 else 0
        keys = [attribute(n, column) + more for n in rows]
        found = await asking.read(rounds, commodity, PREPAYMENT if column == 2 else METERING, keys)
        for n in rows:
            value = found.get(keys[n - row])
            value = fields.money(value, digits) if column == 2 else units.plain(value, None if more else unit)
            if value is not None and value < 0xFFFFFFFF:
                pack_into("<I", held, n * ROW + 4 * column, value)
                some = True
        if not some:
            break
    return some
