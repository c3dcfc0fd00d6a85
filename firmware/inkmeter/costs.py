"""A job: what the meter itself says that the day, the week, the month and the time since the last bill cost.

Prepayment 0x0705, attribute set 0x05 (scaled by CurrencyScalingFactor); Metering 0x0702, set 0x0A.
"""

from micropython import const

from inkmeter import asking
from inkmeter.asking import MONEY
from inkmeter.facts import BILL_AT, BILL_TO_DATE, COST_MONTH, COST_TODAY, COST_WEEK
from inkmeter.radio import METERING, PREPAYMENT

_EACH = const(300)
_EACH_MIRRORED = const(1800)

_CURRENCY_SCALING_FACTOR = const(0x300502)
_BILL_TRAILING_DIGIT = const(0x180A04)

COSTS = (MONEY | 0x25051C, COST_TODAY, MONEY | 0x250530, COST_WEEK, MONEY | 0x250540, COST_MONTH)
BILL = (MONEY | 0x230A00, BILL_TO_DATE, 0xE20A01, BILL_AT)


def names(table, more):
    return [table[i] & 0xFFFFFF for i in range(0, len(table), 2)] + [more]


def cost_digits(found):
    """How many digits of a cost are to the right of the point: CurrencyScalingFactor 0 is 10**-6, 6 is 1."""
    factor = found.get(_CURRENCY_SCALING_FACTOR)
    return None if factor is None or factor > 12 else 6 - factor


def bill_digits(found):
    digits = found.get(_BILL_TRAILING_DIGIT)
    return None if digits is None else digits >> 4


async def run(rounds, commodity):
    found = await asking.read(rounds, commodity, PREPAYMENT, names(COSTS, _CURRENCY_SCALING_FACTOR))
    some = asking.file(rounds, commodity, found, COSTS, cost_digits(found))
    found = await asking.read(rounds, commodity, METERING, names(BILL, _BILL_TRAILING_DIGIT))
    some = asking.file(rounds, commodity, found, BILL, bill_digits(found)) or some
    if not some:
        return None
    return _EACH_MIRRORED if commodity else _EACH
