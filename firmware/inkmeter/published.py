"""What servers say unasked, or in the further parts of long answers: a message of the radio's bounded queue at a time.

The sender must be one of this home's servers; the radio has seen to the link key. Each message gets its Default
Response, as the ZCL wants it (section 2.4.12).
"""

from micropython import const

from inkmeter import asking, zcl
from inkmeter.lazy import module
from inkmeter.log import log
from inkmeter.radio import CALENDAR, DEVICE_MANAGEMENT, EVENTS, HUB, MESSAGING, PREPAYMENT, PRICE, NoReply
from inkmeter.rounds import CALENDARS

_SUCCESS = const(0x00)
_MALFORMED_COMMAND = const(0x80)
_UNSUP_COMMAND = const(0x81)
_DISABLE_DEFAULT_RESPONSE = const(0x10)


def whose(session, sender, endpoint, cluster):
    """The commodity that a message is about; None where it comes from none of this home's servers."""
    found = None
    for commodity, server in session.servers.items():
        if server.node_id != sender:
            continue
        if asking.endpoint(server, cluster) == endpoint or server.endpoint == endpoint:
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
    name = None
    if cluster == PRICE:
        name = "price"
    elif cluster == MESSAGING:
        name = "messaging"
    elif cluster == DEVICE_MANAGEMENT:
        name = "device_management"
    elif cluster == EVENTS:
        name = "events"
    elif cluster == PREPAYMENT:
        name = "prepayment"
    elif cluster == CALENDAR:
        rounds.hurry(CALENDARS, commodity, 2)
        return True
    if name is None:
        return False
    with module(name) as listener:
        return await listener.heard(rounds, commodity, number, payload)
