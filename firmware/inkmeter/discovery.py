"""The step that finds out who on the meter network serves what, and has the household say that it is theirs.

The hub's endpoints, and meters that are nodes of their own, come from ZDO; what they measure, from Metering.
"""

from micropython import const

from inkmeter import home, metering, store, zdo
from inkmeter.ezsp import EzspError
from inkmeter.log import log
from inkmeter.ncp import Refused
from inkmeter.radio import HUB, KEY_NOT_AUTHORIZED, METERING, PRICE, SMART_ENERGY, TIME, NoReply, NotTrusted
from inkmeter.session import LinkLost, Server
from inkmeter.zcl import UNSUPPORTED_ATTRIBUTE, ZclError

_ANSWERS_WAIT = const(3000)
_LINK_KEY_WAIT = const(7000)
_APP_LINK_KEY_ESTABLISHED = const(1)
_NODES = const(3)
_CANDIDATE = const(3)  # in the NCP's address table; a meter that is ours stands at its commodity's number

# Seconds
_RETRY_FIRST = const(20)
_TRIES_FIRST = const(4)
_RETRY = const(300)
_DEFAULT_POLL = const(10)
_ASK_AGAIN = const(600)
_SILENCES = const(3)

_UNIT_OF_MEASURE = const(0x300300)
_MULTIPLIER = const(0x220301)
_DIVISOR = const(0x220302)
_SUMMATION_FORMATTING = const(0x180303)
_METERING_DEVICE_TYPE = const(0x180306)
_METER_SERIAL_NUMBER = const(0x410308)
_DEFAULT_UPDATE_PERIOD = const(0x20000A)
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
_TROUBLE = (NoReply, ZclError, ValueError, Refused, EzspError)
_COMMODITIES = {0x00: home.ELECTRICITY, 0x7F: home.ELECTRICITY, 0x01: home.GAS, 0x80: home.GAS}


async def _endpoints(radio, node_id):
    # [(endpoint, server clusters)] of a node, Smart Energy ones alone.
    answer = await zdo.ask(radio, node_id, zdo.active_endpoints(node_id))
    _, endpoints = zdo.parse_endpoints(answer)
    found = []
    for endpoint in endpoints:
        try:
            answer = await zdo.ask(radio, node_id, zdo.simple_descriptor(node_id, endpoint))
            descriptor = zdo.parse_simple_descriptor(answer)
        except (NoReply, ValueError) as error:
            log("meters", "endpoint", endpoint, "does not say what it is:", error)
            continue
        if descriptor and descriptor[0] == SMART_ENERGY:
            found.append((endpoint, descriptor[2]))
    return found


def _metering_servers(node_id, eui64, endpoints):
    # Prices come from the metering endpoint itself where it has them, else from the node's first that has them alone:
    # those at another meter are another commodity's.
    elsewhere = None
    for endpoint, clusters in endpoints:
        if PRICE in clusters and METERING not in clusters and elsewhere is None:
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
    """Asks the trust centre for a link key with another node (EUI-64 in air order); True once it is there.

    Raises NotTrusted, Refused.
    """
    with ncp.expect("zigbeeKeyEstablishmentHandler") as events:
        try:
            await ncp.do("requestLinkKey", eui64)
        except Refused as refused:
            if refused.args[1] == KEY_NOT_AUTHORIZED:
                raise NotTrusted
            raise
        while True:
            event = await events.get(_LINK_KEY_WAIT)
            if event is None:
                return False
            partner, outcome = event[1]
            if partner == eui64:
                return outcome == _APP_LINK_KEY_ESTABLISHED


async def _node_servers(ncp, radio, node_id):
    answer = await zdo.ask(radio, node_id, zdo.ieee_address(node_id))
    eui64 = zdo.parse_ieee_address(answer)
    if not eui64:
        return []
    if not await partner_link_key(ncp, eui64):
        log("meters", "no link key for node %04x yet" % node_id)
        return []
    return _metering_servers(node_id, bytes(reversed(eui64)), await _endpoints(radio, node_id))


async def node_servers(ncp, radio, known):
    """The metering servers of all nodes other than the hub and those `known`, each with a link key agreed.

    Raises NoReply, NcpLost.
    """
    answers = await zdo.ask(radio, None, zdo.match_descriptor(0xFFFD, SMART_ENERGY, METERING), _ANSWERS_WAIT)
    servers = []
    for answer in answers[:_NODES]:
        try:
            node_id, endpoints = zdo.parse_endpoints(answer)
            if endpoints and node_id not in known:
                servers += await _node_servers(ncp, radio, node_id)
        except _TROUBLE as error:
            log("meters", "a node does not say what it is:", error)
    return servers


