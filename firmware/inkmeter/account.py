"""A job: limits, debts and top-ups of one who pays beforehand (Prepayment 0x0705, SE 1.4 D.7).

Amounts have as many digits to the right of the point as the Price cluster's PriceTrailingDigit says.
"""

from micropython import const

from inkmeter import asking, fields
from inkmeter.asking import MONEY
from inkmeter.facts import (
    CUT_OFF,
    DEBT,
    DEBT_RATE,
    EMERGENCY_LIMIT,
    EMERGENCY_THRESHOLD,
    FRIENDLY_FROM,
    FRIENDLY_UNTIL,
    LAST_TOP_UP,
    LAST_TOP_UP_AT,
    LOW_CREDIT,
    MOST_CREDIT,
    MOST_TOP_UP,
    PREPAID,
    PRICE_DIGITS,
    TOP_UP,
    TOP_UP_AT,
)
from inkmeter.log import uptime
from inkmeter.radio import PREPAYMENT

_EACH = const(900)
_EACH_CREDIT = const(21600)
_PREPAYMENT = const(0x0002)  # bit of PaymentControlConfiguration
_GB_DIGITS = const(5)
_TOP_UPS = const(5)
_DEBTS = const(3)

LIMITS = (
    MONEY | 0x230010,
    EMERGENCY_LIMIT,
    MONEY | 0x230011,
    EMERGENCY_THRESHOLD,
    MONEY | 0x230021,
    MOST_CREDIT,
    MONEY | 0x230022,
    MOST_TOP_UP,
    MONEY | 0x230031,
    LOW_CREDIT,
    MONEY | 0x2B0040,
    CUT_OFF,
    0xE20035,
    FRIENDLY_FROM,
)
_REMAINING_FRIENDLY_CREDIT_TIME = const(0x210034)

# DebtRecoveryFrequency: hour, day, week, month, quarter; how many of them in a week, as a fraction
_A_WEEK = const(((168, 1), (7, 1), (1, 1), (12, 52), (4, 52)))


def top_ups(first, count):
    """The table of so many top-ups' times and amounts, the last one being 0."""
    table = ()
    for n in range(first, first + count):
        table += (0xE20100 + 16 * n, TOP_UP_AT + 8 * n, MONEY | 0x2B0101 + 16 * n, TOP_UP + 8 * n)
    return table


def debts():
    """Type << 16 | identifier of each debt's amount, recovery frequency and recovery amount."""
    wanted = []
    for n in range(1, _DEBTS + 1):
        wanted += [0x230201 + 16 * n, 0x300206 + 16 * n, 0x230207 + 16 * n]
    return wanted


def sum_of_debts(found):
    """(all debts together, what is recovered of them in a week), in raw units; None where the server has none such."""
    amount = rate = None
    wanted = debts()
    for i in range(0, len(wanted), 3):
        owed, often, recovered = [found.get(key) for key in wanted[i : i + 3]]
        if owed is not None:
            amount = (amount or 0) + owed
        if owed and recovered is not None and often is not None and often < len(_A_WEEK):
            times, weeks = _A_WEEK[often]
            rate = (rate or 0) + recovered * times // weeks
    return amount, rate


async def run(rounds, commodity):
    home = rounds.session.home
    side = commodity << 2
    if not (home.fact(PREPAID | side, uptime()) or 0) & _PREPAYMENT:
        return _EACH_CREDIT
    digits = home.fact(PRICE_DIGITS | side, uptime())
    if digits is None:
        digits = _GB_DIGITS
    if not await asking.put(rounds, commodity, PREPAYMENT, LIMITS, digits):
        return None
    for first, count in ((0, 3), (3, _TOP_UPS - 3)):
        await asking.put(rounds, commodity, PREPAYMENT, top_ups(first, count), digits)
    amount, at = (home.fact(fact | side, uptime()) for fact in (TOP_UP, TOP_UP_AT))
    if amount is not None:
        home.put(LAST_TOP_UP | side, amount, uptime())
        home.put(LAST_TOP_UP_AT | side, at, uptime())
    found = {}
    wanted = debts()
    for i in range(0, len(wanted), 6):
        found.update(await asking.read(rounds, commodity, PREPAYMENT, wanted[i : i + 6]))
    for fact, raw in zip((DEBT, DEBT_RATE), sum_of_debts(found)):
        if raw is not None or home.heard_at(fact | side) is not None:
            home.put(fact | side, fields.money(raw, digits), uptime())
    await _friendly(rounds, commodity)
    return _EACH


async def _friendly(rounds, commodity):
    home = rounds.session.home
    utc = rounds.session.clock.now()
    found = await asking.read(rounds, commodity, PREPAYMENT, (_REMAINING_FRIENDLY_CREDIT_TIME,))
    minutes = found.get(_REMAINING_FRIENDLY_CREDIT_TIME)
    if minutes is not None and utc is not None:
        home.put(FRIENDLY_UNTIL | commodity << 2, utc + 60 * minutes if minutes else 0, uptime())
