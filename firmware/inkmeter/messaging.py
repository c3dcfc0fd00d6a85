"""A job: what the supplier writes to the household, until it is over or cancelled; and the household's OK to it.

Messaging 0x0703 (SE 1.4, D.5). One message a server: a new one takes the place of the old.
"""

from micropython import const

from inkmeter import commands, fields, zcl
from inkmeter.facts import MESSAGE, MESSAGE_FLAGS, MESSAGE_ID, MESSAGE_PRESSED, MESSAGE_UNTIL
from inkmeter.log import log, uptime
from inkmeter.radio import MESSAGING
from inkmeter.rounds import MESSAGING as JOB

_EACH = const(1800)
_SOON = const(60)

_DISPLAY_MESSAGE = const(0x00)
_CANCEL_MESSAGE = const(0x01)
_DISPLAY_PROTECTED_MESSAGE = const(0x02)
_CANCEL_ALL_MESSAGES = const(0x03)
_GET_LAST_MESSAGE = const(0x00)
_MESSAGE_CONFIRMATION = const(0x01)

ENHANCED = const(0x20)  # of MessageControl: a yes is asked for
TO_CONFIRM = const(0x80)
PROTECTED = const(0x100)
CONFIRMED = const(0x200)
_YES = b"\x02\x00"
_UNTIL_CHANGED = const(0xFFFF)


class Message:
    """A Display (Protected) Message command: `number`, `flags` as facts.MESSAGE_FLAGS has them, `start` in UTC or 0 for
    now, `minutes` or None for until changed, `text`. Raises ZclError.
    """

    def __init__(self, payload, protected=False):
        if len(payload) < 12:
            raise zcl.ZclError("short message")
        self.number = int.from_bytes(payload[:4], "little")
        self.start = int.from_bytes(payload[5:9], "little")
        self.minutes = fields.number(payload, 9, 2)
        self.text, at = fields.string_at(payload, 11)
        self.flags = payload[4] | (PROTECTED if protected else 0)
        if at < len(payload) and payload[at] & 1:
            self.flags |= CONFIRMED


async def run(rounds, commodity):
    home = rounds.session.home
    side = commodity << 2
    pressed = home.fact(MESSAGE_PRESSED | side, uptime())
    if pressed is not None:
        await _confirm(rounds, commodity, pressed)
    payload = None
    protected = False
    try:
        payload = await commands.command(rounds, commodity, MESSAGING, _GET_LAST_MESSAGE, _DISPLAY_MESSAGE)
    except commands.Another as another:
        if another.args[0] != _DISPLAY_PROTECTED_MESSAGE:
            raise
        payload, protected = another.args[1], True
    if payload is None:
        over(rounds, commodity)
        return _EACH if home.heard_at(MESSAGE | side) is not None else None
    return show(rounds, commodity, Message(payload, protected))


def show(rounds, commodity, message):
    """Files a message that is in force; answers in how many seconds its state is to be looked at again."""
    home = rounds.session.home
    utc = rounds.session.clock.now()
    side = commodity << 2
    if utc is None and message.start:
        return _SOON
    if message.start and message.start > utc:
        return min(message.start - utc, _EACH)
    same = home.fact(MESSAGE_ID | side, uptime()) == message.number
    until = None
    if message.minutes is not None and utc is not None:
        began = message.start
        if not began:
            # "Now" is when it was first heard, not each time that it is asked for.
            before = home.fact(MESSAGE_UNTIL | side, uptime()) if same else None
            began = utc if before is None else before - 60 * message.minutes
        until = began + 60 * message.minutes
        if until <= utc:
            over(rounds, commodity)
            return _EACH
    flags = message.flags
    if same:
        flags |= (home.fact(MESSAGE_FLAGS | side, uptime()) or 0) & CONFIRMED
    now = uptime()
    for fact, value in (
        (MESSAGE_ID, message.number),
        (MESSAGE_FLAGS, flags),
        (MESSAGE_UNTIL, until),
        (MESSAGE, message.text),
    ):
        home.put(fact | side, value, now)
    return _EACH if until is None else min(until - utc, _EACH)


def over(rounds, commodity):
    """There is no message (any more)."""
    home = rounds.session.home
    side = commodity << 2
    if home.heard_at(MESSAGE | side) is not None:
        for fact in (MESSAGE, MESSAGE_FLAGS, MESSAGE_UNTIL, MESSAGE_ID):
            home.put(fact | side, None, uptime())


async def _confirm(rounds, commodity, pressed):
    # The one thing that a display ever says: that its household has read a message that asks for it.
    home = rounds.session.home
    side = commodity << 2
    flags = home.fact(MESSAGE_FLAGS | side, uptime()) or 0
    utc = rounds.session.clock.now()
    if (
        pressed == home.fact(MESSAGE_ID | side, uptime())
        and flags & (TO_CONFIRM | ENHANCED)
        and not flags & CONFIRMED
        and utc is not None
    ):
        radio = rounds.session.radio
        confirmation = pressed.to_bytes(4, "little") + utc.to_bytes(4, "little")
        radio.may_confirm = confirmation
        try:
            await commands.command(
                rounds,
                commodity,
                MESSAGING,
                _MESSAGE_CONFIRMATION,
                _CANCEL_MESSAGE,
                confirmation + (_YES if flags & ENHANCED else b""),
            )
        finally:
            radio.may_confirm = None
        log("messages", "confirmed")
        home.put(MESSAGE_FLAGS | side, flags | CONFIRMED, uptime())
    home.put(MESSAGE_PRESSED | side, None, uptime())


async def heard(rounds, commodity, number, payload):
    """One that came unasked. Says whether the command is known. Raises ZclError."""
    if number in (_DISPLAY_MESSAGE, _DISPLAY_PROTECTED_MESSAGE):
        message = Message(payload, number == _DISPLAY_PROTECTED_MESSAGE)
        rounds.hurry(JOB, commodity, show(rounds, commodity, message))
    elif number == _CANCEL_MESSAGE:
        if fields.number(payload, 0, 4) == rounds.session.home.fact(MESSAGE_ID | commodity << 2, uptime()):
            over(rounds, commodity)
    elif number == _CANCEL_ALL_MESSAGES:
        utc = rounds.session.clock.now()
        when = fields.number(payload, 0, 4)
        if not when or utc is not None and when <= utc:
            over(rounds, commodity)
        elif utc is not None:
            rounds.hurry(JOB, commodity, when - utc)
    else:
        return False
    return True
