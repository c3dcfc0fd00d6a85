"""What servers say unasked, or in the further parts of long answers: a message of the radio's bounded queue at a time.

The sender must be one of this home's servers; the radio has seen to the link key. Each message gets its Default
Response, as the ZCL wants it (section 2.4.12).
"""

from micropython import const

from inkmeter import fields, metering, zcl
from inkmeter.facts import CREDIT_REMAINING, LAST_TOP_UP, LAST_TOP_UP_AT, PRICE_DIGITS
from inkmeter.lazy import module
from inkmeter.log import log, uptime
from inkmeter.radio import CALENDAR, DEVICE_MANAGEMENT, EVENTS, HUB, MESSAGING, PREPAYMENT, PRICE, NoReply
from inkmeter.rounds import ACCOUNT, CALENDARS
from inkmeter.rounds import PREPAYMENT as BALANCE

_SUCCESS = const(0x00)
_MALFORMED_COMMAND = const(0x80)
_UNSUP_COMMAND = const(0x81)
_DISABLE_DEFAULT_RESPONSE = const(0x10)

_GB_DIGITS = const(5)
_CONSUMER_TOP_UP_RESPONSE = const(0x03)
_PUBLISH_TOP_UP_LOG = const(0x05)
_PUBLISH_DEBT_LOG = const(0x06)
_ACCEPTED = const(b"\x00\x10\x11\x12")  # Result Type
_LISTENERS = const("price messaging device_management events")


def whose(session, sender, endpoint, cluster):
    """The commodity that a message is about; None where it comes from none of this home's servers."""
    found = None
    for commodity, server in session.servers.items():
        if server.node_id != sender:
            continue
        if metering.endpoint(server, cluster) == endpoint or server.endpoint == endpoint:
            return commodity
        found = commodity if found is None else min(found, commodity)
    if found is None and sender == HUB:
        return 0  # the hub's own word, in a home whose meters are nodes of their own
    return found


async def run(rounds):
    """Deals with the oldest message."""
    session = rounds.session
    message = session.radio.published.pop(0)
    cluster, endpoint, sender, payload = message[2], message[3], message[8], message[11]
    commodity = whose(session, sender, endpoint, cluster)
    if commodity is None:
        session.radio.discarded += 1
        return
    header = zcl.Header(payload)
    status = _UNSUP_COMMAND
    try:
        if await _heard(rounds, commodity, cluster, header.command, header.payload):
            status = _SUCCESS
    except zcl.ZclError as error:
        session.radio.discarded += 1
        log("radio", "a message is not understood:", error)
        status = _MALFORMED_COMMAND
    if not header.control & _DISABLE_DEFAULT_RESPONSE:
        answer = bytes((_DISABLE_DEFAULT_RESPONSE, header.sequence, zcl.DEFAULT_RESPONSE, header.command, status))
        try:
            await session.radio.send(sender, endpoint, cluster, answer)
        except NoReply as error:
            log("radio", "no thanks for a message:", error)


async def _heard(rounds, commodity, cluster, number, payload):
    if cluster == PREPAYMENT:
        return _top_up(rounds, commodity, number, payload)
    if cluster == CALENDAR:
        rounds.hurry(CALENDARS, commodity, 2)
        return True
    heard = (PRICE, MESSAGING, DEVICE_MANAGEMENT, EVENTS)
    if cluster not in heard:
        return False
    with module(_LISTENERS.split(" ")[heard.index(cluster)]) as listener:
        return await listener.heard(rounds, commodity, number, payload)


def _top_up(rounds, commodity, number, payload):
    # Consumer Top Up Response: {result, value, source, credit}.
    if number != _CONSUMER_TOP_UP_RESPONSE:
        return number in (_PUBLISH_TOP_UP_LOG, _PUBLISH_DEBT_LOG)
    home = rounds.session.home
    side = commodity << 2
    value, credit = fields.number(payload, 1, 4), fields.number(payload, 6, 4)
    digits = home.fact(PRICE_DIGITS | side, uptime())
    if payload[0] in _ACCEPTED:
        for fact, amount in ((LAST_TOP_UP, value), (CREDIT_REMAINING, credit)):
            # What is left may be below nothing even then.
            home.put(fact | side, fields.rate(amount, _GB_DIGITS if digits is None else digits), uptime())
        home.put(LAST_TOP_UP_AT | side, rounds.session.clock.now(), uptime())
    rounds.hurry(BALANCE, commodity)
    rounds.hurry(ACCOUNT, commodity, 5)
    return True
