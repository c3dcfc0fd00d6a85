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
    EMERGENCY_CREDIT,
    LOW_CREDIT,
    PREPAID,
    PRICE_DIGITS,
)
from inkmeter.log import uptime
from inkmeter.radio import PREPAYMENT
from inkmeter.rounds import ACCOUNT

_EACH = const(60)
_EACH_CREDIT = const(1800)
_PREPAYMENT = const(0x0002)  # bit of PaymentControlConfiguration
_GB_DIGITS = const(5)

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


async def run(rounds, commodity):
    home = rounds.session.home
    side = commodity << 2
    digits = home.fact(PRICE_DIGITS | side, uptime())
    if digits is None:
        digits = _GB_DIGITS
    before = home.fact(CREDIT_REMAINING | side, uptime())
    if not await asking.put(rounds, commodity, PREPAYMENT, BALANCE, digits):
        return None
    mode = home.fact(PREPAID | side, uptime())
    prepaid = (mode or 0) & _PREPAYMENT
    if mode is not None:
        home.put(PREPAID | side, prepaid, uptime())
    credit = home.fact(CREDIT_REMAINING | side, uptime())
    richer = before is not None and credit is not None and credit > before  # somebody topped up
    if prepaid and (richer or home.heard_at(LOW_CREDIT | side) is None):
        rounds.hurry(ACCOUNT, commodity)
    return _EACH if prepaid else _EACH_CREDIT
