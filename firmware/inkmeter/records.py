"""The ledger's files: fixed records, found by their time, in books/ of the file system.

h<commodity>.<n>: the half-hours of 32 UTC days, 16 octets each, then the checkpoint: where the ledger goes on after a
power cut. A half-hour and its checkpoint are committed together: littlefs puts a file's new content in force when it is
closed, whole or not at all (its DESIGN.md, "Metadata pairs" and "CTZ skip-lists").
d<commodity>.<n>: 366 British local days, 24 octets each.
Every record has a check, so that a worn flash shows as "not known". Days are counted from 2000-01-01.
"""

import os
from binascii import crc32
from struct import pack_into, unpack_from

from micropython import const

from inkmeter.clock import summer_time
from inkmeter.ledger import ESTIMATED, FILLED, MISSING, PARTIAL

FOLDER = const("books")  # not a module's name: MicroPython would take it for one
HALF_HOUR = const(1800)
PERIOD = const(1536)  # half-hours a file
YEAR = const(366)  # days a file
HALF = const(16)
DAY = const(24)
_PERIODS_KEPT = const(14)
_YEARS_KEPT = const(6)
# Formats as bytes: a short str would stay in the heap for good.
_HALF_FORM = const(b"<HBBHBBii")
_DAY_FORM = const(b"<IIiiiBBH")
_TAIL_FORM = const(b"<Hxx10qI")
TAIL = const(88)
_VERSION = const(1)
_EIO = const(5)
_NONE = const(-0x4000000000000000)


def local_day(utc):
    """The British local day of a UTC time."""
    return (utc + (3600 if summer_time(utc) else 0)) // 86400


def day_start(day):
    """The UTC time at which a British local day begins."""
    utc = day * 86400
    return utc - 3600 if summer_time(utc - 3600) else utc


def _check(buffer, at, size):
    return crc32(memoryview(buffer)[at : at + size], 0x1A2B)


def pack_half(buffer, at, wh, sent, cost, earned, flags):
    """Writes a half-hour's record."""
    pack_into(_HALF_FORM, buffer, at, wh & 0xFFFF, wh >> 16, flags, sent & 0xFFFF, sent >> 16, 0, cost, earned)
    buffer[at + 7] = _check(buffer, at, HALF) & 0xFF


def unpack_half(buffer, at):
    """(Wh, sent, cost, earned, flags), or None where the record is missing or damaged."""
    low, high, flags, sent, sent_high, check, cost, earned = unpack_from(_HALF_FORM, buffer, at)
    buffer[at + 7] = 0
    good = _check(buffer, at, HALF) & 0xFF == check
    buffer[at + 7] = check
    return (low | high << 16, sent | sent_high << 16, cost, earned, flags) if good else None


def _open(kind, commodity, number, mode):
    return open("%s/%s%d.%d" % (FOLDER, kind, commodity, number), mode)


def _numbers(kind, commodity):
    start = "%s%d." % (kind, commodity)
    return sorted([int(name[len(start) :]) for name in os.listdir(FOLDER) if name.startswith(start)])


def _drop_old(kind, commodity, kept):
    # By how many there are, not by their age: a clock that goes wrong for an hour must not cost the history.
    found = _numbers(kind, commodity)
    while len(found) >= kept:
        os.remove("%s/%s%d.%d" % (FOLDER, kind, commodity, found.pop(0)))


def _change(kind, commodity, number, kept):
    # An existing file to be written in, or a new one; a new one makes the oldest go.
    try:
        return _open(kind, commodity, number, "r+b")
    except OSError as error:
        if error.args[0] == _EIO:
            raise
        _drop_old(kind, commodity, kept)
        return _open(kind, commodity, number, "wb")


def _pad(file, at, to):
    file.seek(at)
    zeros = bytes(256)
    while at < to:
        at += file.write(memoryview(zeros)[: to - at])


