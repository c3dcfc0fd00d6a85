"""A job: half-hours that the ledger misses, from the meter's own log (Metering 0x0702, Get Sampled Data, Get Profile).

Sample 0 of a GB meter is its profile log: 13 months of half-hours. Meters without samples may have interval profiles.
"""

from micropython import const

from inkmeter import commands, units, zcl
from inkmeter.lazy import module
from inkmeter.ledger import UTC
from inkmeter.log import log
from inkmeter.radio import METERING

_AFTER = const(60)  # s after a half-hour's end
_SOON = const(30)
_CLOCK_RETRY = const(60)
_HALF_HOUR = const(1800)
_WINDOW = const(8 * 3600)
_LOOKS = const(12)
_FRUITLESS = const(6)
_LOG = const(395 * 86400)
_AT_ONCE = const(16)  # 24-bit values that fit one frame under APS and NWK security
_INVALID = const(0xFFFFFF)

_GET_PROFILE = const(0x00)
_GET_PROFILE_RESPONSE = const(0x00)
_GET_SAMPLED_DATA = const(0x08)
_GET_SAMPLED_DATA_RESPONSE = const(0x07)
_PROFILE_LOG = b"\x00\x00"
_30_MINUTES = const(2)


def sampled_data(payload):
    """[(UTC at which an interval began, raw value or None)], rising, of a Get Sampled Data Response whose intervals are
    half-hours; empty for others. Raises ZclError.
    """
    if len(payload) < 11:
        raise zcl.ZclError("short samples")
    start = int.from_bytes(payload[2:6], "little")
    count = payload[9] | payload[10] << 8
    if payload[7] | payload[8] << 8 != _HALF_HOUR:
        return []
    return _values(payload, 11, count, start, _HALF_HOUR)


def profile(payload):
    """The same of a Get Profile Response: it says when its newest interval ended, and begins with that one."""
    if len(payload) < 7:
        raise zcl.ZclError("short profile")
    if payload[4] or payload[5] != _30_MINUTES:
        return []
    end = int.from_bytes(payload[:4], "little")
    found = _values(payload, 7, payload[6], end - _HALF_HOUR, -_HALF_HOUR)
    found.reverse()
    return found


def _values(payload, at, count, utc, step):
    if len(payload) < at + 3 * count:
        raise zcl.ZclError("short profile")
    found = []
    for i in range(count):
        value = payload[at] | payload[at + 1] << 8 | payload[at + 2] << 16
        found.append((utc + i * step, None if value == _INVALID else value))
        at += 3
    return found


async def run(rounds, commodity):
    utc = rounds.session.clock.now()
    last = rounds.ledger and rounds.ledger.books[commodity][UTC]
    if not last or utc is None:
        return _CLOCK_RETRY
    # Down to which time all has been seen, where this search stands, where it began, windows without any use in a row
    since, until, began, fruitless = rounds.seen[commodity]
    oldest = max(since, utc - _LOG)
    # What the ledger has not closed yet is no gap.
    newest = min(utc, last) // _HALF_HOUR * _HALF_HOUR
    if not until or began < newest and _newest_gap(commodity, began, newest):
        # What is missing of today comes before what is missing of last year.
        until = newest
    began = newest
    gap = None
    for _ in range(_LOOKS):
        # From the newest backwards, some windows at a time.
        gap = _newest_gap(commodity, max(until - _WINDOW, oldest), until)
        if gap or until - _WINDOW <= oldest:
            break
        until -= _WINDOW
    if gap:
        filled = await _fill(rounds, commodity, *gap)
        if filled is None:
            return None
        fruitless = 0 if filled else fruitless + 1
        until = gap[0]
    if fruitless >= _FRUITLESS or (not gap and until - _WINDOW <= oldest):
        # All seen, or the log is not as long as that: next time, only what came since.
        rounds.seen[commodity] = (began - _WINDOW, 0, 0, 0)
        return _HALF_HOUR - utc % _HALF_HOUR + _AFTER
    rounds.seen[commodity] = (since, until, began, fruitless)
    return _SOON


def _newest_gap(commodity, start, end):
    found = None
    with module("filling", "records", "rates") as filling:
        for first, count in filling.gaps(commodity, start, end):
            found = first, count
    if found is None:
        return None
    first, count = found
    skip = max(count - _AT_ONCE, 0)
    return first + skip * _HALF_HOUR, count - skip


async def _fill(rounds, commodity, first, count):
    # How many half-hours were filled; None where the meter keeps no log.
    found = await _log(rounds, commodity, 0, first, count)
    if found is None:
        return None
    sent = None if commodity else await _log(rounds, commodity, 1, first, count)
    used = _wh(rounds, commodity, found, first, count)
    try:
        with module("filling", "records", "rates") as filling:
            sent = sent and _wh(rounds, commodity, sent, first, count)
            return filling.fill(rounds.ledger, commodity, first, used, sent)
    except OSError as error:
        log("ledger", "cannot save:", error)
        return None


def _wh(rounds, commodity, found, first, count):
    # By half-hour from `first` on: Wh or litres, None where the log does not say.
    meter = rounds.session.home.meter(commodity)
    values = [None] * count
    for start, value in found:
        at = (start - first) // _HALF_HOUR
        if value is not None and 0 <= at < count and start % _HALF_HOUR == 0:
            values[at] = units.scale(value, meter.multiplier, meter.divisor, 3)
    return values


async def _log(rounds, commodity, channel, first, count):
    # None where the meter keeps no such log.
    payload = await commands.command(
        rounds,
        commodity,
        METERING,
        _GET_SAMPLED_DATA,
        _GET_SAMPLED_DATA_RESPONSE,
        _PROFILE_LOG + first.to_bytes(4, "little") + bytes((channel, count, 0)),
    )
    if payload is not None:
        found = sampled_data(payload)
        if found:
            return found
    payload = await commands.command(
        rounds,
        commodity,
        METERING,
        _GET_PROFILE,
        _GET_PROFILE_RESPONSE,
        bytes((channel,)) + (first + count * _HALF_HOUR).to_bytes(4, "little") + bytes((count,)),
    )
    return None if payload is None else profile(payload) or None
