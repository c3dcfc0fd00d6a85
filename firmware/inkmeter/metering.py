"""Reading meters, prices and the time: Metering 0x0702, Price 0x0700, Time 0x000A (SE 1.4, ZCL 8)."""

from struct import unpack_from

from micropython import const

from inkmeter import units, zcl
from inkmeter.log import uptime
from inkmeter.radio import HUB, METERING, PRICE, TIME

_CURRENT_SUMMATION_DELIVERED = const(0x250000)
_CURRENT_SUMMATION_RECEIVED = const(0x250001)
_READING_SNAP_SHOT_TIME = const(0xE20007)
_INSTANTANEOUS_DEMAND = const(0x2A0400)

# By commodity: electricity, gas
_MOVING = const(
    (
        (_CURRENT_SUMMATION_DELIVERED, _CURRENT_SUMMATION_RECEIVED, _INSTANTANEOUS_DEMAND),
        (_CURRENT_SUMMATION_DELIVERED, _READING_SNAP_SHOT_TIME),
    )
)

_TIME = const(0xE20000)
_TIME_STATUS = const(0x180001)
_MASTER = const(0x01)
_SYNCHRONIZED = const(0x02)

_GET_CURRENT_PRICE = const(0x00)
_PUBLISH_PRICE = const(0x00)
_RX_ON_WHEN_IDLE = const(0x01)
_PRICE_DIGITS = const(5)
_UNUSED_PRICE = const(0xFFFFFFFF)
_UNTIL_CHANGED = const(0xFFFF)


async def read_attributes(radio, node_id, endpoint, cluster, identifiers):
    """What zcl.parse_read_response() says of these attributes; one round trip where the server has them all in one
    frame. Raises NoReply, ZclError, NcpLost.
    """
    found = {}
    while True:
        frame = zcl.read_attributes(radio.next_sequence(), identifiers)
        header = zcl.Header(await radio.request(node_id, endpoint, cluster, frame))
        if not header.is_general(zcl.READ_ATTRIBUTES_RESPONSE):
            raise zcl.ZclError("refused")
        found.update(zcl.parse_read_response(header.payload))
        answered = [key & 0xFFFF for key in found]
        missing = [identifier for identifier in identifiers if identifier & 0xFFFF not in answered]
        if not missing:
            return found
        if len(missing) == len(identifiers):
            raise zcl.ZclError("not answered")
        identifiers = missing


async def poll(radio, server, meter, clock):
    """Reads what moves, in one round trip, into the Meter."""
    found = await read_attributes(radio, server.node_id, server.endpoint, METERING, _MOVING[meter.commodity])
    put(meter, found, uptime(), clock.now())


def put(meter, found, now, utc):
    """Files a poll's values, read at `now` (uptime) and `utc`; what was not to be had becomes unknown."""
    for identifier in _MOVING[meter.commodity]:
        value = units.plain(found.get(identifier), meter.unit_of_measure)
        if identifier == _INSTANTANEOUS_DEMAND:
            meter.instantaneous_demand.put(value, now, utc)
        elif identifier == _CURRENT_SUMMATION_RECEIVED:
            meter.current_summation_received.put(value, now, utc)
        elif identifier == _READING_SNAP_SHOT_TIME:
            _put_mirrored(meter.current_summation_delivered, now, utc, found.get(identifier))
        else:
            meter.current_summation_delivered.put(value, now, utc)


def _put_mirrored(register, now, utc, held):
    # A mirror says when its meter last spoke, and its value is as old as that; 0 is a hub that never heard it.
    age = max(utc - held, 0) if utc and held else 0
    register.put(None if held == 0 else register.value, now - age, held or None)


async def set_clock(session):
    """Sets the session's clock by the hub's, if it has one that is right. Raises NoReply, ZclError."""
    if session.time_endpoint is None:
        return
    found = await read_attributes(session.radio, HUB, session.time_endpoint, TIME, (_TIME, _TIME_STATUS))
    utc = found.get(_TIME)
    if utc is not None and (found.get(_TIME_STATUS) or 0) & (_MASTER | _SYNCHRONIZED):
        session.clock.set(utc)


class PublishedPrice:
    """A PublishPrice command: `rate` in 10**-5 of the currency unit, None where it is not known, `end` in UTC or
    None for until changed.
    """

    def __init__(self, payload):
        at = 5 + (payload[4] if len(payload) > 4 and payload[4] != 0xFF else 0)
        if len(payload) < at + 23:
            raise zcl.ZclError("short price")
        self.label = bytes([c for c in payload[5:at] if 31 < c < 127]).decode()
        _, now, _, self.currency, digits, _, start, minutes, price = unpack_from("<IIBHBBIHI", payload, at)
        self.tier = digits & 15
        # A start of 0 is "now": the time that the message gives as its own.
        self.end = None if minutes == _UNTIL_CHANGED else (start or now) + minutes * 60
        self.rate = None if price == _UNUSED_PRICE else units.scale(price, 1, 10 ** (digits >> 4), _PRICE_DIGITS)


async def read_price(radio, server):
    """The PublishedPrice in force, or None where the server has none. Raises NoReply, ZclError."""
    frame = bytes((zcl.CLUSTER_SPECIFIC, radio.next_sequence(), _GET_CURRENT_PRICE, _RX_ON_WHEN_IDLE))
    reply = await radio.request(server.node_id, server.price_endpoint, PRICE, frame)
    header = zcl.Header(reply)
    if header.is_general(zcl.DEFAULT_RESPONSE):
        return None
    if header.command != _PUBLISH_PRICE:
        raise zcl.ZclError("not a price")
    return PublishedPrice(header.payload)
