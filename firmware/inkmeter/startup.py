"""The first step: what the NCP must be told after each restart, before it may be on a network (UG100, 3)."""

from micropython import const

from inkmeter import radio
from inkmeter.ezsp import EzspError
from inkmeter.log import log
from inkmeter.ncp import Refused

_ENDPOINT = const(1)
_DEVICE_IHD = const(0x0502)
_PARENT_FROM_TOKEN = const(0x0001)
_REJOIN_ON_REBOOT = const(0x0002)
_NETWORK_WAIT = const(15000)  # ms
_NOT_JOINED = const(0x0017)

# setConfigurationValue: identifier, value
_CONFIGURATION = const(
    (
        (0x0C, 2),  # STACK_PROFILE: Zigbee PRO
        (0x0D, 5),  # SECURITY_LEVEL: AES-128 with a 32-bit MIC
        (0x05, 4),  # ADDRESS_TABLE_SIZE: a meter that is a node of its own
        (0x11, 0),  # MAX_END_DEVICE_CHILDREN
        (0x1C, 1),  # FRAGMENT_WINDOW_SIZE: each block of a long message is acknowledged
        (0x1E, 4),  # KEY_TABLE_SIZE: partner link keys
        (0x2A, 0),  # APPLICATION_ZDO_FLAGS: the NCP answers ZDO requests itself
    )
)
# setPolicy: identifier, decision
_POLICIES = const(
    (
        (0x01, 0x12),  # BINDING_MODIFICATION: as our endpoint's clusters allow
        (0x04, 0x40),  # MESSAGE_CONTENTS_IN_CALLBACK: the tag is enough
    )
)
# setValue: identifier, value
_VALUES = const(
    (
        (0x05, b"\x90\x01"),  # MAX_INCOMING_TRANSFER_SIZE: what Radio puts together
        (0x3F, b"\x03"),  # END_DEVICE_KEEP_ALIVE_SUPPORT_MODE: both ways
    )
)


async def configure(ncp):
    """Sets sizes, policies and the endpoint. What an NCP refuses keeps its default, and is logged."""
    for command, settings in (
        ("setConfigurationValue", _CONFIGURATION),
        ("setPolicy", _POLICIES),
        ("setValue", _VALUES),
    ):
        for identifier, value in settings:
            try:
                await ncp.do(command, identifier, value)
            except (Refused, EzspError) as refused:
                log("ncp", command, "0x%02x is refused:" % identifier, refused.args[1])
    servers = (radio.BASIC, radio.KEY_ESTABLISHMENT)
    clients = (
        radio.KEY_ESTABLISHMENT,
        radio.TIME,
        radio.PRICE,
        radio.METERING,
        radio.MESSAGING,
        radio.PREPAYMENT,
        radio.CALENDAR,
        radio.DEVICE_MANAGEMENT,
        radio.EVENTS,
    )
    clusters = b""
    for cluster in servers + clients:
        clusters += bytes((cluster & 0xFF, cluster >> 8))
    await ncp.do("addEndpoint", _ENDPOINT, radio.SMART_ENERGY, _DEVICE_IHD, 0, len(servers), len(clients), clusters)


async def run(session):
    """Restarts the NCP, sets it up and lets it back onto its network, if it has one.

    Raises NcpLost, UnsupportedNcp, Refused, EzspError.
    """
    ncp = session.ncp
    session.network_up = False
    await ncp.start()
    await configure(ncp)
    for commodity, server in session.servers.items():
        await ncp.set_address(commodity, server)
    (eui64,) = await ncp.command("getEui64")
    session.home.eui64 = bytes(reversed(eui64))
    session.joined = True
    try:
        with ncp.expect("stackStatusHandler") as events:
            await ncp.do("networkInit", _PARENT_FROM_TOKEN | _REJOIN_ON_REBOOT)
            await events.get(_NETWORK_WAIT)
    except Refused as refused:
        if refused.args[1] != _NOT_JOINED:
            raise
        session.joined = False
    if session.joined:
        log("ncp", "on the network" if session.network_up else "not back on the network by itself")