def put_halves(commodity, half, buffer, tail=None):
    """Commits records of consecutive half-hours from `half` on, all of one file, with the checkpoint `tail` (None: the
    file's own stays). Raises OSError where the flash is full or worn.
    """
    if tail is not None:
        _drop_later(commodity, half // PERIOD)
    with _change("h", commodity, half // PERIOD, _PERIODS_KEPT) as file:
        size = file.seek(0, 2)
        end = max((size - TAIL) // HALF, 0) * HALF
        at = half % PERIOD * HALF
        if at + len(buffer) > end:
            if tail is None:
                # Only the newest file's checkpoint counts.
                tail = bytes(TAIL)
            if at > end:
                _pad(file, end, at)
            # In one call: Ctrl-C comes between calls, and the file is then closed, that is committed, as it stands.
            buffer = buffer + tail
            tail = None
        file.seek(at)
        file.write(buffer)
        if tail is not None:
            file.seek(end)
            file.write(tail)


def _drop_later(commodity, number):
    # A clock that was ahead has left a checkpoint in a later file: that is not where the ledger goes on.
    for later in _numbers("h", commodity):
        if later > number:
            with _open("h", commodity, later, "r+b") as file:
                at = max(file.seek(0, 2) - TAIL, 0)
                file.seek(at)
                if any(file.read()):
                    file.seek(at)
                    file.write(bytes(TAIL))


def get_halves(commodity, half, buffer):
    """Reads consecutive half-hours' records from `half` on into all of `buffer`; zeros, which are no records, where
    there are none.
    """
    at = 0
    while at < len(buffer):
        number, index = divmod(half + at // HALF, PERIOD)
        count = min(len(buffer) - at, (PERIOD - index) * HALF)
        view = memoryview(buffer)[at : at + count]
        got = 0
        try:
            with _open("h", commodity, number, "rb") as file:
                # Not the checkpoint.
                held = max(file.seek(0, 2) - TAIL - index * HALF, 0)
                if held:
                    file.seek(index * HALF)
                    got = file.readinto(view[: min(count, held)])
        except OSError:
            pass
        view[got:] = bytes(count - got)
        at += count


def newest(commodity):
    """The number of the newest file of half-hours with a checkpoint, and the checkpoint's list of ten numbers, or
    None for unknown; (None, None) without any, and where it is damaged: that of the file before is weeks old, and all
    that was used since would be spread evenly.
    """
    found = _numbers("h", commodity)
    buffer = bytearray(TAIL)
    while found:
        number = found.pop()
        try:
            with _open("h", commodity, number, "rb") as file:
                size = file.seek(0, 2)
                if size >= TAIL:
                    file.seek(size - TAIL)
                    file.readinto(buffer)
                    *numbers, check = unpack_from(_TAIL_FORM, buffer)
                    if numbers.pop(0) == _VERSION and check == _check(buffer, 0, TAIL - 4):
                        return number, [None if number == _NONE else number for number in numbers]
                    if any(buffer):
                        break
        except OSError:
            pass
    return None, None


def is_gap(found):
    """Whether the meter's own log may know better than this record, or there is none."""
    return not found or found[4] & (ESTIMATED | PARTIAL) and not found[4] & FILLED


def pack_tail(numbers):
    """The checkpoint of ten numbers."""
    buffer = bytearray(TAIL)
    pack_into(_TAIL_FORM, buffer, 0, _VERSION, *[_NONE if number is None else number for number in numbers], 0)
    pack_into(b"<I", buffer, TAIL - 4, _check(buffer, 0, TAIL - 4))
    return buffer


def put_day(commodity, day, numbers):
    """Commits one local day's record, the numbers as in get_day(). Raises OSError."""
    wh, sent, cost, earned, standing, flags, count = numbers
    buffer = bytearray(DAY)
    most = 0x7FFFFFFF
    cost = max(min(cost, most), -most)
    earned = max(min(earned, most), -most)
    if standing is None:
        standing = -most
    pack_into(_DAY_FORM, buffer, 0, wh, sent, cost, earned, standing, flags, count, 0)
    pack_into(b"<H", buffer, DAY - 2, _check(buffer, 0, DAY) & 0xFFFF)
    with _change("d", commodity, day // YEAR, _YEARS_KEPT) as file:
        at = day % YEAR * DAY
        size = file.seek(0, 2)
        if at > size:
            _pad(file, size, at)
        file.seek(at)
        file.write(buffer)


def get_day(commodity, day):
    """[Wh, sent, cost, earned, standing or None, flags, known half-hours], or None."""
    buffer = bytearray(DAY)
    try:
        with _open("d", commodity, day // YEAR, "rb") as file:
            file.seek(day % YEAR * DAY)
            if file.readinto(buffer) != DAY:
                return None
    except OSError:
        return None
    *numbers, check = unpack_from(_DAY_FORM, buffer)
    buffer[DAY - 2 :] = b"\0\0"
    if check != _check(buffer, 0, DAY) & 0xFFFF:
        return None
    if numbers[4] == -0x7FFFFFFF:
        numbers[4] = None
    return numbers


def day_so_far(commodity, day, utc):
    """The sum of a local day's half-hours that are over at `utc`; MISSING in its flags where some are not known."""
    total, known, _ = add_day(commodity, day, utc)
    if known < (utc - day_start(day)) // HALF_HOUR:
        total[4] |= MISSING
    return total


def add_day(commodity, day, until=None):
    """The sum of a local day's half-hours, of those alone that are over at a UTC, if one is given: what a clock that
    was ahead has filed has yet to happen. ([Wh, sent, cost, earned, flags], how many are known, how many these are).
    """
    start = day_start(day) // HALF_HOUR
    count = day_start(day + 1) // HALF_HOUR - start
    if until is not None:
        count = max(min(count, until // HALF_HOUR - start), 0)
    buffer = bytearray(count * HALF)
    get_halves(commodity, start, buffer)
    total = [0, 0, 0, 0, 0]
    known = 0
    for at in range(0, len(buffer), HALF):
        found = unpack_half(buffer, at)
        if found:
            known += 1
            for i in range(4):
                total[i] += found[i]
            total[4] |= found[4]
    return total, known, count
