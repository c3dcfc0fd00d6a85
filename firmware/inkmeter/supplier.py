"""A job: who supplies the home, and from which power on its use is called medium or high (Device Management 0x0708)."""

from micropython import const

from inkmeter import asking
from inkmeter.facts import LOW_MEDIUM_W, MEDIUM_HIGH_W, SUPPLIER_CONTACT, SUPPLIER_NAME, WAN_STATUS
from inkmeter.radio import DEVICE_MANAGEMENT

_EACH = const(3600)

TABLE = (0x410101, SUPPLIER_NAME, 0x410102, SUPPLIER_CONTACT, 0x300300, WAN_STATUS)
_THRESHOLDS = (0x230400, LOW_MEDIUM_W, 0x230401, MEDIUM_HIGH_W)


async def run(rounds, commodity):
    table = TABLE if commodity else TABLE + _THRESHOLDS
    return _EACH if await asking.put(rounds, commodity, DEVICE_MANAGEMENT, table) else None
