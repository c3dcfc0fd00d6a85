"""What a meter's or hub's event log says unasked: Events 0x0709 (SE 1.4, D.11). The log itself is not asked for."""

from inkmeter import asking, zcl
from inkmeter.facts import EVENT, EVENT_AT
from inkmeter.log import log, uptime

_PUBLISH_EVENT = 0x00


def event(payload):
    """(log, number, UTC or None) of a Publish Event command. Raises ZclError."""
    if len(payload) < 9:
        raise zcl.ZclError("short event")
    asking.string_at(payload, 8)
    return payload[0], payload[1] | payload[2] << 8, asking.number(payload, 3, 4)


async def heard(rounds, commodity, number, payload):
    if number != _PUBLISH_EVENT:
        return False
    _, what, when = event(payload)
    log("events", "0x%04x" % what)
    rounds.session.home.put(EVENT | commodity << 2, what, uptime())
    rounds.session.home.put(EVENT_AT | commodity << 2, when, uptime())
    return True
