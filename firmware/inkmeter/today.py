"""A job: what the meter itself counted today, this week and this month (Metering 0x0702, attribute set 0x04).

The mirror of a gas meter counts these in its alternative unit, kWh (set 0x0C).
"""

from micropython import const

from inkmeter import asking
from inkmeter.asking import ENERGY
from inkmeter.facts import (
    SENT_THIS_MONTH,
    SENT_THIS_WEEK,
    THIS_MONTH,
    THIS_WEEK,
    TODAY,
    TODAY_SENT,
)
from inkmeter.radio import METERING

_EACH = const(120)
_EACH_MIRRORED = const(900)

ELECTRICITY = (
    ENERGY | 0x220401,
    TODAY,
    ENERGY | 0x220402,
    TODAY_SENT,
    ENERGY | 0x220430,
    THIS_WEEK,
    ENERGY | 0x220431,
    SENT_THIS_WEEK,
    ENERGY | 0x230440,
    THIS_MONTH,
    ENERGY | 0x230441,
    SENT_THIS_MONTH,
)
MIRRORED = (0x220C01, TODAY, 0x220C30, THIS_WEEK, 0x230C40, THIS_MONTH)


async def run(rounds, commodity):
    some = await asking.put(rounds, commodity, METERING, MIRRORED if commodity else ELECTRICITY)
    if not some:
        return None
    return _EACH_MIRRORED if commodity else _EACH
