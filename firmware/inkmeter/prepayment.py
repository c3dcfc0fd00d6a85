"""A job: the account of one who pays beforehand, and how the meter is paid at all (Prepayment 0x0705, SE 1.4 D.7).

Amounts have as many digits to the right of the point as the Price cluster's PriceTrailingDigit says.
"""

from micropython import const

from inkmeter import asking
from inkmeter.asking import MONEY
from inkmeter.facts import (
    ACCUMULATED_DEBT,
    CREDIT_ALARMS,
    CREDIT_AT,
    CREDIT_REMAINING,
    CREDIT_STATUS,
    CUT_OFF,
    DEBT,
    DEBT_RATE,
    EMERGENCY_CREDIT,
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
from inkmeter.rounds import PREPAYMENT as JOB

_EACH = const(60)
_EACH_CREDIT = const(1800)
_EACH_LIMITS = const(3600)
_PREPAYMENT = const(0x0002)  # bit of PaymentControlConfiguration
_GB_DIGITS = const(5)
_TOP_UPS = const(5)
_CONSUMER_TOP_UP_RESPONSE = const(0x03)
_PUBLISH_TOP_UP_LOG = const(0x05)
_PUBLISH_DEBT_LOG = const(0x06)
_ACCEPTED = const(b"\x00\x10\x11\x12")  # Result Type
_DEBTS = const(3)

BALANCE = (
    0x190000,
    PREPAID,
    MONEY | 0x2B0001,
    CREDIT_REMAINING,
    MONEY | 0x2B0002,
    EMERGENCY_CREDIT,
    0x180003,
    CREDIT_STATUS,
    0xE20004,
    CREDIT_AT,
    MONEY | 0x2B0005,
    ACCUMULATED_DEBT,
    0x190400,
    CREDIT_ALARMS,
)
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
LAST = (MONEY | 0x2B0101, LAST_TOP_UP, 0xE20100, LAST_TOP_UP_AT)
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
    digits = home.fact(PRICE_DIGITS | side, uptime())
    if digits is None:
        digits = _GB_DIGITS
    if not await asking.put(rounds, commodity, PREPAYMENT, BALANCE, digits):
        return None
    prepaid = (home.fact(PREPAID | side, uptime()) or 0) & _PREPAYMENT
    if not prepaid:
        return _EACH_CREDIT
    limits = home.heard_at(LOW_CREDIT | side)
    if limits is None or uptime() - limits >= _EACH_LIMITS:
        await _rest(rounds, commodity, digits)
    return _EACH


async def _rest(rounds, commodity, digits):
    # What changes with a visit to the shop, or less often.
    home = rounds.session.home
    side = commodity << 2
    await asking.put(rounds, commodity, PREPAYMENT, LIMITS, digits)
    if home.heard_at(LOW_CREDIT | side) is None:
        home.put(LOW_CREDIT | side, None, uptime())
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
            home.put(fact | side, asking.money(raw, digits), uptime())
    await _friendly(rounds, commodity)


async def _friendly(rounds, commodity):
    home = rounds.session.home
    utc = rounds.session.clock.now()
    found = await asking.read(rounds, commodity, PREPAYMENT, (_REMAINING_FRIENDLY_CREDIT_TIME,))
    minutes = found.get(_REMAINING_FRIENDLY_CREDIT_TIME)
    if minutes is not None and utc is not None:
        home.put(FRIENDLY_UNTIL | commodity << 2, utc + 60 * minutes if minutes else 0, uptime())


async def heard(rounds, commodity, number, payload):
    """A top-up's outcome: {result, value, source, credit}. Says whether the command is known. Raises ZclError."""
    if number != _CONSUMER_TOP_UP_RESPONSE:
        return number in (_PUBLISH_TOP_UP_LOG, _PUBLISH_DEBT_LOG)
    home = rounds.session.home
    side = commodity << 2
    value, credit = asking.number(payload, 1, 4), asking.number(payload, 6, 4)
    digits = home.fact(PRICE_DIGITS | side, uptime())
    if payload[0] in _ACCEPTED:
        for fact, amount in ((LAST_TOP_UP, value), (CREDIT_REMAINING, credit)):
            home.put(fact | side, asking.money(amount, _GB_DIGITS if digits is None else digits), uptime())
        home.put(LAST_TOP_UP_AT | side, rounds.session.clock.now(), uptime())
        home.put(LOW_CREDIT | side, None, uptime() - _EACH_LIMITS)
    rounds.hurry(JOB, commodity)
    return True
