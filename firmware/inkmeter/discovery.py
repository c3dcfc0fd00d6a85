"""The step that finds out who on the meter network serves what, and has the household say that it is theirs.

The hub's endpoints, and meters that are nodes of their own, come from ZDO; what they measure, from Metering.
"""

from micropython import const

from inkmeter import home, metering, store, zdo
from inkmeter.log import log
from inkmeter.ncp import Refused
from inkmeter.radio import HUB, METERING, PRICE, SMART_ENERGY, TIME, NoReply
from inkmeter.session import Server
from inkmeter.zcl import ZclError

_ANSWERS_WAIT = const(3000)
_LINK_KEY_WAIT = const(7000)
_APP_LINK_KEY_ESTABLISHED = const(1)
_NODES = const(3)

# Seconds
_RETRY_FIRST = const(20)
_TRIES_FIRST = const(4)
_RETRY = const(300)
_DEFAULT_POLL = const(10)
_ASK_AGAIN = const(600)

_UNIT_OF_MEASURE = const(0x0300)
_MULTIPLIER = const(0x0301)
_DIVISOR = const(0x0302)
_SUMMATION_FORMATTING = const(0x0303)
_METERING_DEVICE_TYPE = const(0x0306)
_METER_SERIAL_NUMBER = const(0x0308)
_DEFAULT_UPDATE_PERIOD = const(0x000A)
_FIXED = const(
    (
        _UNIT_OF_MEASURE,
        _MULTIPLIER,
        _DIVISOR,
        _SUMMATION_FORMATTING,
        _METERING_DEVICE_TYPE,
        _DEFAULT_UPDATE_PERIOD,
    )
)
# MeteringDeviceType: the meters themselves and their mirrors
_COMMODITIES = {0x00: home.ELECTRICITY, 0x7F: home.ELECTRICITY, 0x01: home.GAS, 0x80: home.GAS}


async def _endpoints(radio, node_id):
    # [(endpoint, server clusters)] of a node, Smart Energy ones alone.
    answer = await zdo.ask(radio, node_id, zdo.active_endpoints(node_id))
    _, endpoints = zdo.parse_endpoints(answer)
    found = []
    for endpoint in endpoints:
        answer = await zdo.ask(radio, node_id, zdo.simple_descriptor(node_id, endpoint))
        descriptor = zdo.parse_simple_descriptor(answer)
        if descriptor and descriptor[0] == SMART_ENERGY:
            found.append((endpoint, descriptor[2]))
    return found


def _metering_servers(node_id, eui64, endpoints):
    # Prices come from the metering endpoint itself where it has them, else from the node's first that does.
    elsewhere = None
    for endpoint, clusters in endpoints:
        if PRICE in clusters and elsewhere is None:
            elsewhere = endpoint
    return [
        Server(node_id, eui64, endpoint, endpoint if PRICE in clusters else elsewhere)
        for endpoint, clusters in endpoints
        if METERING in clusters
    ]


async def hub_servers(radio):
    """(endpoint of the hub's Time server or None, its metering servers). Raises NoReply, ValueError."""
    endpoints = await _endpoints(radio, HUB)
    time_endpoint = None
    for endpoint, clusters in endpoints:
        if TIME in clusters and time_endpoint is None:
            time_endpoint = endpoint
    return time_endpoint, _metering_servers(HUB, b"", endpoints)


async def partner_link_key(ncp, eui64):
    """Asks the trust centre for a link key with another node (EUI-64 in air order); True once it is there."""
    with ncp.expect("zigbeeKeyEstablishmentHandler") as events:
        await ncp.do("requestLinkKey", eui64)
        while True:
            event = await events.get(_LINK_KEY_WAIT)
            if event is None:
                return False
            partner, outcome = event[1]
            if partner == eui64:
                return outcome == _APP_LINK_KEY_ESTABLISHED


async def _set_address(ncp, index, eui64, node_id):
    # Tells the NCP which EUI-64 a node id belongs to, so that it finds the link key for it.
    if ncp.ezsp.has("setAddressTableInfo"):
        await ncp.do("setAddressTableInfo", index, eui64, node_id)
    else:
        await ncp.do("setAddressTableRemoteEui64", index, eui64)
        await ncp.command("setAddressTableRemoteNodeId", index, node_id)


