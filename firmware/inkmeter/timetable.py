"""The prices of the next hours, and the tariff's rates by tier. Loaded when asked.

What holds from when is the log of rates (`rates`), which knows the future as well as the past. The file `tiers0`
(electricity) or `tiers1` (gas) holds a 32-bit number a tier; it is written only when it changes.
"""

from array import array

from micropython import const

from inkmeter import store
from inkmeter.lazy import module

_HORIZON = const(48 * 3600)
_UNKNOWN = const(0x7FFFFFFF)


def slots(from_utc, count, commodity=0):
    """Up to `count` of (UTC from which it holds, rate in 1/100,000 a kWh or None for unknown) of the next 48 hours,
    rising; the first begins at `from_utc`.
    """
    with module("rates") as rates:
        return rates.over(commodity, from_utc, from_utc + _HORIZON)[:count]


def tiers(commodity=0):
    """The tariff's rates by tier (index 0 for tier 1), None where one is not known; empty where there are none such."""
    try:
        with open("tiers%d" % commodity, "rb") as file:
            rates = array("i", file.read(48 * 4))
    except (OSError, ValueError):
        return []
    return [None if rate == _UNKNOWN else rate for rate in rates]


def enter_tiers(commodity, rates):
    """Keeps the rates by tier."""
    rates = [_UNKNOWN if rate is None or abs(rate) > _UNKNOWN else rate for rate in rates]
    store.keep("tiers%d" % commodity, bytes(array("i", rates)))
