"""Reading what moves, and the time: Metering 0x0702, Time 0x000A (SE 1.4, ZCL 8). What is read more seldom has modules
of its own.
"""

from micropython import const

from inkmeter import units, zcl
from inkmeter.facts import AMBIENT
from inkmeter.log import log, uptime
from inkmeter.radio import HUB, METERING, TIME

_CURRENT_SUMMATION_DELIVERED = const(0x250000)
_CURRENT_SUMMATION_RECEIVED = const(0x250001)
_READING_SNAP_SHOT_TIME = const(0xE20007)
_INSTANTANEOUS_DEMAND = const(0x2A0400)
_AMBIENT_CONSUMPTION_INDICATOR = const(0x300207)

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
_JUMP = const(60)

_KWH_OR_M3 = const(0x7F)  # UnitofMeasure without the BCD bit is the commodity's number: 0 kWh, 1 m3


class Refusal(zcl.ZclError):
    """A server that does not know the cluster, or does not want to be asked."""


def endpoint(server, cluster):
    """Where a server has a cluster: Metering at its own endpoint, all else where its prices are."""
    if cluster == METERING or server.price_endpoint is None:
        return server.endpoint
    return server.price_endpoint


async def read_attributes(radio, node_id, endpoint, cluster, identifiers, turn=None):
    """What zcl.parse_read_response() says of these attributes; one round trip where the server has them all in one
    frame. `turn` is awaited before each. Raises NoReply, ZclError, NcpLost.
    """
    found = {}
    while True:
        if turn:
            await turn()
        frame = zcl.read_attributes(radio.next_sequence(), identifiers)
        header = zcl.Header(await radio.request(node_id, endpoint, cluster, frame))
        if not header.is_general(zcl.READ_ATTRIBUTES_RESPONSE):
            raise Refusal("refused")
        found.update(zcl.parse_read_response(header.payload))
        answered = [key & 0xFFFF for key in found]
        missing = [identifier for identifier in identifiers if identifier & 0xFFFF not in answered]
        if not missing:
            return found
        if len(missing) == len(identifiers):
            raise zcl.ZclError("not answered")
        identifiers = missing


async def poll(session, commodity):
    """Reads what moves, in one round trip, into the Meter, and enters it in the ledger. Raises NoReply, ZclError."""
    server = session.servers[commodity]
    meter = session.home.meter(commodity)
    wanted = _MOVING[commodity]
    if not commodity and session.home.heard_at(AMBIENT) is not None:
        wanted += (_AMBIENT_CONSUMPTION_INDICATOR,)
    found = await read_attributes(session.radio, server.node_id, server.endpoint, METERING, wanted)
    now, utc = uptime(), session.clock.now()
    put(meter, found, now, utc)
    if _AMBIENT_CONSUMPTION_INDICATOR in found:
        session.home.put(AMBIENT, found[_AMBIENT_CONSUMPTION_INDICATOR], now)
    if session.ledger and meter.instantaneous_demand.value is not None and meter.watts(now) is None:
        session.ledger.held_back += 1
    enter(session.ledger, meter, utc)


def enter(ledger, meter, utc):
    """Tells the ledger of a good poll: Wh, or litres at the time of the gas meter's report. What is not known, or is
    counted in neither kWh nor m3, is not entered.
    """
    delivered, received = meter.current_summation_delivered, meter.current_summation_received.value
    if meter.commodity:
        utc = delivered.utc
    unit = meter.unit_of_measure
    if not ledger or not utc or delivered.value is None or unit is None or unit & _KWH_OR_M3 != meter.commodity:
        return
    scale = meter.multiplier, meter.divisor, 3
    ledger.register(
        meter.commodity,
        utc,
        units.scale(delivered.value, *scale),
        None if received is None else units.scale(received, *scale),
    )


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
        before = session.clock.now()
        if before is not None and abs(utc - before) > _JUMP:
            log("time", "the hub's clock moved by", utc - before, "s")
        session.clock.set(utc)