def settled(found, identifier, default):
    """An attribute's value, `default` where the server has none such. Raises ZclError where it cannot say now."""
    value = found.get(identifier)
    if value is not None:
        return value
    if (UNSUPPORTED_ATTRIBUTE << 16 | identifier & 0xFFFF) in found:
        return default
    raise ZclError("attribute %04x" % (identifier & 0xFFFF))


async def _serial(session, server, patient):
    # It may take 24 octets, too many for the same frame; GB meters often leave it empty.
    serial = b""
    try:
        found = await metering.read_attributes(
            session.radio, server.node_id, server.endpoint, METERING, (_METER_SERIAL_NUMBER,)
        )
        if _METER_SERIAL_NUMBER not in found:
            serial = settled(found, _METER_SERIAL_NUMBER, serial)
        else:
            serial = found[_METER_SERIAL_NUMBER] or serial
    except metering.Refusal:
        pass
    except ZclError:
        # One that has a serial and cannot say it now would pass for another meter.
        if patient:
            raise
    return bytes([c for c in serial if 32 < c < 127]).decode()


async def identify(session, server, patient=True):
    """Reads what a metering server measures, once; it is the session's from then on if it is the first for
    its commodity, or the doubtful one's successor. A serial number that cannot be told now is waited for if `patient`;
    else there is none. Raises NoReply, ZclError, Refused.
    """
    await session.ncp.set_address(_CANDIDATE, server)
    fixed = await metering.read_attributes(session.radio, server.node_id, server.endpoint, METERING, _FIXED)
    commodity = _COMMODITIES.get(settled(fixed, _METERING_DEVICE_TYPE, -1))
    if commodity is None or (commodity in session.servers and commodity != session.doubtful):
        return
    unit_of_measure = settled(fixed, _UNIT_OF_MEASURE, None)
    multiplier = settled(fixed, _MULTIPLIER, 1)
    divisor = settled(fixed, _DIVISOR, 1)
    formatting = settled(fixed, _SUMMATION_FORMATTING, None)
    serial = await _serial(session, server, patient)
    meter = session.home.meter(commodity)
    if meter.serial and meter.serial != serial and session.ledger:
        session.ledger.exchanged(commodity)
    meter.serial = serial
    meter.unit_of_measure = unit_of_measure
    meter.multiplier = multiplier or 1
    meter.divisor = divisor or 1
    meter.summation_formatting = formatting
    server.period = fixed.get(_DEFAULT_UPDATE_PERIOD) or _DEFAULT_POLL
    meter.keeps_for(2 * server.period + _DEFAULT_POLL)
    await session.ncp.set_address(commodity, server)
    session.servers[commodity] = server
    log("meters", "commodity", commodity, "at node %04x" % server.node_id)


async def look(session, patient=True):
    """One round of finding: the hub's clock and meters, then everybody else's meters. Whether the hub answered.
    `patient` as in identify().
    """
    servers = []
    heard = False
    known = [HUB]
    for commodity, server in session.servers.items():
        if commodity != session.doubtful:
            known.append(server.node_id)
    try:
        session.time_endpoint, servers = await hub_servers(session.radio)
        heard = True
        await metering.set_clock(session)
    except _TROUBLE as error:
        log("meters", "cannot tell what the hub has:", error)
    try:
        servers += await node_servers(session.ncp, session.radio, known)
    except _TROUBLE as error:
        log("meters", "cannot tell who else is there:", error)
    for server in servers:
        try:
            await identify(session, server, patient)
        except _TROUBLE as error:
            log("meters", "cannot tell what is measured at endpoint", server.endpoint, error)
    return heard


async def run(session):
    """Until there is an electricity meter and the household has said that it is theirs. Raises LinkLost."""
    tries = silences = 0
    if session.doubtful is not None:
        await look(session)
        session.doubtful = None
    while home.ELECTRICITY not in session.servers:
        session.home.set_stage(home.FINDING_METERS, "P08" if tries >= _TRIES_FIRST else None)
        silences = 0 if await look(session, tries < _TRIES_FIRST - 1) else silences + 1
        if silences >= _SILENCES:
            raise LinkLost
        tries += 1
        if home.ELECTRICITY not in session.servers:
            # A meter may be slow to be told of a new display.
            await session.wait(_RETRY_FIRST if tries < _TRIES_FIRST else _RETRY)
    await _confirm(session)


async def _confirm(session):
    # By the serial; a meter that gives none, by the EUI-64 on its label, or by the hub's if the hub speaks for it.
    serial = session.home.meter(home.ELECTRICITY).serial
    if not serial:
        serial = "".join(["%02X" % b for b in session.servers[home.ELECTRICITY].eui64])
        serial = serial or store.load().get("key_with", "").upper()
    before = store.load().get("meter")
    if before == serial:
        return
    session.home.set_stage(home.CONFIRMING, "P11", serial)
    while not await session.wait(_ASK_AGAIN):
        pass
    store.put("meter", serial)
    if before and session.ledger:
        session.ledger.exchanged(home.ELECTRICITY)
