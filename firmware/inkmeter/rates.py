"""What a kWh costs, and when: a log of facts, so that energy can be priced long after it was used.

books/rates and, older, books/rates.old hold records of 16 octets: start, end, rate in 1/100,000 GBP, whose. What turns
gas into energy stands there too, and what a day costs without any use, as if they were rates. They are written in the
order in which they were heard; what was heard later wins, and a rate without an end holds until the start of one that
was heard later. books/late is there while half-hours have yet to be priced again: two times, of electricity and of gas.
Times are seconds since 2000-01-01 UTC.
"""

import os
from binascii import crc32
from struct import pack_into, unpack_from

from micropython import const

_NEW = const("books/rates")
_OLD = const("books/rates.old")
_NEXT = const("books/rates.new")
_LATE = const("books/late")
_SIZE = const(16)
_FORM = const(b"<IIiBxH")
_MOST = const(1024)  # records a file: three weeks of half-hourly prices, a year and more of two a day
_UNKNOWN = const(-0x80000000)
_KINDS = const(7)  # the ledger's three commodities, and:
CALORIFIC_VALUE = const(3)  # MJ/m3 * 1,000
CONVERSION_FACTOR = const(4)  # * 100,000
A_DAY = const(6)  # less the commodity: its standing charge
FOREVER = const(0xFFFFFFFF)


def _pack(buffer, commodity, start, end, rate):
    pack_into(_FORM, buffer, 0, start, end, _UNKNOWN if rate is None else rate, commodity, 0)
    pack_into(b"<H", buffer, _SIZE - 2, crc32(buffer, 0x1A2B) & 0xFFFF)


def _known(commodity, start, end):
    # [start, end, rate] of every fact that has to do with start <= t < end, in the order in which they were heard.
    found = []
    buffer = bytearray(_SIZE)
    for name in (_OLD, _NEW):
        try:
            file = open(name, "rb")
        except OSError:
            continue
        with file:
            while file.readinto(buffer) == _SIZE:
                first, last, rate, whose, check = unpack_from(_FORM, buffer)
                if whose != commodity or first >= end:
                    continue
                buffer[_SIZE - 2] = buffer[_SIZE - 1] = 0
                if crc32(buffer, 0x1A2B) & 0xFFFF != check:
                    continue
                for fact in found:
                    if fact[1] == FOREVER and fact[0] < first:
                        fact[1] = first
                if last > start:
                    found.append([first, last, None if rate == _UNKNOWN else rate])
                if len(found) > 2:
                    found = [fact for fact in found if fact[1] > start]
    return found


def over(commodity, start, end):
    """[(from, rate or None), ...] for start <= t < end, in order; the first begins at `start`."""
    found = _known(commodity, start, end)
    result = []
    while start < end:
        rate = None
        change = end
        for first, last, value in found:
            if first > start:
                change = min(change, first)
            elif last > start:
                rate = value
                change = min(change, last)
        if not result or result[-1][1] != rate:
            result.append((start, rate))
        start = change
    return result


def _recover():
    # The power failed between the two renames of _compact().
    try:
        os.stat(_NEW)
    except OSError:
        try:
            os.rename(_NEXT, _NEW)
        except OSError:
            pass


def _compact(now):
    # Starts a new file with what still holds, and lets the oldest go.
    buffer = bytearray(_SIZE)
    with open(_NEXT, "wb") as file:
        for commodity in range(_KINDS):
            for first, last, rate in _known(commodity, now, FOREVER):
                if last > now:
                    if first < now:
                        # It goes above all that is in the old file: no further back than it held without a break.
                        first, value = over(commodity, first, now + 1)[-1]
                        first = first if value == rate else now
                    _pack(buffer, commodity, first, last, rate)
                    file.write(buffer)
    os.rename(_NEW, _OLD)
    os.rename(_NEXT, _NEW)


def late(commodity):
    """From when on what was booked has not been priced since a rate was heard; 0 for never."""
    try:
        with open(_LATE, "rb") as file:
            file.seek(4 * commodity)
            return int.from_bytes(file.read(4), "little")
    except OSError:
        return 0


def put_late(commodity, since):
    """Writes down what late() then says. Raises OSError where the flash is full."""
    if late(commodity) == since:
        return
    times = [late(0), late(1)]
    times[commodity] = since
    if times == [0, 0]:
        os.remove(_LATE)
        return
    buffer = bytearray(8)
    pack_into("<II", buffer, 0, *times)
    with open(_LATE, "wb") as file:
        file.write(buffer)


def add(commodity, start, rate, end, booked=0):
    """Writes down that `rate` (None: unknown) holds for start <= t < end (None: until another begins). Returns the
    time from which on this is news, or None where it was known already. News of before `booked` are late(): it is until
    when what was used has been priced. Raises OSError where the flash is full.
    """
    _recover()
    end = FOREVER if end is None else min(end, FOREVER)
    if end <= start:
        return None
    news = None
    for first, value in over(commodity, start, end):
        if value != rate:
            news = first
            break
    if news is None:
        return None
    try:
        if os.stat(_NEW)[6] >= _MOST * _SIZE:
            _compact(max(start, booked))
    except OSError:
        pass
    if news < booked:
        # Before the rate: to price again what needs it not does no harm.
        put_late(commodity % 2, min(late(commodity % 2) or news, news))
    buffer = bytearray(_SIZE)
    _pack(buffer, commodity, start, end, rate)
    with open(_NEW, "ab") as file:
        file.write(buffer)
    return news
