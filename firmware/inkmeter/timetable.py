"""The prices of the next hours, in a small file a commodity: what holds from when. Loaded when asked.

The file `slots0` (electricity) or `slots1` (gas) holds rising (start in UTC, rate) pairs of two 32-bit numbers, the
rate with a sign. It is written only when it changes.
"""

import os
from array import array
from struct import pack_into, unpack_from

from micropython import const

from inkmeter.log import log

_PAIR = const(8)
_MOST = const(120)
_HORIZON = const(48 * 3600)
_UNKNOWN = const(0x7FFFFFFF)


def _load(commodity):
    try:
        with open("slots%d" % commodity, "rb") as file:
            held = file.read(_MOST * _PAIR)
    except OSError:
        held = b""
    return bytearray(held[: len(held) // _PAIR * _PAIR])


def _save(name, held):
    try:
        with open("slots.new", "wb") as file:
            file.write(held)
        os.rename("slots.new", name)
    except OSError as error:
        log("store", "cannot save:", error)


def slots(from_utc, count, commodity=0):
    """Up to `count` of (UTC from which it holds, rate in 1/100,000 a kWh or None), rising, the first in force at
    `from_utc`; empty where nothing is known. None is for unknown.
    """
    held = _load(commodity)
    found = []
    for at in range(0, len(held), _PAIR):
        start, rate = unpack_from("<Ii", held, at)
        if start <= from_utc:
            found = []
        if len(found) >= count:
            break
        found.append((start, None if rate == _UNKNOWN else rate))
    if found and found[0][0] > from_utc:
        found = [(from_utc, None)] + found[: count - 1]
    return [] if len(found) == 1 and found[0][1] is None else found


def lay(held, start, end, rate):
    """A timetable (bytearray) with `rate` from `start` to `end`; what held at `end` goes on from there."""
    pairs = []
    after = _UNKNOWN
    for at in range(0, len(held), _PAIR):
        begin, value = unpack_from("<Ii", held, at)
        if begin <= end:
            after = value
        if begin < start or begin > end:
            pairs.append((begin, value))
    pairs.append((start, _UNKNOWN if rate is None else rate))
    pairs.append((end, after))
    pairs.sort()
    laid = bytearray(len(pairs) * _PAIR)
    at = 0
    last = _UNKNOWN
    for begin, value in pairs:
        if value != last:
            pack_into("<Ii", laid, at, begin, value)
            at += _PAIR
            last = value
    return laid[:at]


def enter(commodity, prices, utc):
    """Enters (start, end or None for until changed, rate or None) one over the other, up to 48 hours ahead."""
    before = _load(commodity)
    held = before
    for start, end, rate in prices:
        if end is None:
            end = start + _HORIZON
        if start < end and utc < end and start < utc + _HORIZON:
            held = lay(held, start, end, rate)
    if held == before:
        return
    # Only a file that is written anyway is rid of what is past.
    at = 0
    while at + _PAIR < len(held) and unpack_from("<I", held, at + _PAIR)[0] <= utc:
        at += _PAIR
    _save("slots%d" % commodity, held[at : at + _MOST * _PAIR])


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
    if rates != tiers(commodity):
        _save("tiers%d" % commodity, array("i", [_UNKNOWN if rate is None else rate for rate in rates]))
