"""Reading meters, prices and the time: Metering 0x0702, Price 0x0700, Time 0x000A (SE 1.4, ZCL 8)."""

from struct import unpack_from

from micropython import const

from inkmeter import home, units, zcl
from inkmeter.log import uptime
from inkmeter.radio import HUB, METERING, PRICE, TIME

_CURRENT_SUMMATION_DELIVERED = const(0x0000)
_CURRENT_SUMMATION_RECEIVED = const(0x0001)
_READING_SNAP_SHOT_TIME = const(0x0007)
_INSTANTANEOUS_DEMAND = const(0x0400)

# By commodity: electricity, gas
_MOVING = const(
    (
        (_CURRENT_SUMMATION_DELIVERED, _CURRENT_SUMMATION_RECEIVED, _INSTANTANEOUS_DEMAND),
        (_CURRENT_SUMMATION_DELIVERED, _READING_SNAP_SHOT_TIME),
    )
)

_TIME = const(0x0000)
_TIME_STATUS = const(0x0001)
_MASTER = const(0x01)
_SYNCHRONIZED = const(0x02)

_GET_CURRENT_PRICE = const(0x00)
_PUBLISH_PRICE = const(0x00)
_RX_ON_WHEN_IDLE = const(0x01)
_PRICE_DIGITS = const(5)
_UNUSED_PRICE = const(0xFFFFFFFF)
_UNTIL_CHANGED = const(0xFFFF)


async def read_attributes(radio, server, cluster, identifiers, endpoint=None):
    """{identifier: value} of a server's attributes, None for those it does not have; one round trip.

    Raises NoReply, ZclError, NcpLost.
    """
    frame = zcl.read_attributes(radio.next_sequence(), identifiers)
    reply = await radio.request(server.node_id, server.endpoint if endpoint is None else endpoint, cluster, frame)
    header = zcl.Header(reply)
    if not header.is_general(zcl.READ_ATTRIBUTES_RESPONSE):
        raise zcl.ZclError("refused")
    found = zcl.parse_read_response(header.payload)
    return {identifier: found.get(identifier) for identifier in identifiers}


async def poll(radio, server, meter, clock):
    """Reads what moves, in one round trip, into the Meter."""
    found = await read_attributes(radio, server, METERING, _MOVING[meter.commodity])
    put(meter, found, uptime(), clock.now())


def put(meter, found, now, utc):
    """Files a poll's values: {attribute: value} read at `now` (uptime) and `utc`."""
    for identifier, value in found.items():
        if identifier == _READING_SNAP_SHOT_TIME:
            continue
        if identifier == _INSTANTANEOUS_DEMAND:
            meter.instantaneous_demand.put(value, now, utc)
            continue
        value = units.plain(value, meter.unit_of_measure)
        # A mirror says when its meter last spoke; 0 is a hub that has never heard it.
        held = found.get(_READING_SNAP_SHOT_TIME) if meter.commodity == home.GAS else utc
        if identifier == _CURRENT_SUMMATION_DELIVERED:
            meter.current_summation_delivered.put(value, now, held or None)
        else:
            meter.current_summation_received.put(value, now, utc)


async def set_clock(session):
    """Sets the session's clock by the hub's, if it has one that is right. Raises NoReply, ZclError."""
    if session.time_endpoint is None:
        return
    radio = session.radio
    frame = zcl.read_attributes(radio.next_sequence(), (_TIME, _TIME_STATUS))
    reply = await radio.request(HUB, session.time_endpoint, TIME, frame)
    found = zcl.parse_read_response(zcl.Header(reply).payload)
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
