"""A job: what the meters have noticed, as far as a household should know of it. Events 0x0709 (SE 1.4, D.11).

The file `books/noticed` goes when the household's history goes. It begins with the UTC from which the meters' logs are
this household's, as on the air; then come the newest events, newest first, eight octets each, big-endian: UTC (0 for
unknown), number, commodity, kind. The kind is 0 for a number that is not in the documents, else its place in `_KINDS`,
from 1 on.
"""

import struct

from micropython import const

from inkmeter import fields, parts, store, zcl
from inkmeter.log import log
from inkmeter.radio import EVENTS

_EACH = const(3600)
_CLOCK_RETRY = const(60)
_A_DAY = const(86400)

_GET_EVENT_LOG = const(0x00)
_PUBLISH_EVENT = const(0x00)
_PUBLISH_EVENT_LOG = const(0x01)
_ASKED = const(24)  # most of what a log holds is not for the household

_FILE = const("books/noticed")
_LAYOUT = const(">IHBB")
_HEAD = const(4)
_RECORD = const(8)
_KEPT = const(8)

# Event numbers by what they mean to a household, in the order of the words from EVENT_1 on: GBCS's alert codes, then
# those of the cluster's own document (SE 1.4, D.10.2.3, event configuration attributes).
_KINDS = const(
    (
        (0x8145, 0x0277, 0x0278, 0x027F),  # the clock was changed
        (0x8F0C, 0x81C6, 0x0279),  # it could not be
        (0x8F57, 0x8F58, 0x8F59, 0x8F5A, 0x027D),  # supply interrupted
        (0x8F35, 0x8F36, 0x8F37, 0x8F38, 0x8F39, 0x8F3A, 0x8F3B, 0x8F3C),  # and restored
        (0x8F73, 0x8F74, 0x8F76, 0x8F77, 0x0208, 0x0228, 0x0262),  # a cover removed
        (0x81A1, 0x81B9, 0x81C1, 0x0209, 0x0229, 0x0263),  # and closed
        (0x8F3F, 0x8F75, 0x8F78, 0x81C3, 0x0202, 0x020A, 0x0220, 0x0261, 0x027C, 0x0420, 0x0421),  # tamper
        (0x810D, 0x0400, 0x0405),  # low credit
        (0x8F0F, 0x0401, 0x0402),  # credit exhausted
        (0x8119, 0x0403),  # emergency credit available
        (0x81AB,),  # activated
        (0x81AA, 0x0404),  # exhausted
        (0x810E, 0x042B, 0x042C),  # credit added
        (0x8F33, 0x81BE, 0x81BF, 0x0206, 0x0293, 0x02E6, 0x02E7, 0x02E8, 0x02EA, 0x02EC),  # disabled: switch or valve
        (0x8F32, 0x8168, 0x02E5),  # armed
        (0x8F34, 0x02E4, 0x02E9, 0x02EB, 0x02ED),  # enabled
        (0x8F83, 0x042D),  # not disabled for now
        (0x8F43, 0x0274, 0x0801),  # another firmware
        (0x8F1F, 0x8F1D, 0x0201, 0x020C, 0x028B),  # battery
        (0x81A0, 0x81AC, 0x81AD, 0x81AE, 0x81AF, 0x81B0, 0x81B1, 0x81B2, 0x81B3, 0x81B4, 0x81B5, 0x81B6, 0x81BD, 0x81C0,
         0x0205, 0x020D, 0x020E, 0x020F, 0x0270, 0x0271, 0x0272, 0x0273),  # a fault of the meter's
    )
)  # fmt: skip
# What else GBCS's alert codes 0x81.. and 0x8F.. say is between meter, network and supplier.
_THEIRS_81 = b"\x54\x55\x61\x62\x83\x84\x9d\x9e\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xb7\xb8\xba\xbb\xbc\xc2\xc4\xc5"
_THEIRS_8F = (
    b"\x01\x0a\x12\x1b\x1c\x1e\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29\x2a\x2b\x2c\x2d\x30\x3d\x3e\x47\x48\x49\x4a\x4b"
    b"\x4c\x4d\x4e\x4f\x51\x52\x53\x5b\x60\x63\x64\x66\x67\x69\x70\x72\x82\x84\x89\x8a\x8b"
)
_STANDARD = const(0x0900)  # the documents' own numbers are below


def _kind(number):
    """What an event is to the household: 0 for a number that nobody knows, None for what is none of its business."""
    for i, numbers in enumerate(_KINDS):
        if number in numbers:
            return i + 1
    group = number >> 8
    if number < _STANDARD or group == 0x80:  # 0x80..: the quality of the supply
        return None
    if (group == 0x81 and number & 0xFF in _THEIRS_81) or (group == 0x8F and number & 0xFF in _THEIRS_8F):
        return None
    return 0


def _event(payload, at, control):
    """(number, UTC or 0 for unknown, where the next thing begins) of an event within a command that has `control`
    octets between its time and its data. Raises ZclError.
    """
    _, end = fields.string_at(payload, at + 7 + control)
    return payload[at + 1] | payload[at + 2] << 8, fields.number(payload, at + 3, 4) or 0, end


def _logged(payload):
    """[(number, UTC or 0)] of a Publish Event Log command. Raises ZclError."""
    if len(payload) < 5:
        raise zcl.ZclError("short event log")
    found = []
    at = 5
    for _ in range(payload[4] >> 4):
        number, when, at = _event(payload, at, 0)
        found.append((number, when))
    return found


def _held(rounds):
    # What the file holds; where there is none, its beginning.
    try:
        with open(_FILE, "rb") as file:
            held = file.read(_HEAD + _RECORD * _KEPT)
        if len(held) >= _HEAD:
            return held
    except OSError:
        pass
    # After a change of tenancy, what was logged before is another household's.
    known = store.load()
    others = [1 for commodity in range(2) if known.get("change%d" % commodity) is not None]
    return ((rounds.session.clock.now() or 0) if others else 0).to_bytes(_HEAD, "little")


def _file(rounds, commodity, found):
    held = _held(rounds)
    kept = [bytes(held[at : at + _RECORD]) for at in range(_HEAD, len(held) - _RECORD + 1, _RECORD)]
    for number, when in found:
        what = _kind(number)
        if what is not None:
            one = struct.pack(_LAYOUT, when, number, commodity, what)
            if one not in kept:
                kept.append(one)
    kept.sort(reverse=True)
    store.keep(_FILE, held[:_HEAD] + b"".join(kept[:_KEPT]))


async def run(rounds, commodity):
    utc = rounds.session.clock.now()
    if utc is None:
        return _CLOCK_RETRY
    head = _held(rounds)[:_HEAD]
    since = int.from_bytes(head, "little")
    # All logs, any event, so many, from the newest.
    payload = b"\0\0\0" + head + (utc + _A_DAY).to_bytes(4, "little") + bytes((_ASKED, 0, 0))
    found = []
    try:
        answers = await parts.parts(rounds, commodity, EVENTS, _GET_EVENT_LOG, _PUBLISH_EVENT_LOG, payload, 2)
        for one in answers:
            found += _logged(one)
    except zcl.ZclError:
        rounds.session.radio.discarded += 1
        raise
    _file(rounds, commodity, [one for one in found if one[1] >= since])
    return _EACH if answers else None


async def heard(rounds, commodity, number, payload):
    """One that came unasked. Says whether the command is known. Raises ZclError."""
    if number != _PUBLISH_EVENT:
        return number == _PUBLISH_EVENT_LOG
    what, when, _ = _event(payload, 0, 1)
    log("events", "0x%04x" % what)
    _file(rounds, commodity, [(what, when)])
    return True