async def _node_servers(ncp, radio, index, node_id):
    answer = await zdo.ask(radio, node_id, zdo.ieee_address(node_id))
    eui64 = zdo.parse_ieee_address(answer)
    if not eui64:
        return []
    await _set_address(ncp, index, eui64, node_id)
    if not await partner_link_key(ncp, eui64):
        log("meters", "no link key for node %04x yet" % node_id)
        return []
    return _metering_servers(node_id, bytes(reversed(eui64)), await _endpoints(radio, node_id))


async def node_servers(ncp, radio):
    """The metering servers of all nodes other than the hub, each with a link key agreed. Raises NcpLost."""
    answers = await zdo.ask(radio, None, zdo.match_descriptor(0xFFFD, SMART_ENERGY, METERING), _ANSWERS_WAIT)
    servers = []
    index = 0
    for answer in answers:
        try:
            node_id, endpoints = zdo.parse_endpoints(answer)
            if node_id and endpoints and index < _NODES:
                servers += await _node_servers(ncp, radio, index, node_id)
                index += 1
        except (NoReply, Refused, ValueError) as error:
            log("meters", "a node does not say what it is:", error)
    return servers


async def identify(session, server):
    """Reads what a metering server measures, once; it is the session's from then on if it is the first for
    its commodity. Raises NoReply, ZclError.
    """
    fixed = await metering.read_attributes(session.radio, server, METERING, _FIXED)
    kind = fixed[_METERING_DEVICE_TYPE]
    commodity = None if kind is None else _COMMODITIES.get(kind)
    if commodity is None or commodity in session.servers:
        return
    # The serial may take 24 octets, too many for the same frame; GB meters often leave it empty.
    serial = await metering.read_attributes(session.radio, server, METERING, (_METER_SERIAL_NUMBER,))
    meter = session.home.meter(commodity)
    meter.serial = bytes([c for c in serial[_METER_SERIAL_NUMBER] or b"" if 32 < c < 127]).decode()
    meter.unit_of_measure = fixed[_UNIT_OF_MEASURE]
    meter.multiplier = fixed[_MULTIPLIER] or 1
    meter.divisor = fixed[_DIVISOR] or 1
    meter.summation_formatting = fixed[_SUMMATION_FORMATTING]
    server.period = fixed[_DEFAULT_UPDATE_PERIOD] or _DEFAULT_POLL
    session.servers[commodity] = server
    log("meters", "commodity", commodity, "at node %04x" % server.node_id)


async def look(session):
    """One round of finding: the hub's clock and meters, then everybody else's meters."""
    try:
        session.time_endpoint, servers = await hub_servers(session.radio)
        await metering.set_clock(session)
        servers += await node_servers(session.ncp, session.radio)
        for server in servers:
            await identify(session, server)
    except (NoReply, ZclError, ValueError, Refused) as error:
        log("meters", "cannot tell what there is:", error)


async def run(session):
    """Until there is an electricity meter and the household has said that it is theirs."""
    tries = 0
    while home.ELECTRICITY not in session.servers:
        session.home.set_stage(home.FINDING_METERS, "P08" if tries >= _TRIES_FIRST else None)
        await look(session)
        tries += 1
        if home.ELECTRICITY not in session.servers:
            # A meter may be slow to be told of a new display.
            await session.wait(_RETRY_FIRST if tries < _TRIES_FIRST else _RETRY)
    await _confirm(session)


async def _confirm(session):
    # By the serial; a meter that gives none, by the EUI-64 on its label.
    serial = session.home.meter(home.ELECTRICITY).serial
    if not serial:
        serial = "".join(["%02X" % b for b in session.servers[home.ELECTRICITY].eui64])
    if store.load().get("meter") == serial:
        return
    session.home.set_stage(home.CONFIRMING, "P11", serial)
    while not await session.wait(_ASK_AGAIN):
        pass
    store.put("meter", serial)
