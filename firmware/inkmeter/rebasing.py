"""The ledger's rare moments: it starts, forgets, or meets a reading that cannot be or comes from another meter."""

import os

from micropython import const

from inkmeter import lazy, records
from inkmeter.booking import adopt, book_to, can_be, close_half, commit, go_to_day, look_up, set_end
from inkmeter.ledger import (
    BASE_RECEIVED,
    BASE_UTC,
    DAY,
    DELIVERED,
    EXCHANGED,
    EXPORT_RATE,
    FACTOR,
    FLAGS,
    NEXT_FACTOR,
    NEXT_STANDING,
    NONE,
    PARTIAL,
    PENDING,
    RATE,
    RECEIVED,
    REPRICE,
    SLOTS,
    STANDING,
    SUSPECT,
    UTC,
    WH_CARRY,
)
from inkmeter.log import log
from inkmeter.records import FOLDER, HALF_HOUR

_FORGOTTEN = const("forgot")
_LONGEST = const(2678400)  # s: what was used in more than a month is not apportioned
_LARGEST = const(1000000000000)  # Wh or litres: no meter has so many digits
_BACK = const(3600)  # s by which the hub's clock may be put right
_AGREEING = const(3)  # readings
_AGREEING_FOR = const(120)  # s


def start(ledger):
    """Opens the books where the last power cut left them, or new ones."""
    _forget()
    try:
        os.mkdir(FOLDER)
    except OSError:
        pass
    ledger.books = [_load(commodity) for commodity in range(2)]
    ledger.due = ledger.books[0][REPRICE] > 0 or ledger.books[1][REPRICE] > 0


def forget(ledger):
    """Drops everything and starts anew."""
    _forget()
    try:
        os.rename(FOLDER, _FORGOTTEN)  # all of it, in one commit
    except OSError as error:
        log("ledger", "nothing to forget:", error)
    start(ledger)


def _forget():
    try:
        for name in os.listdir(_FORGOTTEN):
            os.remove(_FORGOTTEN + "/" + name)
        os.rmdir(_FORGOTTEN)
    except OSError:
        pass


def _load(commodity):
    s: list = [0] * SLOTS
    s[RECEIVED] = s[BASE_RECEIVED] = NONE
    s[RATE] = s[EXPORT_RATE] = s[STANDING] = s[NEXT_STANDING] = s[PENDING] = s[SUSPECT] = None
    _, kept = records.newest(commodity)
    if kept:
        s[UTC : RECEIVED + 1] = kept[0:3]
        s[WH_CARRY : DAY + 1] = kept[3:7]
        s[STANDING], s[FACTOR], s[NEXT_FACTOR] = kept[7:10]
        s[NEXT_STANDING] = s[STANDING]
        s[BASE_UTC : BASE_RECEIVED + 1] = s[UTC : RECEIVED + 1]
        go_to_day(commodity, s, s[UTC])
    with lazy.module("rates") as rates:
        s[REPRICE] = rates.late(commodity)
    return s


def take(ledger, commodity, utc, delivered, received):
    """Judges a reading that is the first, or odd."""
    s = ledger.books[commodity]
    if not 0 <= delivered < _LARGEST or received >= _LARGEST:
        ledger.held_back += 1
        return
    if not s[UTC] or s[SUSPECT] == EXCHANGED:
        _rebase(commodity, s, utc, delivered, received, PARTIAL | EXCHANGED if s[UTC] else PARTIAL)
        return
    if received >= 0 > s[RECEIVED]:
        # The meter has begun to count what is sent out.
        s[RECEIVED] = s[BASE_RECEIVED] = received
    seconds = utc - s[UTC]
    used = delivered - s[DELIVERED]
    sent = received - s[RECEIVED]
    if seconds < 0 and (commodity or used == sent == 0):
        if seconds > -_BACK:
            return  # an older snapshot, or the hub's clock put right
    elif -_BACK < seconds < 0:
        utc = s[UTC]
        seconds = 0
    if can_be(commodity, seconds, used) and can_be(commodity, seconds, sent):
        s[SUSPECT] = None
        if seconds > _LONGEST:
            _rebase(commodity, s, utc, delivered, received, PARTIAL)
        else:
            book_to(commodity, s, utc, delivered, received)
    else:
        ledger.held_back += 1
        _suspect(commodity, s, utc, delivered, received)


def _suspect(commodity, s, utc, delivered, received):
    # A reading that cannot be, unless several agree with each other: then the meter is another one.
    # One that could be, in between, ends the row.
    if s[SUSPECT] and s[SUSPECT][5] == s[UTC]:
        since, last, used, sent, count, good = s[SUSPECT]
        if utc == last and delivered == used:
            return
        if can_be(commodity, utc - last, delivered - used) and can_be(commodity, utc - last, received - sent):
            count += 1
            if count >= _AGREEING and utc - since >= _AGREEING_FOR:
                log("ledger", "another register from here on:", commodity, delivered)
                _rebase(commodity, s, utc, delivered, received, PARTIAL | EXCHANGED)
                return
            s[SUSPECT] = (since, utc, delivered, received, count, good)
            return
    s[SUSPECT] = (utc, utc, delivered, received, 1, s[UTC])


def _rebase(commodity, s, utc, delivered, received, flags):
    # Goes on from this reading, whatever was before it. What the last base has is booked first.
    s[SUSPECT] = None
    if s[UTC]:
        book_to(commodity, s, s[UTC], s[DELIVERED], s[RECEIVED], True)
        if utc // HALF_HOUR != s[UTC] // HALF_HOUR:
            if s[UTC] % HALF_HOUR:
                s[FLAGS] |= PARTIAL
                out = bytearray()
                half = s[UTC] // HALF_HOUR
                close_half(commodity, s, half, out)
                s[UTC] = utc
                s[DELIVERED] = delivered
                s[RECEIVED] = received
                commit(commodity, s, half, out)
            s[FLAGS] = 0
    go_to_day(commodity, s, utc)
    s[FLAGS] |= flags
    s[UTC] = utc
    s[DELIVERED] = delivered
    s[RECEIVED] = received
    adopt(s)
    look_up(commodity, s, utc)
    s[BASE_UTC : BASE_RECEIVED + 1] = s[UTC : RECEIVED + 1]
    set_end(s)
