"""A job: a time-of-use tariff's calendar, asked for piece by piece and kept for `switches`.

Calendar 0x0707 (SE 1.4, D.9). The file `calendar0` or `calendar1` holds what the server published: for each command its
number, the length of its payload (two octets), the payload. It is written when it changes.
"""

import os

from micropython import const

from inkmeter import commands, parts, store, zcl
from inkmeter.radio import CALENDAR
from inkmeter.rounds import PRICE, SCHEDULED, SWITCHES

_EACH = const(86400)
_CLOCK_RETRY = const(60)
_GRACE = const(300)
_MOST = const(1536)

_GET_CALENDAR = const(0x00)
_GET_DAY_PROFILES = const(0x01)
_GET_WEEK_PROFILES = const(0x02)
_GET_SEASONS = const(0x03)
_GET_SPECIAL_DAYS = const(0x04)
# Publish ... has the number of its Get ...
_ANY = b"\xff\xff\xff\xff"
_ONE = b"\x01"
_DELIVERED = b"\x00"


class _Kept:
    """What is to be filed, and where it comes from."""

    def __init__(self, rounds, commodity):
        self._whose = rounds, commodity, CALENDAR
        self.held = bytearray()

    async def one(self, number, payload):
        """Asks for what one command answers; returns it, None for none."""
        self._keep(number, await commands.command(*self._whose, number, number, payload))

    async def several(self, number, payload, at):
        for part in await parts.parts(*self._whose, number, number, payload, at):
            self._keep(number, part)

    def _keep(self, number, payload):
        if payload is not None:
            if len(self.held) + len(payload) > _MOST:
                raise zcl.ZclError("long calendar")
            self.held += bytes((number, len(payload) & 0xFF, len(payload) >> 8)) + payload


async def read(rounds, commodity, utc, kind=_DELIVERED):
    """What a server publishes of a calendar of this kind (an octet), as the file has it; empty where it has none."""
    now = utc.to_bytes(4, "little")
    kept = _Kept(rounds, commodity)
    await kept.one(_GET_CALENDAR, now + _ANY + _ONE + kind + _ANY)
    if kept.held:
        payload = bytes(kept.held)[3:]
        if len(payload) < 22 or len(payload) < 22 + (payload[18] & 0x1F):
            raise zcl.ZclError("short calendar")
        at = 19 + (payload[18] & 0x1F)
        seasons, weeks, days = payload[at], payload[at + 1], payload[at + 2]
        which = payload[:4] + payload[8:12]
        if seasons:
            await kept.several(_GET_SEASONS, which, 12)
        for week in range(1, weeks + 1):
            await kept.one(_GET_WEEK_PROFILES, which + bytes((week,)) + _ONE)
        for day in range(1, days + 1):
            await kept.several(_GET_DAY_PROFILES, which + bytes((day,)) + _ONE, 14)
        await kept.several(_GET_SPECIAL_DAYS, now + _ONE + kind + which, 18)
    return kept.held


async def run(rounds, commodity):
    utc = rounds.session.clock.now()
    if utc is None:
        return _CLOCK_RETRY
    held = await read(rounds, commodity, utc)
    if not held:
        _forget(rounds, commodity, utc)
        return None
    store.keep("calendar%d" % commodity, held)
    rounds.hurry(SWITCHES, commodity)
    return _EACH


def _forget(rounds, commodity, utc):
    # The tariff has none any more: what it said of the time to come does not hold. What is published is asked anew.
    name = "calendar%d" % commodity
    try:
        os.stat(name)
    except OSError:
        return
    if rounds.ledger:
        # Not at once: what is used until the price in force has been asked for has that price.
        rounds.ledger.rate(commodity, utc + _GRACE, None, None)
    # Last: where the power fails before, it is all done again.
    os.remove(name)
    rounds.known[commodity] = 0
    rounds.hurry(PRICE, commodity)
    rounds.hurry(SCHEDULED, commodity)
