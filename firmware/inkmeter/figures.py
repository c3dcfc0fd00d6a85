"""The meter's own figures of days, weeks and months that are over: a job that reads them, and what it read, from flash.

Metering 0x0702, attribute set 0x04 (of the mirror: 0x0C, in kWh); Prepayment 0x0705, set 0x05. The file `figures0` or
`figures1` holds 26 rows of three 32-bit numbers: delivered, received (both as raw as the Meter's registers) and cost in
1/100,000; all ones for unknown. It is written when something changed: once a day.
"""

from struct import pack_into, unpack_from

from micropython import const

from inkmeter import asking, fields, store, units
from inkmeter.radio import METERING, PREPAYMENT

_EACH = const(21600)
_AFTER_MIDNIGHT = const(600)
_A_DAY = const(86400)
_AT_ONCE = const(6)
_ROW = const(12)

DAY = const(0)  # rows 0 to 7: yesterday and the seven days before
WEEK = const(8)  # rows 8 to 12
MONTH = const(13)  # rows 13 to 25
_ROWS = const(26)
_ALTERNATIVE = const(0x0800)
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


def period(first, back, commodity=0):
    """(delivered, received, cost) of the `back`th DAY, WEEK or MONTH that is over, 0 for the last one; each None where
    the meter does not say.
    """
    try:
        with open("figures%d" % commodity, "rb") as file:
            file.seek((first + back) * _ROW)
            row = unpack_from("<III", file.read(_ROW))
    except (OSError, ValueError):
        return None, None, None
    return tuple([None if value == 0xFFFFFFFF else value for value in row])


async def run(rounds, commodity):
    held = bytearray(b"\xff" * (_ROW * _ROWS))
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
    store.keep("figures%d" % commodity, held)
    utc = rounds.session.clock.now()
    return _EACH if utc is None else min(_EACH, _A_DAY - utc % _A_DAY + _AFTER_MIDNIGHT)


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
                pack_into("<I", held, n * _ROW + 4 * column, value)
                some = True
        if not some:
            break
    return some
