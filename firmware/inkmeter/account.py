"""A job: limits, debts and top-ups of one who pays beforehand (Prepayment 0x0705, SE 1.4 D.7). A meter that has no
attributes of top-ups may have a log of them.

Amounts have as many digits to the right of the point as the Price cluster's PriceTrailingDigit says.
"""

from micropython import const

from inkmeter import asking, fields, parts
from inkmeter.asking import MONEY
from inkmeter.facts import (
    CUT_OFF,
    DEBT,
    DEBT_RATE,
    EMERGENCY_LIMIT,
    EMERGENCY_THRESHOLD,
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
)
_GET_TOP_UP_LOG = const(0x08)
_PUBLISH_TOP_UP_LOG = const(0x05)

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
    if await asking.put(rounds, commodity, PREPAYMENT, top_ups(0, 3), digits):
        await asking.put(rounds, commodity, PREPAYMENT, top_ups(3, _TOP_UPS - 3), digits)
    else:
        await _log(rounds, commodity, digits)
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
    return _EACH


async def _log(rounds, commodity, digits):
    # The same from the log, newest first.
    utc = rounds.session.clock.now()
    if utc is None:
        return
    payload = utc.to_bytes(4, "little") + bytes((_TOP_UPS,))
    found = []
    for part in await parts.parts(rounds, commodity, PREPAYMENT, _GET_TOP_UP_LOG, _PUBLISH_TOP_UP_LOG, payload, 0):
        found += _entries(part)
    found.sort(reverse=True)
    now = uptime()
    for n in range(min(len(found), _TOP_UPS)):
        when, amount = found[n]
        rounds.session.home.put(TOP_UP_AT + 8 * n | commodity << 2, when, now)
        rounds.session.home.put(TOP_UP + 8 * n | commodity << 2, fields.money(amount, digits), now)


def _entries(payload):
    """[(UTC, amount)] of a Publish Top Up Log command. Raises ZclError."""
    found = []
    at = 2
    while at < len(payload):
        _, at = fields.string_at(payload, at)
        amount, when = fields.number(payload, at, 4), fields.number(payload, at + 4, 4)
        at += 8
        if amount is not None and when is not None:
            found.append((when, amount - (amount >> 31 << 32)))
    return found
